/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ksm/population.h"

#include "base/map.h"
#include "base/vec.h"
#include "ksm/contents.h"
#include "ksm/merging.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct gathering {
	struct population *population;
	const struct prints *prints;
	const size_t *kind_of;
	struct contents contents;
	struct map rows; /* by row_key: 1 + the row's place */
	double *weights; /* of each VM: pages that one of the list that is walked over stands for */
	bool failed;
};

/* -- which contents are alike --------------------------------------------------------------------- */

/* So few digits that there are few rows; whole up to 16 pages. */
static double round_pages(double pages)
{
	int exponent;

	if (pages <= 16)
		return pages;
	frexp(pages, &exponent);
	return ldexp(rint(ldexp(pages, 6 - exponent)), exponent - 6);
}

static uint64_t key_mix(uint64_t key, uint64_t number)
{
	key = (key ^ number) * 0x9e3779b97f4a7c15u;
	return key ^ key >> 29;
}

static uint64_t row_key(const struct population_row *row, size_t kinds)
{
	uint64_t key = 0;
	size_t kind;

	for (kind = 0; kind < kinds; kind++)
		key = key_mix(key_mix(key, row->holders[kind]), (uint64_t)row->pages[kind]);
	return key;
}

static bool row_is_like(const struct population_row *a, const struct population_row *b)
{
	return memcmp(a->holders, b->holders, sizeof a->holders) == 0 &&
	       memcmp(a->pages, b->pages, sizeof a->pages) == 0;
}

/* Two rows of one key, were there such, stand one behind the other. */
static void count_row(struct gathering *gathering, struct population_row *row)
{
	struct population *population = gathering->population;
	uint64_t key = row_key(row, population->kind_count);
	uintptr_t place;

	for (; (place = (uintptr_t)map_get(&gathering->rows, key)) != 0; key++)
		if (row_is_like(&population->rows[place - 1], row)) {
			population->rows[place - 1].contents += row->contents;
			return;
		}
	if (!VEC_RESERVE(population->rows, population->row_capacity, population->row_count + 1) ||
	    !map_put(&gathering->rows, key, (void *)(population->row_count + 1))) {
		gathering->failed = true;
		return;
	}
	population->rows[population->row_count++] = *row;
}

/* -- one content ---------------------------------------------------------------------------------- */

static double frames_of(const struct population *population, double pages)
{
	return ceil(pages / population->max_sharing);
}

/* The content's only holder. */
static void count_own(struct gathering *gathering, const struct contents_holder *holder)
{
	struct population *population = gathering->population;
	double frames = frames_of(population, (double)holder->pages);
	double weight = gathering->weights[holder->vm];

	population->own[holder->vm] += weight * frames;
	population->kinds[gathering->kind_of[holder->vm]].own_variance +=
		weight * (weight - 1) * frames * frames;
}

/* How many contents one like this stands for: each page brings its VM's weight. */
static double weight_of(const struct gathering *gathering)
{
	const struct contents *contents = &gathering->contents;
	double weight = 0, pages = 0;
	size_t i;

	for (i = 0; i < contents->holder_count; i++) {
		double own = (double)contents->holders[i].pages;

		weight += gathering->weights[contents->holders[i].vm] * own;
		pages += own;
	}
	return weight / pages;
}

static void add_content(struct gathering *gathering)
{
	const struct contents *contents = &gathering->contents;
	struct population_row row = { .contents = weight_of(gathering) };
	size_t i;

	if (contents->holder_count == 1)
		count_own(gathering, &contents->holders[0]);
	for (i = 0; i < contents->holder_count; i++) {
		size_t kind = gathering->kind_of[contents->holders[i].vm];

		row.holders[kind]++;
		row.pages[kind] += (double)contents->holders[i].pages;
	}
	for (i = 0; i < gathering->population->kind_count; i++)
		row.pages[i] = round_pages(row.pages[i]);
	count_row(gathering, &row);
}

/* Of a sample of contents it is known how many pages the VM has in all. */
static double sampled_weight(const struct prints *prints, const struct prints_vm *vm)
{
	double all = (double)vm->pages - (double)vm->zero - (double)vm->frequent.count;
	double sampled = (double)vm->sampled.count +
			 (double)(vm->changing + vm->gone) / (double)prints->modulo;

	return prints->modulo > 1 && sampled > 0 && all > sampled ? all / sampled : 1;
}

static void add_contents(struct gathering *gathering, const bool *part, bool frequent)
{
	const struct prints *prints = gathering->prints;
	size_t i;

	for (i = 0; i < prints->vm_count; i++)
		gathering->weights[i] = frequent ? 1 : sampled_weight(prints, &prints->vms[i]);
	contents_begin(&gathering->contents, part, frequent);
	while (!gathering->failed && contents_next(&gathering->contents))
		add_content(gathering);
}

/* -- each VM -------------------------------------------------------------------------------------- */

static void add_vm(struct gathering *gathering, size_t number)
{
	struct population_kind *kind = &gathering->population->kinds[gathering->kind_of[number]];
	const struct prints_vm *vm = &gathering->prints->vms[number];
	double changing = (double)vm->changing;

	if (gathering->prints->modulo > 1)
		changing *= sampled_weight(gathering->prints, vm) / (double)gathering->prints->modulo;
	kind->observed++;
	kind->pages += (double)vm->pages;
	kind->zero += (double)vm->zero;
	kind->changing += changing;
	gathering->population->own[number] += changing;
}

static void finish_kind(struct population_kind *kind)
{
	double observed = (double)kind->observed;

	if (kind->observed == 0)
		return;
	kind->pages /= observed;
	kind->zero /= observed;
	kind->changing /= observed;
	kind->own_variance /= observed * observed;
}

static int gather(struct gathering *gathering, bool *part)
{
	struct population *population = gathering->population;
	size_t i;

	for (i = 0; i < gathering->prints->vm_count; i++) {
		part[i] = gathering->kind_of[i] < population->kind_count;
		if (part[i])
			add_vm(gathering, i);
	}
	if (contents_init(&gathering->contents, gathering->prints) < 0)
		return -ENOMEM;
	add_contents(gathering, part, false);
	add_contents(gathering, part, true);
	for (i = 0; i < population->kind_count; i++)
		finish_kind(&population->kinds[i]);
	return gathering->failed ? -ENOMEM : 0;
}

int population_init(struct population *population, const struct prints *prints,
		    const size_t *kind_of, size_t kind_count)
{
	struct gathering gathering = {
		.population = population, .prints = prints, .kind_of = kind_of,
	};
	size_t room = prints->vm_count > 0 ? prints->vm_count : 1;
	bool *part = calloc(room, sizeof *part);
	int r = -ENOMEM;

	gathering.weights = calloc(room, sizeof *gathering.weights);
	*population = (struct population){
		.kind_count = kind_count,
		.max_sharing = prints->max_sharing > 1 ? (double)prints->max_sharing :
							 MERGING_SHARING_DEFAULT,
		.zero_pages = prints->zero_pages,
		.own = calloc(room, sizeof *population->own),
	};
	map_init(&gathering.rows);
	if (part != NULL && population->own != NULL && gathering.weights != NULL)
		r = gather(&gathering, part);
	contents_done(&gathering.contents);
	map_done(&gathering.rows);
	free(gathering.weights);
	free(part);
	if (r < 0)
		population_done(population);
	return r;
}

void population_done(struct population *population)
{
	free(population->rows);
	free(population->own);
	*population = (struct population){ 0 };
}

/* -- n VMs ---------------------------------------------------------------------------------------- */

/* That none of `count` VMs has it, chosen among `observed` of which `holders` have it. */
static double absent(size_t observed, size_t holders, size_t count)
{
	double share = 1;
	size_t i;

	if (count > observed - holders)
		return 0;
	for (i = 0; i < count; i++)
		share *= (double)(observed - holders - i) / (double)(observed - i);
	return share;
}

/* One VM alone has it: so many others as there are VMs more have theirs. */
static double own_frames(const struct population *population, const struct population_row *row,
			 size_t kind, const size_t *counts)
{
	return frames_of(population, row->pages[kind]) * (double)counts[kind] /
	       (double)population->kinds[kind].observed;
}

static double row_frames(const struct population *population, const struct population_row *row,
			 const size_t *counts)
{
	double none = 1, pages = 0;
	size_t kind, holders = 0, last = 0;

	for (kind = 0; kind < population->kind_count; kind++) {
		size_t observed = population->kinds[kind].observed;

		if (row->holders[kind] == 0)
			continue;
		holders += row->holders[kind];
		last = kind;
		none *= absent(observed, row->holders[kind], counts[kind]);
		pages += row->pages[kind] * (double)counts[kind] / (double)observed;
	}
	if (holders == 1)
		return own_frames(population, row, last, counts);
	return pages > population->max_sharing ? frames_of(population, pages) : 1 - none;
}

static double zero_frames(const struct population *population, const size_t *counts)
{
	double pages = 0;
	size_t kind;

	for (kind = 0; kind < population->kind_count; kind++)
		pages += population->kinds[kind].zero * (double)counts[kind];
	return population->zero_pages ? 0 : frames_of(population, pages);
}

double population_frames(const struct population *population, const size_t *counts)
{
	double frames = zero_frames(population, counts);
	size_t i;

	for (i = 0; i < population->kind_count; i++)
		frames += population->kinds[i].changing * (double)counts[i];
	for (i = 0; i < population->row_count; i++)
		frames += population->rows[i].contents * row_frames(population, &population->rows[i], counts);
	return frames;
}

double population_items(const struct population *population, const size_t *counts)
{
	double items = 0;
	size_t kind;

	for (kind = 0; kind < population->kind_count; kind++) {
		const struct population_kind *one = &population->kinds[kind];

		items += (double)counts[kind] * (one->pages - (population->zero_pages ? one->zero : 0));
	}
	return items;
}
