/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ksm/merging.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of so many VMs every pair is counted at every content; of more, at some contents. */
#define PAIRS_WHOLE_VMS 64

/* Where a VM's list stands in the walk over all lists by hash. */
struct head {
	const uint64_t *at, *end;
	size_t vm;
};

/* A content's pages in one VM. */
struct holder {
	size_t vm;
	uint64_t pages;
};

struct walk {
	struct head *heap;
	size_t heap_count;
	struct holder *holders;
	size_t holder_count;
	double weight;   /* how many contents one of this list stands for */
	uint64_t most;   /* mappings of a merged page */
	uint64_t pair_modulo;
	struct merging *merging;
	double squares;
};

static uint64_t frames_of(uint64_t pages, uint64_t most)
{
	return (pages + most - 1) / most;
}

/* -- one content --------------------------------------------------------------------------------- */

static void add_pairs(struct walk *walk)
{
	struct merging *merging = walk->merging;
	double weight = walk->weight * (double)walk->pair_modulo;
	size_t a, b;

	for (a = 0; a < walk->holder_count; a++)
		for (b = a + 1; b < walk->holder_count; b++) {
			const struct holder *one = &walk->holders[a], *other = &walk->holders[b];
			double saved = weight * (double)(frames_of(one->pages, walk->most) +
							 frames_of(other->pages, walk->most) -
							 frames_of(one->pages + other->pages, walk->most));

			merging->pairs[one->vm * merging->vm_count + other->vm] += saved;
			merging->pairs[other->vm * merging->vm_count + one->vm] += saved;
		}
}

static void add_holder(struct walk *walk, const struct holder *holder, uint64_t pages,
		       uint64_t frames)
{
	struct merging_vm *vm = &walk->merging->vms[holder->vm];
	uint64_t without = frames_of(pages - holder->pages, walk->most);

	if (pages > 1)
		vm->merged += walk->weight * (double)holder->pages;
	vm->saved_alone += walk->weight *
			   (double)(holder->pages - frames_of(holder->pages, walk->most));
	vm->freed += walk->weight * (double)(frames - without);
}

static void add_content(struct walk *walk, uint64_t hash)
{
	struct merging *merging = walk->merging;
	uint64_t pages = 0, frames, left;
	size_t i;

	for (i = 0; i < walk->holder_count; i++)
		pages += walk->holders[i].pages;
	frames = frames_of(pages, walk->most);
	left = pages % walk->most == 1;
	merging->shared += walk->weight * (double)(frames - left);
	merging->sharing += walk->weight * (double)(pages - frames);
	merging->unshared += walk->weight * (double)left;
	walk->squares += (walk->weight - 1) * walk->weight *
			 (double)(pages - frames) * (double)(pages - frames);
	for (i = 0; i < walk->holder_count; i++)
		add_holder(walk, &walk->holders[i], pages, frames);
	if (walk->holder_count > 1 && hash / (uint64_t)walk->weight % walk->pair_modulo == 0)
		add_pairs(walk);
}

/* -- all contents, in the order of their hashes --------------------------------------------------- */

static void heap_sink(struct walk *walk, size_t at)
{
	struct head head = walk->heap[at];
	size_t child;

	while ((child = at * 2 + 1) < walk->heap_count) {
		if (child + 1 < walk->heap_count &&
		    *walk->heap[child + 1].at < *walk->heap[child].at)
			child++;
		if (*walk->heap[child].at >= *head.at)
			break;
		walk->heap[at] = walk->heap[child];
		at = child;
	}
	walk->heap[at] = head;
}

static void heap_fill(struct walk *walk, const struct prints *prints, const bool *part, bool frequent)
{
	size_t i;

	walk->heap_count = 0;
	for (i = 0; i < prints->vm_count; i++) {
		const struct print_list *list = frequent ? &prints->vms[i].frequent :
							   &prints->vms[i].sampled;

		if ((part == NULL || part[i]) && list->count > 0)
			walk->heap[walk->heap_count++] = (struct head){
				list->hashes, list->hashes + list->count, i };
	}
	for (i = walk->heap_count / 2; i-- > 0;)
		heap_sink(walk, i);
}

/* The first VM's pages of this content; its list then stands at the next. */
static void take_holder(struct walk *walk, uint64_t hash)
{
	struct head *head = &walk->heap[0];
	const uint64_t *start = head->at;

	while (head->at < head->end && *head->at == hash)
		head->at++;
	walk->holders[walk->holder_count++] = (struct holder){ head->vm,
							       (uint64_t)(head->at - start) };
	if (head->at == head->end)
		*head = walk->heap[--walk->heap_count];
	if (walk->heap_count > 0)
		heap_sink(walk, 0);
}

static void walk_contents(struct walk *walk)
{
	while (walk->heap_count > 0) {
		uint64_t hash = *walk->heap[0].at;

		walk->holder_count = 0;
		while (walk->heap_count > 0 && *walk->heap[0].at == hash)
			take_holder(walk, hash);
		add_content(walk, hash);
	}
}

/* -- zero pages ----------------------------------------------------------------------------------- */

/* They are counted, not sampled. As a content like others, or as none. */
static void add_zero(struct walk *walk, const struct prints *prints, const bool *part)
{
	struct merging *merging = walk->merging;
	size_t i;

	walk->weight = 1;
	walk->holder_count = 0;
	for (i = 0; i < prints->vm_count; i++)
		if ((part == NULL || part[i]) && prints->vms[i].zero > 0)
			walk->holders[walk->holder_count++] =
				(struct holder){ i, prints->vms[i].zero };
	if (!prints->zero_pages) {
		if (walk->holder_count > 0)
			add_content(walk, 0);
		return;
	}
	for (i = 0; i < walk->holder_count; i++) {
		struct merging_vm *vm = &merging->vms[walk->holders[i].vm];
		double pages = (double)walk->holders[i].pages;

		merging->zero += pages;
		vm->merged += pages;
		vm->saved_alone += pages;
	}
}

/* -- the whole ------------------------------------------------------------------------------------ */

static void add_pages(struct merging *merging, const struct prints *prints, const bool *part)
{
	size_t i;

	for (i = 0; i < prints->vm_count; i++) {
		struct merging_vm *vm = &merging->vms[i];

		vm->takes_part = part == NULL || part[i];
		if (!vm->takes_part)
			continue;
		vm->pages = (double)prints->vms[i].pages;
		vm->changing = (double)prints->vms[i].changing;
		vm->freed += vm->changing;
		merging->pages += vm->pages;
		merging->changing += vm->changing;
	}
}

static void finish(struct merging *merging, const struct walk *walk)
{
	size_t i;

	for (i = 0; i < merging->vm_count; i++)
		merging->pairs[i * merging->vm_count + i] = merging->vms[i].saved_alone;
	merging->saved = merging->sharing + merging->zero;
	/* Zero pages that are the kernel's own need no item. */
	merging->items = merging->pages - merging->zero;
	merging->error = sqrt(walk->squares);
}

static int walk_init(struct walk *walk, const struct prints *prints, struct merging *merging)
{
	size_t room = prints->vm_count > 0 ? prints->vm_count : 1;
	uint64_t many = prints->vm_count / PAIRS_WHOLE_VMS;

	*walk = (struct walk){
		.most = prints->max_sharing > 1 ? prints->max_sharing : MERGING_SHARING_DEFAULT,
		.pair_modulo = many > 1 ? many * many : 1,
		.merging = merging,
	};
	*merging = (struct merging){ .vm_count = prints->vm_count };
	walk->heap = calloc(room, sizeof *walk->heap);
	walk->holders = calloc(room, sizeof *walk->holders);
	merging->vms = calloc(room, sizeof *merging->vms);
	merging->pairs = calloc(room * room, sizeof *merging->pairs);
	return walk->heap != NULL && walk->holders != NULL && merging->vms != NULL &&
	       merging->pairs != NULL ? 0 : -ENOMEM;
}

int merging_compute(const struct prints *prints, const bool *part, struct merging *ret)
{
	struct walk walk;
	int r = walk_init(&walk, prints, ret);

	if (r == 0) {
		heap_fill(&walk, prints, part, false);
		walk.weight = (double)prints->modulo;
		walk_contents(&walk);
		heap_fill(&walk, prints, part, true);
		walk.weight = 1;
		walk_contents(&walk);
		add_zero(&walk, prints, part);
		add_pages(ret, prints, part);
		finish(ret, &walk);
	}
	free(walk.heap);
	free(walk.holders);
	if (r < 0)
		merging_done(ret);
	return r;
}

void merging_done(struct merging *merging)
{
	free(merging->vms);
	free(merging->pairs);
	*merging = (struct merging){ 0 };
}

double merging_profit_bytes(const struct merging *merging)
{
	return merging->saved * PRINTS_PAGE_SIZE - merging->items * MERGING_ITEM_BYTES;
}

double merging_unmerge_bytes(const struct merging *merging)
{
	return merging->saved * PRINTS_PAGE_SIZE;
}
