/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ksm/merging.h"

#include "ksm/contents.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of so many VMs every pair is counted at every content; of more, at some contents. */
#define PAIRS_WHOLE_VMS 64

/* What a VM's sampled pages stand for. */
struct stratum {
	double weight;  /* pages that one of them stands for */
	double sampled; /* pages, with those that change and those that are gone */
	double saved;   /* of these */
};

struct walk {
	struct contents contents;
	struct stratum *strata;
	bool sampled;    /* the list that is walked over: each of the others stands for itself */
	uint64_t most;   /* mappings of a merged page */
	uint64_t modulo, pair_modulo;
	struct merging *merging;
	double squares;
};

static uint64_t frames_of(uint64_t pages, uint64_t most)
{
	return (pages + most - 1) / most;
}

/* -- one content --------------------------------------------------------------------------------- */

static double weight_of(const struct walk *walk, const struct contents_holder *holder)
{
	return walk->sampled ? walk->strata[holder->vm].weight : 1;
}

static void add_pairs(struct walk *walk)
{
	struct merging *merging = walk->merging;
	size_t a, b;

	for (a = 0; a < walk->contents.holder_count; a++)
		for (b = a + 1; b < walk->contents.holder_count; b++) {
			const struct contents_holder *one = &walk->contents.holders[a];
			const struct contents_holder *other = &walk->contents.holders[b];
			double weight = (weight_of(walk, one) + weight_of(walk, other)) / 2 *
					(double)walk->pair_modulo;
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
	double weight = weight_of(walk, holder);

	if (pages > 1)
		vm->merged += weight * (double)holder->pages;
	vm->saved_alone += weight * (double)(holder->pages - frames_of(holder->pages, walk->most));
	vm->freed += weight * (double)(frames - without);
	if (walk->sampled)
		walk->strata[holder->vm].saved += (double)holder->pages *
						  (double)(pages - frames) / (double)pages;
}

/* The content's pages, and how many contents one like this stands for: each page brings its VM's. */
static uint64_t count_pages(const struct walk *walk, double *ret_weight)
{
	uint64_t pages = 0;
	size_t i;

	*ret_weight = 0;
	for (i = 0; i < walk->contents.holder_count; i++) {
		const struct contents_holder *holder = &walk->contents.holders[i];

		pages += holder->pages;
		*ret_weight += weight_of(walk, holder) * (double)holder->pages;
	}
	*ret_weight /= (double)pages;
	return pages;
}

static void add_content(struct walk *walk, uint64_t hash)
{
	struct merging *merging = walk->merging;
	double weight;
	uint64_t pages = count_pages(walk, &weight), frames = frames_of(pages, walk->most);
	uint64_t left = pages % walk->most == 1;
	size_t i;

	merging->shared += weight * (double)(frames - left);
	merging->sharing += weight * (double)(pages - frames);
	merging->unshared += weight * (double)left;
	for (i = 0; i < walk->contents.holder_count; i++)
		add_holder(walk, &walk->contents.holders[i], pages, frames);
	if (walk->contents.holder_count > 1 && hash / walk->modulo % walk->pair_modulo == 0)
		add_pairs(walk);
}

/* How far what this content saves is from what its pages would, were they like their VM's others:
 * only that is left to chance when the number of a VM's pages is known. */
static void add_square(struct walk *walk)
{
	double weight, residual;
	uint64_t pages = count_pages(walk, &weight);
	size_t i;

	residual = (double)(pages - frames_of(pages, walk->most));
	for (i = 0; i < walk->contents.holder_count; i++) {
		const struct contents_holder *holder = &walk->contents.holders[i];
		const struct stratum *stratum = &walk->strata[holder->vm];

		residual -= (double)holder->pages * stratum->saved / stratum->sampled;
	}
	if (weight > 1)
		walk->squares += (weight - 1) * weight * residual * residual;
}

/* -- what a sample stands for --------------------------------------------------------------------- */

/* As if one content more had been drawn of each VM, like none of the others: of a sample that is all
 * alike the error is small, not none. Where nothing was drawn, all may be shared or nothing. */
static double doubt_of(const struct stratum *stratum, double population)
{
	if (stratum->sampled <= 0)
		return population * population;
	return stratum->weight > 1 ? (stratum->weight - 1) * stratum->weight : 0;
}

/* Pages of the VM that are sampled from; of a stranger's file this may be any number. */
static void weigh_stratum(struct walk *walk, const struct prints_vm *vm, struct stratum *ret)
{
	double population = (double)vm->pages - (double)vm->zero - (double)vm->frequent.count;

	ret->sampled = (double)vm->sampled.count +
		       (double)(vm->changing + vm->gone) / (double)walk->modulo;
	if (population < ret->sampled)
		population = ret->sampled;
	if (ret->sampled > 0)
		ret->weight = population / ret->sampled;
	walk->squares += doubt_of(ret, population);
}

static void weigh_strata(struct walk *walk, const struct prints *prints, const bool *part)
{
	size_t i;

	for (i = 0; i < prints->vm_count; i++) {
		walk->strata[i] = (struct stratum){ .weight = 1 };
		if (walk->modulo > 1 && (part == NULL || part[i]))
			weigh_stratum(walk, &prints->vms[i], &walk->strata[i]);
	}
}

/* -- all contents --------------------------------------------------------------------------------- */

static void walk_contents(struct walk *walk, const bool *part, bool frequent)
{
	walk->sampled = !frequent;
	contents_begin(&walk->contents, part, frequent);
	while (contents_next(&walk->contents))
		add_content(walk, walk->contents.hash);
}

/* Behind the walk over the same, by which what a VM's pages save on average is known. */
static void walk_squares(struct walk *walk, const bool *part)
{
	walk->sampled = true;
	contents_begin(&walk->contents, part, false);
	while (walk->modulo > 1 && contents_next(&walk->contents))
		add_square(walk);
}

/* -- zero pages ----------------------------------------------------------------------------------- */

/* They are counted, not sampled. As a content like others, or as none. */
static void add_zero(struct walk *walk, const struct prints *prints, const bool *part)
{
	struct merging *merging = walk->merging;
	size_t i;

	walk->sampled = false;
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

static void add_pages(struct walk *walk, const struct prints *prints, const bool *part)
{
	struct merging *merging = walk->merging;
	size_t i;

	for (i = 0; i < prints->vm_count; i++) {
		struct merging_vm *vm = &merging->vms[i];

		vm->takes_part = part == NULL || part[i];
		if (!vm->takes_part)
			continue;
		vm->pages = (double)prints->vms[i].pages;
		vm->changing = (double)prints->vms[i].changing;
		if (walk->modulo > 1)
			vm->changing *= walk->strata[i].weight / (double)walk->modulo;
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
		.modulo = prints->modulo > 0 ? prints->modulo : 1,
		.pair_modulo = many > 1 ? many * many : 1,
		.merging = merging,
	};
	*merging = (struct merging){ .vm_count = prints->vm_count };
	walk->strata = calloc(room, sizeof *walk->strata);
	merging->vms = calloc(room, sizeof *merging->vms);
	merging->pairs = calloc(room * room, sizeof *merging->pairs);
	if (contents_init(&walk->contents, prints) < 0)
		return -ENOMEM;
	return walk->strata != NULL && merging->vms != NULL && merging->pairs != NULL ? 0 : -ENOMEM;
}

int merging_compute(const struct prints *prints, const bool *part, struct merging *ret)
{
	struct walk walk;
	int r = walk_init(&walk, prints, ret);

	if (r == 0) {
		weigh_strata(&walk, prints, part);
		walk_contents(&walk, part, false);
		walk_squares(&walk, part);
		walk_contents(&walk, part, true);
		add_zero(&walk, prints, part);
		add_pages(&walk, prints, part);
		finish(ret, &walk);
	}
	contents_done(&walk.contents);
	free(walk.strata);
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
