/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/result/timeline.h"

#include "lab/result/window.h"

#include <math.h>
#include <string.h>

/* As long as most intervals are, or longer where a run has too many of them. */
static void prepare(const struct store_run *run, struct timeline *ret)
{
	double end = (double)(run->warmup_nsec + run->duration_nsec) / 1e9, step = 0.1;
	size_t i;

	if (run->interval_count > 0)
		step = (double)run->intervals[run->interval_count / 2].length_nsec / 1e9;
	if (!(end / step < TIMELINE_STEPS_MOST))
		step = end / TIMELINE_STEPS_MOST;
	ret->step_sec = step;
	ret->count = end > 0 && step > 0 ? (size_t)floor(end / step) : 0;
	if (ret->count > TIMELINE_STEPS_MOST)
		ret->count = TIMELINE_STEPS_MOST;
	for (i = 0; i < TIMELINE_STEPS_MOST; i++)
		ret->rates[i] = NAN;
}

static void add(struct timeline *timeline, double from, double to, double rate)
{
	double begin, end, covered;
	size_t i = from > 0 ? (size_t)fmin(from / timeline->step_sec, TIMELINE_STEPS_MOST) : 0;

	for (; i < timeline->count; i++) {
		begin = (double)i * timeline->step_sec;
		end = begin + timeline->step_sec;
		if (begin >= to)
			break;
		covered = fmin(end, to) - fmax(begin, from);
		if (covered <= 0)
			continue;
		if (isnan(timeline->rates[i]))
			timeline->rates[i] = 0;
		timeline->rates[i] += rate * covered / timeline->step_sec;
	}
}

static const struct store_member *member_of(const struct store_run *run, unsigned vm)
{
	size_t i;

	for (i = 0; i < run->member_count; i++)
		if (run->members[i].vm == vm)
			return &run->members[i];
	return NULL;
}

void timeline_find(const struct store_run *run, unsigned roles, struct timeline *ret)
{
	const struct store_member *member = NULL;
	size_t i;

	prepare(run, ret);
	for (i = 0; i < run->interval_count; i++) {
		const struct store_interval *interval = &run->intervals[i];
		double from = (double)interval->at_nsec / 1e9;

		if (member == NULL || member->vm != interval->vm)
			member = member_of(run, interval->vm);
		if (member == NULL || (roles & 1u << member->role) == 0)
			continue;
		add(ret, from, from + (double)interval->length_nsec / 1e9, result_rate(member, interval));
	}
	/* The last step may be covered in part only, and would look like a fall. */
	if (ret->count > 1)
		ret->count--;
}

void timeline_find_growth(const struct store_run *run, const char *source, const char *figure,
			  struct timeline *ret)
{
	const struct store_sample *last = NULL;
	size_t i;

	prepare(run, ret);
	for (i = 0; i < run->sample_count; i++) {
		const struct store_sample *sample = &run->samples[i];
		double from, to;

		if (strcmp(sample->source, source) != 0 || strcmp(sample->figure, figure) != 0)
			continue;
		from = last != NULL ? (double)last->at_nsec / 1e9 : 0;
		to = (double)sample->at_nsec / 1e9;
		if (last != NULL && to > from && sample->value >= last->value)
			add(ret, from, to, (double)(sample->value - last->value) / (to - from));
		last = sample;
	}
	if (last == NULL)
		ret->count = 0;
}
