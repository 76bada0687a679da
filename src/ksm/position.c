/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ksm/position.h"

#include "base/vec.h"
#include "ksm/merging.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* How far chance may go, in standard errors. */
#define CHANCE 3.0

struct sample {
	struct print_list hashes;
	double pages, read, zero, changing;
	double most;     /* mappings of a merged page */
	bool zero_pages; /* pages of zeros are the kernel's own, and take no frame */
};

/* What the contents of the sample come to. */
struct tally {
	double contents; /* met */
	double once;     /* of these, met once */
	double frames;   /* that the sample itself would take */
	double beyond;   /* likely, those of contents that need more than one frame */
};

static int add_vm(struct sample *sample, const struct prints_vm *vm)
{
	const struct print_list *from = &vm->sampled;
	struct print_list *to = &sample->hashes;

	if (from->count > 0) {
		if (!VEC_RESERVE(to->hashes, to->capacity, to->count + from->count))
			return -ENOMEM;
		memcpy(to->hashes + to->count, from->hashes, from->count * sizeof *from->hashes);
		to->count += from->count;
	}
	sample->pages += (double)vm->pages;
	sample->read += (double)vm->read;
	sample->zero += (double)vm->zero;
	sample->changing += (double)vm->changing;
	return 0;
}

static void meet(struct tally *tally, const struct sample *sample, double pages)
{
	double all = pages * sample->pages / sample->read;

	tally->contents++;
	tally->once += pages == 1;
	tally->frames += ceil(pages / sample->most);
	if (all > sample->most)
		tally->beyond += all / sample->most - 1;
}

static struct tally tally_of(const struct sample *sample)
{
	const struct print_list *list = &sample->hashes;
	struct tally tally = { 0 };
	size_t i, run;

	for (i = 0; i < list->count; i += run) {
		for (run = 1; i + run < list->count && list->hashes[i + run] == list->hashes[i]; run++)
			;
		meet(&tally, sample, (double)run);
	}
	if (sample->zero > 0 && !sample->zero_pages)
		meet(&tally, sample, sample->zero);
	return tally;
}

static double between(double least, double value, double most)
{
	return value < least ? least : value > most ? most : value;
}

/* Every page that changes is a content of its own. */
static struct position_range saved_of(const struct sample *sample)
{
	double rate = sample->read / sample->pages;
	struct tally tally = tally_of(sample);
	double alone = tally.once + sample->changing, more = tally.contents - tally.once;
	double frames_least = tally.frames + sample->changing;
	double frames_most = more + alone / rate + CHANCE * sqrt(alone + 1) / rate +
			     sample->pages / sample->most;
	struct position_range saved;

	if (sample->read == sample->pages)
		frames_most = frames_least;
	/* What the sample alone would save is saved for certain. */
	saved.most = sample->pages - frames_least;
	saved.least = between(sample->read - frames_least, sample->pages - frames_most, saved.most);
	saved.likely = sample->pages - (more + tally.once * sqrt(1 / rate) + sample->changing / rate +
					tally.beyond);
	saved.likely = between(saved.least, saved.likely, saved.most);
	return saved;
}

/* Pages that were gone at the second look were read for nothing, and so many more are gone. */
static void leave_out_gone(struct sample *sample)
{
	double kept = (double)sample->hashes.count + sample->zero + sample->changing;

	if (kept >= sample->read)
		return;
	sample->pages *= kept / sample->read;
	sample->read = kept;
}

int position_estimate(const struct prints *prints, const bool *part, struct position_estimate *ret)
{
	struct sample sample = {
		.most = prints->max_sharing > 1 ? (double)prints->max_sharing : MERGING_SHARING_DEFAULT,
		.zero_pages = prints->zero_pages,
	};
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < prints->vm_count; i++)
		if (part == NULL || part[i])
			r = add_vm(&sample, &prints->vms[i]);
	if (r == 0 && !print_list_sort(&sample.hashes))
		r = -ENOMEM;
	if (r == 0) {
		*ret = (struct position_estimate){ .pages = sample.pages, .read = sample.read };
		leave_out_gone(&sample);
	}
	if (r == 0 && sample.read > 0) {
		ret->zero = sample.zero * sample.pages / sample.read;
		ret->changing = sample.changing * sample.pages / sample.read;
		ret->saved = saved_of(&sample);
	}
	free(sample.hashes.hashes);
	return r;
}
