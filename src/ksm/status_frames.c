/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who shares with whom: the dear part of a status. */
#include "ksm/status_take.h"

#include "base/error.h"
#include "ksm/share.h"
#include "ksm/walk.h"
#include "sys/root.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct frames {
	struct root *root;
	struct status *status;
	struct share_list list;
	uint32_t *group_of; /* a VM's group; those of no group have one of their own, which is not told */
	struct error first; /* why a VM's frames could not be looked at */
	size_t refused;
};

static int walk_vm(struct frames *frames, struct walk *walk, size_t number,
		   const struct memory_areas *areas, struct error *err)
{
	struct status_vm *vm = &frames->status->vms[number];
	struct walk_counts counts;
	struct error own = { 0 };
	int r = walk_process(walk, vm->pid, areas, (uint32_t)number, &frames->list, &counts, &own);

	if (r == -ECANCELED || r == -ENOMEM)
		return error_set(err, r, "%s", own.text);
	if (r == -ESRCH) {
		vm->takes_part = "ended";
		return 0;
	}
	if (r < 0) {
		if (frames->refused++ == 0)
			frames->first = own;
		return 0;
	}
	vm->looked_pages = (int64_t)counts.pages;
	vm->looked_merged_pages = (int64_t)counts.merged;
	vm->zero_mapped_pages = (int64_t)counts.zero_mapped;
	return 0;
}

static int walk_all(struct frames *frames, struct walk *walk, const struct memory_areas *areas,
		    struct error *err)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < frames->status->vm_count; i++)
		if (areas[i].count > 0)
			r = walk_vm(frames, walk, i, &areas[i], err);
	return r;
}

/* What is its own comes free when it leaves: unmerged memory, and frames that nobody else has. */
static void tell_vm(struct frames *frames, struct status_vm *vm, const struct share_owner *owner)
{
	int64_t page = frames->root->page_size;
	int64_t zero = field_present(vm->zero_pages) ? vm->zero_pages : 0;

	if (!field_present(vm->looked_pages))
		return;
	vm->frame_count = (int64_t)owner->frames;
	vm->inside_pages = (int64_t)(owner->pages - owner->frames);
	vm->alone_frames = (int64_t)owner->alone;
	vm->saved_bytes = (int64_t)(owner->saved * (double)page);
	vm->rewrite_bytes = ((int64_t)(owner->pages - owner->alone) + zero) * page;
	if (field_present(vm->anonymous_bytes)) {
		int64_t own = vm->anonymous_bytes - (int64_t)owner->pages * page;

		vm->leave_bytes = (own > 0 ? own : 0) + (int64_t)owner->alone * page +
				  (field_present(vm->hugetlb_bytes) ? vm->hugetlb_bytes : 0);
	}
}

static int add_pairs(const struct share *share, size_t count, int64_t page, bool with_self,
		     struct status_pairs *pairs)
{
	size_t a, b;

	for (a = 0; a < count; a++)
		for (b = a + !with_self; b < count; b++) {
			int64_t common = share_common(share, a, b);

			if (common > 0 && !status_add_pair(pairs, a, b, common * page))
				return -ENOMEM;
		}
	status_sort_pairs(pairs);
	return 0;
}

/* Of those who take part, somebody was not looked at. */
static bool is_partial(const struct status *status)
{
	size_t i;

	for (i = 0; i < status->vm_count; i++)
		if (strcmp(status->vms[i].takes_part, "yes") == 0 &&
		    !field_present(status->vms[i].looked_pages))
			return true;
	return false;
}

static int tell_vms(struct frames *frames)
{
	struct status *status = frames->status;
	struct share share;
	size_t i;
	int r = share_compute(&frames->list, NULL, status->vm_count, &share);

	if (r < 0)
		return r;
	for (i = 0; i < status->vm_count; i++)
		tell_vm(frames, &status->vms[i], &share.owners[i]);
	if (!is_partial(status) && field_present(status->host.ksm.pages_shared) &&
	    field_present(status->host.ksm.pages_sharing)) {
		int64_t all = status->host.ksm.pages_shared + status->host.ksm.pages_sharing;
		int64_t elsewhere = all - (int64_t)share.pages;

		status->host.elsewhere_pages = elsewhere > 0 ? elsewhere : 0;
	}
	r = add_pairs(&share, status->vm_count, frames->root->page_size, false, &status->pairs);
	share_done(&share);
	return r;
}

static int find_groups(struct frames *frames)
{
	struct status *status = frames->status;
	size_t i, number;

	frames->group_of = calloc(status->vm_count + 1, sizeof *frames->group_of);
	if (frames->group_of == NULL)
		return -ENOMEM;
	for (i = 0; i < status->vm_count; i++)
		if (status->vms[i].group != NULL) {
			if (!status_group(status, status->vms[i].group, &number))
				return -ENOMEM;
			frames->group_of[i] = (uint32_t)number;
		}
	for (i = 0; i < status->vm_count; i++)
		if (status->vms[i].group == NULL)
			frames->group_of[i] = (uint32_t)status->group_count;
	return 0;
}

static int tell_groups(struct frames *frames)
{
	struct status *status = frames->status;
	struct share share;
	int r = find_groups(frames);

	if (r < 0 || status->group_count == 0)
		return r;
	r = share_compute(&frames->list, frames->group_of, status->group_count + 1, &share);
	if (r < 0)
		return r;
	r = add_pairs(&share, status->group_count, frames->root->page_size, true,
		      &status->group_pairs);
	share_done(&share);
	return r;
}

static int no_memory(struct error *err)
{
	return error_set(err, -ENOMEM, "out of memory");
}

static int tell(struct frames *frames, uint64_t begin_usec, struct error *err)
{
	struct status *status = frames->status;
	bool any = false;
	size_t i;
	int64_t pages = 0;

	for (i = 0; i < status->vm_count; i++)
		if (field_present(status->vms[i].looked_pages)) {
			pages += status->vms[i].looked_pages;
			any = true;
		}
	if (!any && frames->refused > 0) {
		status->frames_absent = strdup(frames->first.text);
		return status->frames_absent != NULL ? 0 : no_memory(err);
	}
	if (tell_vms(frames) < 0 || tell_groups(frames) < 0)
		return no_memory(err);
	status->host.frames_pages = pages;
	status->host.frames_usec = (int64_t)(root_monotonic_usec(frames->root) - begin_usec);
	return 0;
}

int status_frames_take(struct root *root, const struct status_options *options,
		       const struct memory_areas *areas, struct status *status, struct error *err)
{
	uint64_t begin_usec = root_monotonic_usec(root);
	struct walk_options how = { .is_cancelled = options->is_cancelled };
	struct frames frames = { .root = root, .status = status };
	struct error own = { 0 };
	struct walk *walk;
	int r;

	if (options->frames_usec != 0)
		how.until_usec = begin_usec + options->frames_usec;
	r = walk_new(root, &how, &walk, &own);
	if (r < 0) {
		status->frames_absent = strdup(own.text);
		return status->frames_absent != NULL ? 0 : no_memory(err);
	}
	r = walk_all(&frames, walk, areas, err);
	if (r == 0)
		r = tell(&frames, begin_usec, err);
	walk_free(walk);
	share_list_done(&frames.list);
	free(frames.group_of);
	return r;
}
