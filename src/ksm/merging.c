/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ksm/merging.h"

#include "ksm/contents.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of so many VMs every pair is counted at every content; of more, at some contents. */
#define PAIRS_WHOLE_VMS 64

struct walk {
	struct contents contents;
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

	for (a = 0; a < walk->contents.holder_count; a++)
		for (b = a + 1; b < walk->contents.holder_count; b++) {
			const struct contents_holder *one = &walk->contents.holders[a];
			const struct contents_holder *other = &walk->contents.holders[b];
			double saved = weight * (double)(frames_of(one->pages, walk->most) +
							 frames_of(other->pages, walk->most) -
							 frames_of(one->pages + other->pages, walk->most));

			merging->pairs[one->vm * merging->vm_count + other->vm] += saved;
			merging->pairs[other->vm * merging->vm_count + one->vm] += saved;
		}
}

static void add_holder(struct walk *walk, const struct contents_holder *holder, uint64_t pages,
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

	for (i = 0; i < walk->contents.holder_count; i++)
		pages += walk->contents.holders[i].pages;
	frames = frames_of(pages, walk->most);
	left = pages % walk->most == 1;
	merging->shared += walk->weight * (double)(frames - left);
	merging->sharing += walk->weight * (double)(pages - frames);
	merging->unshared += walk->weight * (double)left;
	walk->squares += (walk->weight - 1) * walk->weight *
			 (double)(pages - frames) * (double)(pages - frames);
	for (i = 0; i < walk->contents.holder_count; i++)
		add_holder(walk, &walk->contents.holders[i], pages, frames);
	if (walk->contents.holder_count > 1 && hash / (uint64_t)walk->weight % walk->pair_modulo == 0)
		add_pairs(walk);
}

/* -- all contents --------------------------------------------------------------------------------- */

static void walk_contents(struct walk *walk, const bool *part, bool frequent)
{
	contents_begin(&walk->contents, part, frequent);
	while (contents_next(&walk->contents))
		add_content(walk, walk->contents.hash);
}

/* -- zero pages ----------------------------------------------------------------------------------- */

/* They are counted, not sampled. As a content like others, or as none. */
static void add_zero(struct walk *walk, const struct prints *prints, const bool *part)
{
	struct merging *merging = walk->merging;
	size_t i;

	walk->weight = 1;
	walk->contents.holder_count = 0;
	for (i = 0; i < prints->vm_count; i++)
		if ((part == NULL || part[i]) && prints->vms[i].zero > 0)
			walk->contents.holders[walk->contents.holder_count++] =
				(struct contents_holder){ i, prints->vms[i].zero };
	if (!prints->zero_pages) {
		if (walk->contents.holder_count > 0)
			add_content(walk, 0);
		return;
	}
	for (i = 0; i < walk->contents.holder_count; i++) {
		struct merging_vm *vm = &merging->vms[walk->contents.holders[i].vm];
		double pages = (double)walk->contents.holders[i].pages;

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
	merging->vms = calloc(room, sizeof *merging->vms);
	merging->pairs = calloc(room * room, sizeof *merging->pairs);
	if (contents_init(&walk->contents, prints) < 0)
		return -ENOMEM;
	return merging->vms != NULL && merging->pairs != NULL ? 0 : -ENOMEM;
}

int merging_compute(const struct prints *prints, const bool *part, struct merging *ret)
{
	struct walk walk;
	int r = walk_init(&walk, prints, ret);

	if (r == 0) {
		walk.weight = (double)prints->modulo;
		walk_contents(&walk, part, false);
		walk.weight = 1;
		walk_contents(&walk, part, true);
		add_zero(&walk, prints, part);
		add_pages(ret, prints, part);
		finish(ret, &walk);
	}
	contents_done(&walk.contents);
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
