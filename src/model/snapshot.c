/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/snapshot.h"

#include "base/text.h"
#include "base/vec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void snapshot_init(struct snapshot *snapshot)
{
	memset(snapshot, 0, sizeof *snapshot);
}

void snapshot_clear_cpus(struct snapshot *snapshot)
{
	while (snapshot->cpu_count > 0)
		object_done(cpu_view(&snapshot->cpus[--snapshot->cpu_count]));
}

void snapshot_clear_disks(struct snapshot *snapshot)
{
	while (snapshot->disk_count > 0)
		object_done(disk_view(&snapshot->disks[--snapshot->disk_count]));
}

void snapshot_clear_nics(struct snapshot *snapshot)
{
	snapshot->nic_count = 0;
}

void snapshot_done(struct snapshot *snapshot)
{
	size_t i;

	if (snapshot == NULL)
		return;
	object_done(host_view(&snapshot->host));
	snapshot_clear_cpus(snapshot);
	snapshot_clear_disks(snapshot);
	for (i = 0; i < snapshot->vm_count; i++)
		vm_free(snapshot->vms[i]);
	free(snapshot->cpus);
	free(snapshot->disks);
	free(snapshot->nics);
	free(snapshot->vms);
	free(snapshot->events);
	snapshot_init(snapshot);
}

/* Where the identity is, or where it belongs. */
static size_t snapshot_vm_place(const struct snapshot *snapshot, const struct vm_identity *identity,
				bool *ret_found)
{
	size_t low = 0, high = snapshot->vm_count;

	*ret_found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = vm_identity_compare(&snapshot->vms[middle]->identity, identity);

		if (order == 0) {
			*ret_found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct vm *snapshot_find_vm(const struct snapshot *snapshot, const struct vm_identity *identity)
{
	bool found;
	size_t at = snapshot_vm_place(snapshot, identity, &found);

	return found ? snapshot->vms[at] : NULL;
}

struct vm *snapshot_add_vm(struct snapshot *snapshot, const struct vm_identity *identity)
{
	bool found;
	size_t at = snapshot_vm_place(snapshot, identity, &found);
	struct vm *vm;

	if (found)
		return snapshot->vms[at];
	if (!VEC_RESERVE(snapshot->vms, snapshot->vm_capacity, snapshot->vm_count + 1))
		return NULL;
	vm = vm_new(identity);
	if (vm == NULL)
		return NULL;
	memmove(snapshot->vms + at + 1, snapshot->vms + at,
		(snapshot->vm_count - at) * sizeof(struct vm *));
	snapshot->vms[at] = vm;
	snapshot->vm_count++;
	return vm;
}

void snapshot_remove_vm(struct snapshot *snapshot, const struct vm_identity *identity)
{
	bool found;
	size_t at = snapshot_vm_place(snapshot, identity, &found);

	if (!found)
		return;
	vm_free(snapshot->vms[at]);
	snapshot->vm_count--;
	memmove(snapshot->vms + at, snapshot->vms + at + 1,
		(snapshot->vm_count - at) * sizeof(struct vm *));
}

struct cpu *snapshot_cpu(struct snapshot *snapshot, int number)
{
	size_t at;

	/* CPUs come in order, so the usual look-up is one step. */
	if (number >= 0 && (size_t)number < snapshot->cpu_count &&
	    snapshot->cpus[number].number == number)
		return &snapshot->cpus[number];
	for (at = 0; at < snapshot->cpu_count; at++)
		if (snapshot->cpus[at].number >= number)
			break;
	if (at < snapshot->cpu_count && snapshot->cpus[at].number == number)
		return &snapshot->cpus[at];
	if (!VEC_RESERVE(snapshot->cpus, snapshot->cpu_capacity, snapshot->cpu_count + 1))
		return NULL;
	memmove(snapshot->cpus + at + 1, snapshot->cpus + at,
		(snapshot->cpu_count - at) * sizeof *snapshot->cpus);
	memset(&snapshot->cpus[at], 0, sizeof *snapshot->cpus);
	snapshot->cpus[at].number = number;
	snapshot->cpu_count++;
	return &snapshot->cpus[at];
}

/* Disks and NICs: few, sorted by a name at the start of the struct. */
#define SNAPSHOT_NAMED(type, items, count, capacity)                                           \
	struct type *snapshot_##type(struct snapshot *snapshot, const char *name)              \
	{                                                                                      \
		size_t low = 0, high = snapshot->count;                                        \
		char cut[sizeof snapshot->items->name] = "";                                      \
												\
		text_copy(cut, sizeof cut, name, strlen(name));                                \
		while (low < high) {                                                           \
			size_t middle = low + (high - low) / 2;                                \
			int order = strcmp(snapshot->items[middle].name, cut);                 \
												\
			if (order == 0)                                                        \
				return &snapshot->items[middle];                               \
			if (order < 0)                                                         \
				low = middle + 1;                                              \
			else                                                                   \
				high = middle;                                                 \
		}                                                                              \
		if (!VEC_RESERVE(snapshot->items, snapshot->capacity, snapshot->count + 1))    \
			return NULL;                                                           \
		memmove(snapshot->items + low + 1, snapshot->items + low,                      \
			(snapshot->count - low) * sizeof *snapshot->items);                    \
		memset(&snapshot->items[low], 0, sizeof *snapshot->items);                     \
		memcpy(snapshot->items[low].name, cut, sizeof cut);                            \
		snapshot->count++;                                                             \
		return &snapshot->items[low];                                                  \
	}

SNAPSHOT_NAMED(disk, disks, disk_count, disk_capacity)
SNAPSHOT_NAMED(nic, nics, nic_count, nic_capacity)

struct event *snapshot_add_event(struct snapshot *snapshot, enum event_kind kind)
{
	struct event *event;

	if (!VEC_RESERVE(snapshot->events, snapshot->event_capacity, snapshot->event_count + 1))
		return NULL;
	event = &snapshot->events[snapshot->event_count++];
	memset(event, 0, sizeof *event);
	event->kind = kind;
	return event;
}

#define RESIZE(to, items, count, capacity, wanted, view)                                       \
	({                                                                                     \
		bool done = VEC_RESERVE((to)->items, (to)->capacity, wanted);                  \
												\
		while (done && (to)->count > (wanted))                                         \
			object_done(view(&(to)->items[--(to)->count]));                        \
		if (done && (to)->count < (wanted))                                            \
			memset((to)->items + (to)->count, 0,                                   \
			       ((wanted) - (to)->count) * sizeof *(to)->items);                \
		if (done)                                                                      \
			(to)->count = (wanted);                                                \
		done;                                                                          \
	})

static int snapshot_copy_host(struct snapshot *to, const struct snapshot *from)
{
	size_t i;

	if (!RESIZE(to, cpus, cpu_count, cpu_capacity, from->cpu_count, cpu_view) ||
	    !RESIZE(to, disks, disk_count, disk_capacity, from->disk_count, disk_view) ||
	    !RESIZE(to, nics, nic_count, nic_capacity, from->nic_count, nic_view))
		return -ENOMEM;
	memcpy(to->host.sampled_usec, from->host.sampled_usec, sizeof to->host.sampled_usec);
	if (!object_copy(host_view(&to->host), host_view(&from->host)))
		return -ENOMEM;
	for (i = 0; i < from->cpu_count; i++) {
		to->cpus[i].number = from->cpus[i].number;
		if (!object_copy(cpu_view(&to->cpus[i]), cpu_view(&from->cpus[i])))
			return -ENOMEM;
	}
	for (i = 0; i < from->disk_count; i++) {
		memcpy(to->disks[i].name, from->disks[i].name, sizeof to->disks[i].name);
		if (!object_copy(disk_view(&to->disks[i]), disk_view(&from->disks[i])))
			return -ENOMEM;
	}
	for (i = 0; i < from->nic_count; i++)
		to->nics[i] = from->nics[i];
	return 0;
}

/* VMs that both have keep their memory; a merge over the two sorted lists. */
static int snapshot_copy_vms(struct snapshot *to, const struct snapshot *from)
{
	size_t i;

	for (i = 0; i < from->vm_count; i++) {
		struct vm *vm;
		int r;

		while (i < to->vm_count &&
		       vm_identity_compare(&to->vms[i]->identity, &from->vms[i]->identity) < 0)
			snapshot_remove_vm(to, &to->vms[i]->identity);
		vm = snapshot_add_vm(to, &from->vms[i]->identity);
		if (vm == NULL)
			return -ENOMEM;
		r = vm_copy(vm, from->vms[i]);
		if (r < 0)
			return r;
	}
	while (to->vm_count > from->vm_count)
		vm_free(to->vms[--to->vm_count]);
	return 0;
}

int snapshot_copy(struct snapshot *to, const struct snapshot *from)
{
	int r;

	to->sequence = from->sequence;
	to->realtime_usec = from->realtime_usec;
	to->monotonic_usec = from->monotonic_usec;
	r = snapshot_copy_host(to, from);
	if (r == 0)
		r = snapshot_copy_vms(to, from);
	if (r < 0)
		return r;
	if (!VEC_RESERVE(to->events, to->event_capacity, from->event_count))
		return -ENOMEM;
	if (from->event_count > 0)
		memcpy(to->events, from->events, from->event_count * sizeof *to->events);
	to->event_count = from->event_count;
	return 0;
}

const char *event_kind_name(enum event_kind kind)
{
	static const char *const names[EVENT_KIND_COUNT] = {
		"created", "vcpu added", "vcpu removed", "destroyed", "renamed", "knob", "lost",
	};

	return kind < EVENT_KIND_COUNT ? names[kind] : "unknown";
}
