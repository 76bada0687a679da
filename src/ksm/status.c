/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ksm/status.h"

#include "base/error.h"
#include "base/vec.h"
#include "ksm/status_take.h"
#include "model/snapshot.h"
#include "sys/root.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ABSENT_IN_HOST(name, help) host->name = FIELD_ABSENT;
#define ABSENT_IN_VM(name, help) vm->name = FIELD_ABSENT;
#define ABSENT_IN_KSM(name) host->ksm.name = FIELD_ABSENT;

const char *const status_reasons[] = {
	"yes", "not told", "no KSM", "hugetlb", "shared memory", "merging switched off", "not asked for",
	"same process", "ended", NULL,
};

void status_init(struct status *status)
{
	struct status_host *host = &status->host;

	*status = (struct status){ 0 };
	STATUS_HOST_FIGURES(ABSENT_IN_HOST)
	KSM_FILES(ABSENT_IN_KSM)
}

static void vm_done(struct status_vm *vm)
{
	free(vm->name);
	free(vm->manager);
	free(vm->group);
}

void status_done(struct status *status)
{
	size_t i;

	for (i = 0; i < status->vm_count; i++)
		vm_done(&status->vms[i]);
	for (i = 0; i < status->group_count; i++)
		free(status->groups[i]);
	free(status->vms);
	free(status->groups);
	free(status->pairs.pairs);
	free(status->group_pairs.pairs);
	free(status->frames_absent);
	status_init(status);
}

struct status_vm *status_add_vm(struct status *status)
{
	struct status_vm *vm;

	if (!VEC_RESERVE(status->vms, status->vm_capacity, status->vm_count + 1))
		return NULL;
	vm = &status->vms[status->vm_count++];
	*vm = (struct status_vm){ .takes_part = "not told" };
	STATUS_VM_FIGURES(ABSENT_IN_VM)
	return vm;
}

bool status_add_pair(struct status_pairs *pairs, size_t a, size_t b, int64_t bytes)
{
	if (!VEC_RESERVE(pairs->pairs, pairs->capacity, pairs->count + 1))
		return false;
	pairs->pairs[pairs->count++] = (struct status_pair){ a, b, bytes };
	return true;
}

static int by_size(const void *a, const void *b)
{
	const struct status_pair *x = a, *y = b;

	if (x->common_bytes != y->common_bytes)
		return x->common_bytes < y->common_bytes ? 1 : -1;
	if (x->a != y->a)
		return x->a < y->a ? -1 : 1;
	return (x->b > y->b) - (x->b < y->b);
}

void status_sort_pairs(struct status_pairs *pairs)
{
	if (pairs->count > 1)
		qsort(pairs->pairs, pairs->count, sizeof *pairs->pairs, by_size);
}

bool status_group(struct status *status, const char *name, size_t *ret)
{
	size_t i;

	for (i = 0; i < status->group_count; i++)
		if (strcmp(status->groups[i], name) == 0)
			break;
	*ret = i;
	if (i < status->group_count)
		return true;
	if (!VEC_RESERVE(status->groups, status->group_capacity, i + 1))
		return false;
	status->groups[i] = strdup(name);
	status->group_count += status->groups[i] != NULL;
	return status->groups[i] != NULL;
}

/* -- taking it ------------------------------------------------------------------------------------ */

static bool copy_text(char **ret, const char *text)
{
	if (text == NULL || *text == '\0')
		return true;
	*ret = strdup(text);
	return *ret != NULL;
}

/* Who it belongs together with: the class that a policy gives it, else the one its owner wrote down. */
static const char *group_of(const struct vm *vm)
{
	const char *class = vm->text[VM_TEXT_CLASS];

	return class != NULL && *class != '\0' ? class : vm->text[VM_TEXT_METADATA];
}

static struct status_vm *describe(struct status *status, const struct vm *from)
{
	struct status_vm *vm = status_add_vm(status);
	const char *owner = from->text[VM_TEXT_OWNER];

	if (vm == NULL)
		return NULL;
	vm_identity_format(&from->identity, vm->id);
	vm->pid = from->identity.pid;
	if (owner != NULL && strcmp(owner, "none") == 0)
		owner = NULL;
	return copy_text(&vm->name, from->text[VM_TEXT_NAME]) && copy_text(&vm->manager, owner) &&
	       copy_text(&vm->group, group_of(from)) ? vm : NULL;
}

static int take_vms(struct root *root, const struct snapshot *snapshot, bool with_areas,
		    struct memory_areas *areas, struct status *status)
{
	size_t i;

	for (i = 0; i < snapshot->vm_count; i++) {
		struct status_vm *vm = describe(status, snapshot->vms[i]);

		if (vm == NULL)
			return -ENOMEM;
		if (snapshot->vms[i]->identity.ordinal > 0)
			vm->takes_part = "same process";
		else
			status_vm_take(root, vm, with_areas, &areas[i]);
		if (!field_present(status->host.ksm.run) && strcmp(vm->takes_part, "yes") != 0)
			vm->takes_part = "no KSM";
	}
	return 0;
}

int status_take(struct root *root, const struct snapshot *snapshot,
		const struct status_options *options, struct status *status, struct error *err)
{
	struct memory_areas *areas = calloc(snapshot->vm_count + 1, sizeof *areas);
	size_t i;
	int r = areas != NULL ? 0 : -ENOMEM;

	status_done(status);
	status->realtime_usec = snapshot->realtime_usec;
	status->monotonic_usec = snapshot->monotonic_usec;
	status_host_take(root, &status->host);
	if (r == 0)
		r = take_vms(root, snapshot, options->with_areas, areas, status);
	if (r < 0)
		error_set(err, r, "out of memory");
	else if (options->with_frames && options->with_areas)
		r = status_frames_take(root, options, areas, status, err);
	else if ((status->frames_absent = strdup("not asked for")) == NULL)
		r = error_set(err, -ENOMEM, "out of memory");
	for (i = 0; areas != NULL && i < snapshot->vm_count; i++)
		memory_areas_done(&areas[i]);
	free(areas);
	return r;
}
