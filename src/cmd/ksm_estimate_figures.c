/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What KSM would make of the fingerprints: of all VMs, of each, of each group, and of --what-if. */
#include "base/error.h"
#include "cmd/ksm_estimate.h"
#include "ksm/position.h"
#include "ksm/what_if.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A sample of contents is bounded by chance alone: this many standard errors. */
#define BOUND_ERRORS 2.0

static double bytes(double pages)
{
	return pages * PRINTS_PAGE_SIZE;
}

static double not_below_zero(double number)
{
	return number > 0 ? number : 0;
}

static struct estimate_figures figures_by_content(const struct merging *merging,
						  const struct prints *prints, const bool *part)
{
	struct estimate_figures figures = {
		.memory = bytes(merging->pages),
		.changing = bytes(merging->changing),
		.saved = bytes(merging->saved),
		.saved_least = bytes(not_below_zero(merging->saved - BOUND_ERRORS * merging->error)),
		.saved_most = bytes(merging->saved + BOUND_ERRORS * merging->error),
		.items = merging->items * MERGING_ITEM_BYTES,
		.profit = merging_profit_bytes(merging),
		.unmerge = merging_unmerge_bytes(merging),
	};
	size_t i;

	for (i = 0; i < prints->vm_count; i++)
		if (part == NULL || part[i])
			figures.zero += bytes((double)prints->vms[i].zero);
	if (figures.saved_most > figures.memory)
		figures.saved_most = figures.memory;
	return figures;
}

static struct estimate_figures figures_by_position(const struct position_estimate *position,
						   bool zero_pages)
{
	struct estimate_figures figures = {
		.memory = bytes(position->pages),
		.zero = bytes(position->zero),
		.changing = bytes(position->changing),
		.saved = bytes(position->saved.likely),
		.saved_least = bytes(position->saved.least),
		.saved_most = bytes(position->saved.most),
		.unmerge = bytes(position->saved.likely),
	};
	double items = position->pages - (zero_pages ? position->zero : 0);

	figures.items = items * MERGING_ITEM_BYTES;
	figures.profit = figures.saved - figures.items;
	return figures;
}

static int compute_part(const struct estimate *estimate, const bool *part,
			struct estimate_figures *ret)
{
	struct position_estimate position;
	struct merging merging;
	int r;

	if (estimate->positions_ppm != 0) {
		r = position_estimate(&estimate->prints, part, &position);
		if (r == 0)
			*ret = figures_by_position(&position, estimate->prints.zero_pages);
		return r;
	}
	r = merging_compute(&estimate->prints, part, &merging);
	if (r == 0) {
		*ret = figures_by_content(&merging, &estimate->prints, part);
		merging_done(&merging);
	}
	return r;
}

/* A sample counts more of one VM than it has, now and then. */
static void keep_within(struct estimate *estimate)
{
	size_t i;

	for (i = 0; i < estimate->merging.vm_count; i++) {
		struct merging_vm *vm = &estimate->merging.vms[i];

		vm->merged = fmin(vm->merged, vm->pages);
		vm->saved_alone = fmin(vm->saved_alone, vm->pages);
		vm->freed = fmin(vm->freed, vm->pages);
	}
}

static int compute_all(struct estimate *estimate)
{
	int r;

	if (estimate->positions_ppm != 0)
		return compute_part(estimate, NULL, &estimate->all);
	r = merging_compute(&estimate->prints, NULL, &estimate->merging);
	if (r == 0) {
		estimate->all = figures_by_content(&estimate->merging, &estimate->prints, NULL);
		keep_within(estimate);
	}
	return r;
}

/* By content the merging of all has told what each saves alone; by position each is a sample. */
static int compute_alone(struct estimate *estimate)
{
	bool *part = calloc(estimate->vm_count + 1, sizeof *part);
	size_t i;
	int r = part != NULL ? 0 : -ENOMEM;

	estimate->alone = calloc(estimate->vm_count + 1, sizeof *estimate->alone);
	if (estimate->alone == NULL)
		r = -ENOMEM;
	for (i = 0; r == 0 && i < estimate->vm_count; i++) {
		const struct prints_vm *vm = &estimate->prints.vms[i];

		if (estimate->positions_ppm == 0) {
			double saved = estimate->merging.vms[i].saved_alone;

			estimate->alone[i] = (struct estimate_figures){
				.memory = bytes((double)vm->pages),
				.zero = bytes((double)vm->zero),
				.changing = bytes((double)vm->changing),
				.saved = bytes(saved),
				.saved_least = estimate->modulo > 1 ? NAN : bytes(saved),
				.saved_most = estimate->modulo > 1 ? NAN : bytes(saved),
			};
			continue;
		}
		part[i] = true;
		r = compute_part(estimate, part, &estimate->alone[i]);
		part[i] = false;
	}
	free(part);
	return r;
}

/* -- groups ----------------------------------------------------------------------------------------- */

static struct estimate_group *group_called(struct estimate *estimate, const char *name)
{
	size_t i;

	for (i = 0; i < estimate->group_count; i++)
		if (strcmp(estimate->groups[i].name, name) == 0)
			return &estimate->groups[i];
	return NULL;
}

static int compare_groups(const void *a, const void *b)
{
	return strcmp(((const struct estimate_group *)a)->name, ((const struct estimate_group *)b)->name);
}

/* True: some VM is of a group. */
static bool find_groups(struct estimate *estimate)
{
	bool any = false;
	size_t i;

	for (i = 0; i < estimate->vm_count; i++) {
		const char *name = estimate->prints.vms[i].group;
		struct estimate_group *group = group_called(estimate, name);

		if (group == NULL) {
			group = &estimate->groups[estimate->group_count++];
			*group = (struct estimate_group){ 0 };
			strcpy(group->name, name);
		}
		group->vm_count++;
		any |= name[0] != '\0';
	}
	qsort(estimate->groups, estimate->group_count, sizeof *estimate->groups, compare_groups);
	return any;
}

static int compute_groups(struct estimate *estimate)
{
	bool *part = calloc(estimate->vm_count + 1, sizeof *part);
	size_t i, j;
	int r = 0;

	estimate->groups = calloc(estimate->vm_count + 1, sizeof *estimate->groups);
	if (part == NULL || estimate->groups == NULL)
		r = -ENOMEM;
	else if (!find_groups(estimate))
		estimate->group_count = 0;
	for (i = 0; r == 0 && i < estimate->group_count; i++) {
		for (j = 0; j < estimate->vm_count; j++)
			part[j] = strcmp(estimate->prints.vms[j].group, estimate->groups[i].name) == 0;
		r = compute_part(estimate, part, &estimate->groups[i].figures);
	}
	free(part);
	return r;
}

/* -- the whole -------------------------------------------------------------------------------------- */

/* Last: copies stand behind the VMs then. */
static int compute_what_if(struct estimate *estimate, struct error *err)
{
	const struct option_list *words = &estimate->settings->what_if;
	bool *part;
	int r;

	if (words->count == 0)
		return 0;
	r = what_if_apply(&estimate->prints, words->values, &part, err);
	if (r < 0)
		return r;
	r = compute_part(estimate, part, &estimate->what_if);
	free(part);
	return r < 0 ? error_errno(err, r, "cannot estimate") : 0;
}

int estimate_compute(struct estimate *estimate, struct error *err)
{
	int r;

	estimate->vm_count = estimate->prints.vm_count;
	r = prints_sort(&estimate->prints) ? 0 : -ENOMEM;
	if (r == 0)
		r = compute_all(estimate);
	if (r == 0)
		r = compute_alone(estimate);
	if (r == 0)
		r = compute_groups(estimate);
	if (r < 0)
		return error_errno(err, r, "cannot estimate");
	return compute_what_if(estimate, err);
}

void estimate_done(struct estimate *estimate)
{
	merging_done(&estimate->merging);
	prints_done(&estimate->prints);
	free(estimate->unread);
	free(estimate->alone);
	free(estimate->groups);
}
