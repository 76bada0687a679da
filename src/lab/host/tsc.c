/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/host/tsc.h"

#include <time.h>
#include <x86intrin.h>

#define SAMPLES 8
#define PART_MOST 1000

static void sample_once(struct tsc *ret_sample)
{
	uint64_t before = __rdtsc(), after;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_RAW, &now);
	after = __rdtsc();
	ret_sample->ticks = before + (after - before) / 2;
	ret_sample->nsec = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	ret_sample->uncertainty_ticks = after - before;
}

/* The best of a few: between the two readings another program may run. */
void tsc_sample(struct tsc *ret_sample)
{
	struct tsc sample;
	int i;

	sample_once(ret_sample);
	for (i = 1; i < SAMPLES; i++) {
		sample_once(&sample);
		if (sample.uncertainty_ticks < ret_sample->uncertainty_ticks)
			*ret_sample = sample;
	}
}

uint64_t tsc_khz(const struct tsc *from, const struct tsc *to)
{
	uint64_t ticks = to->ticks - from->ticks, nsec = to->nsec - from->nsec;
	uint64_t uncertainty = from->uncertainty_ticks + to->uncertainty_ticks;

	if (to->ticks <= from->ticks || to->nsec <= from->nsec ||
	    uncertainty > ticks / PART_MOST)
		return 0;
	return (uint64_t)((unsigned __int128)ticks * 1000000u / nsec);
}
