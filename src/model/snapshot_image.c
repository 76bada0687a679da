/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/snapshot_image.h"

#include "model/snapshot.h"

#include <errno.h>
#include <string.h>

enum { IMAGE_ALIGNMENT = 16 };

void snapshot_image_init(struct snapshot_image *image, void *memory, size_t capacity,
			 uint64_t address)
{
	*image = (struct snapshot_image){ memory, capacity, address, 0 };
}

/* Where `size` bytes go; NULL where they do not fit, and then only the size is counted. */
static void *image_room(struct snapshot_image *image, size_t alignment, size_t size)
{
	size_t at = (image->size + alignment - 1) & ~(alignment - 1);

	image->size = at + size;
	return image->size <= image->capacity ? image->memory + at : NULL;
}

static void *image_address(const struct snapshot_image *image, const void *place)
{
	if (place == NULL)
		return NULL;
	return (void *)(uintptr_t)(image->address + (uint64_t)((const char *)place - image->memory));
}

static void *image_copy(struct snapshot_image *image, const void *bytes, size_t size)
{
	void *place = image_room(image, IMAGE_ALIGNMENT, size);

	if (place != NULL && size > 0)
		memcpy(place, bytes, size);
	return place;
}

uint64_t snapshot_image_put(struct snapshot_image *image, const void *bytes, size_t size)
{
	return (uint64_t)(uintptr_t)image_address(image, image_copy(image, bytes, size));
}

/* Texts stand without gaps. The pointers are read from the original, and written to the copy
 * where there is one. */
static void image_texts(struct snapshot_image *image, char *const *from, char **to, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		size_t size;
		void *place;

		if (from[i] == NULL)
			continue;
		size = strlen(from[i]) + 1;
		place = image_room(image, 1, size);
		if (place == NULL || to == NULL)
			continue;
		memcpy(place, from[i], size);
		to[i] = image_address(image, place);
	}
}

/* An array of objects that have texts. */
#define IMAGE_OBJECTS(image, items, count)                                                \
	({                                                                                \
		__typeof__(items) placed = image_copy(image, items, (count) * sizeof *(items)); \
		size_t at;                                                                \
											  \
		for (at = 0; at < (count); at++)                                          \
			image_texts(image, (items)[at].text,                              \
				    placed != NULL ? placed[at].text : NULL,              \
				    sizeof (items)->text / sizeof (items)->text[0]);      \
		placed;                                                                   \
	})

static void *image_vm(struct snapshot_image *image, const struct vm *vm)
{
	struct vm *copy = image_copy(image, vm, sizeof *vm);
	struct thread *threads = IMAGE_OBJECTS(image, vm->threads, vm->thread_count);

	image_texts(image, vm->text, copy != NULL ? copy->text : NULL, VM_TEXT_COUNT);
	if (copy == NULL)
		return NULL;
	copy->threads = image_address(image, threads);
	copy->thread_capacity = 0;
	return image_address(image, copy);
}

static void image_vms(struct snapshot_image *image, const struct snapshot *snapshot,
		      struct snapshot *copy)
{
	struct vm **vms = image_room(image, IMAGE_ALIGNMENT,
				     snapshot->vm_count * sizeof(struct vm *));
	size_t i;

	for (i = 0; i < snapshot->vm_count; i++) {
		struct vm *vm = image_vm(image, snapshot->vms[i]);

		if (vms != NULL)
			vms[i] = vm;
	}
	if (copy != NULL)
		copy->vms = image_address(image, vms);
}

int snapshot_image_write(struct snapshot_image *image, const struct snapshot *snapshot)
{
	struct snapshot *copy, unused;

	image->size = 0;
	copy = image_copy(image, snapshot, sizeof *snapshot);
	if (copy == NULL)
		copy = &unused;
	image_texts(image, snapshot->host.text, copy->host.text, HOST_TEXT_COUNT);
	copy->cpus = image_address(image, IMAGE_OBJECTS(image, snapshot->cpus, snapshot->cpu_count));
	copy->disks = image_address(image,
				    IMAGE_OBJECTS(image, snapshot->disks, snapshot->disk_count));
	copy->nics = image_address(image, image_copy(image, snapshot->nics,
						     snapshot->nic_count * sizeof *snapshot->nics));
	copy->events = image_address(image, image_copy(image, snapshot->events,
						       snapshot->event_count *
							       sizeof *snapshot->events));
	copy->cpu_capacity = copy->disk_capacity = copy->nic_capacity = 0;
	copy->vm_capacity = copy->event_capacity = 0;
	image_vms(image, snapshot, copy);
	return image->size <= image->capacity ? 0 : -ENOSPC;
}

uint64_t snapshot_image_layout(void)
{
	static const uint64_t parts[] = {
		sizeof(struct snapshot), sizeof(struct vm), sizeof(struct thread),
		sizeof(struct cpu), sizeof(struct disk), sizeof(struct nic), sizeof(struct event),
		HOST_FIGURE_COUNT, VM_FIGURE_COUNT, THREAD_FIGURE_COUNT, VM_TEXT_COUNT,
		offsetof(struct snapshot, vms), offsetof(struct vm, threads), offsetof(struct vm, text),
	};
	uint64_t mixed = 0;
	size_t i;

	for (i = 0; i < sizeof parts / sizeof parts[0]; i++)
		mixed = (mixed ^ parts[i]) * 0x9e3779b97f4a7c15ull + (mixed >> 29);
	return mixed;
}
