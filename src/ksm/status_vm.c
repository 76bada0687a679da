/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One VM's part of a status, by the files of its process. */
#include "ksm/status_take.h"

#include "base/cleanup.h"
#include "ksm/merging.h"
#include "sys/field.h"
#include "sys/proc.h"
#include "sys/root.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMAND_LINE_MOST (1u << 20)

static ssize_t read_own(struct root *root, pid_t pid, const char *name, char *ret, size_t size)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
	return root_read(root, path, ret, size);
}

/* "ksm_merge_any: no" */
static int64_t yes_or_no(const char *bytes, const char *name)
{
	const char *at = strstr(bytes, name);

	if (at == NULL)
		return FIELD_ABSENT;
	at += strlen(name);
	at += strspn(at, ": \t");
	return strncmp(at, "yes", 3) == 0 ? 1 : strncmp(at, "no", 2) == 0 ? 0 : FIELD_ABSENT;
}

/* Lines of ksm_stat came one by one; before it there was ksm_merging_pages alone (6.1). Returns
 * whether any of its memory is mergeable, as far as it is told. */
static int64_t take_ksm_stat(struct root *root, struct status_vm *vm)
{
	struct proc_ksm_stat stat;
	int64_t mergeable = FIELD_ABSENT;
	char bytes[1024];
	ssize_t size = read_own(root, vm->pid, "ksm_stat", bytes, sizeof bytes);

	if (size >= 0 && proc_ksm_stat_parse(bytes, (size_t)size, &stat) == 0) {
		vm->merged_pages = stat.merging_pages;
		vm->zero_pages = stat.zero_pages;
		vm->tracked_pages = stat.tracked_pages;
		vm->profit_bytes = stat.profit_bytes;
		vm->merge_any = yes_or_no(bytes, "ksm_merge_any");
		mergeable = yes_or_no(bytes, "ksm_mergeable");
	}
	if (field_present(vm->tracked_pages))
		vm->tracking_bytes = field_times(vm->tracked_pages, MERGING_ITEM_BYTES);
	if (field_present(vm->merged_pages))
		return mergeable;
	size = read_own(root, vm->pid, "ksm_merging_pages", bytes, sizeof bytes);
	if (size < 0 || field_parse_number(bytes, (size_t)size, &vm->merged_pages) < 0)
		vm->merged_pages = FIELD_ABSENT;
	return mergeable;
}

static void take_anonymous(struct root *root, struct status_vm *vm)
{
	struct proc_status status;
	char bytes[4096];
	ssize_t size = read_own(root, vm->pid, "status", bytes, sizeof bytes);

	if (size >= 0 && proc_status_parse(bytes, (size_t)size, &status) == 0)
		vm->anonymous_bytes = status.rss_anonymous_bytes;
}

static void add_areas(struct status_vm *vm, const struct memory_areas *areas)
{
	size_t i;

	vm->mergeable_bytes = vm->mergeable_resident_bytes = vm->hugetlb_bytes = vm->shared_bytes = 0;
	for (i = 0; i < areas->count; i++) {
		const struct memory_area *area = &areas->areas[i];
		int64_t resident = (int64_t)area->resident_bytes;

		if (area->mergeable) {
			vm->mergeable_bytes += (int64_t)(area->end - area->start);
			vm->mergeable_resident_bytes += resident;
		} else if (area->huge) {
			/* Rss of smaps counts no huge pages: the area is what was reserved. */
			vm->hugetlb_bytes += (int64_t)(area->end - area->start);
		} else if (area->shared) {
			vm->shared_bytes += resident;
		}
	}
}

/* libvirt's <nosharepages/> comes out as mem-merge=off. */
static bool switched_off(struct root *root, pid_t pid)
{
	CLEANUP_FREE char *bytes = NULL;
	char path[64];
	ssize_t size;

	snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
	size = root_read_all(root, path, COMMAND_LINE_MOST, &bytes);
	return size > 0 && memmem(bytes, (size_t)size, "mem-merge=off", 13) != NULL;
}

/* What is there in the place of mergeable memory. */
static const char *why_not(struct root *root, const struct status_vm *vm)
{
	int64_t private = field_present(vm->anonymous_bytes) ? vm->anonymous_bytes : 0;

	if (switched_off(root, vm->pid))
		return "merging switched off";
	if (field_present(vm->hugetlb_bytes) && vm->hugetlb_bytes > private)
		return "hugetlb";
	if (field_present(vm->shared_bytes) && vm->shared_bytes > private)
		return "shared memory";
	return "not asked for";
}

void status_vm_take(struct root *root, struct status_vm *vm, bool with_areas,
		    struct memory_areas *areas)
{
	int64_t mergeable = take_ksm_stat(root, vm);
	int r = -ENODATA;

	take_anonymous(root, vm);
	if (with_areas)
		r = memory_areas_read(root, vm->pid, areas, NULL);
	/* A process that has ended has neither areas nor a size. */
	if (r == 0 && areas->count > 0) {
		add_areas(vm, areas);
		mergeable = vm->mergeable_bytes > 0;
	} else if (r == -ESRCH || !field_present(vm->anonymous_bytes)) {
		vm->takes_part = "ended";
		return;
	}
	if (field_present(mergeable))
		vm->takes_part = mergeable ? "yes" : why_not(root, vm);
}
