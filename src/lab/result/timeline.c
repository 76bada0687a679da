/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/result/timeline.h"

#include "base/cleanup.h"
#include "lab/result/window.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* -- steps -------------------------------------------------------------------------------------------- */

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
	timeline_find_of(run, roles, TIMELINE_EVERY_VM, ret);
}

void timeline_find_of(const struct store_run *run, unsigned roles, unsigned vm, struct timeline *ret)
{
	const struct store_member *member = NULL;
	size_t i;

	prepare(run, ret);
	for (i = 0; i < run->interval_count; i++) {
		const struct store_interval *interval = &run->intervals[i];
		double from = (double)interval->at_nsec / 1e9;

		if (member == NULL || member->vm != interval->vm)
			member = member_of(run, interval->vm);
		if (member == NULL || (roles & 1u << member->role) == 0 ||
		    (vm != TIMELINE_EVERY_VM && member->vm != vm))
			continue;
		add(ret, from, from + (double)interval->length_nsec / 1e9, result_rate(member, interval));
	}
	/* The last step may be covered in part only, and would look like a fall. */
	if (ret->count > 1)
		ret->count--;
}

/* -- samples ---------------------------------------------------------------------------------------- */

static bool is_of(const struct store_sample *sample, const char *source, const char *figure)
{
	return strcmp(sample->source, source) == 0 && strcmp(sample->figure, figure) == 0;
}

static int compare_times(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

/* When this source was looked at: at each look some figure of it has changed. */
static int64_t *looks_find(const struct store_run *run, const char *source, size_t *ret_count)
{
	int64_t *looks = calloc(run->sample_count + 1, sizeof *looks);
	size_t i, count = 0;

	for (i = 0; looks != NULL && i < run->sample_count; i++)
		if (strcmp(run->samples[i].source, source) == 0)
			looks[count++] = run->samples[i].at_nsec;
	if (looks != NULL)
		qsort(looks, count, sizeof *looks, compare_times);
	*ret_count = count;
	return looks;
}

/* The last look before this time, which is one. */
static int64_t look_before(const int64_t *looks, size_t count, int64_t at)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (looks[middle] < at)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 ? looks[low - 1] : at;
}

static void add_growth(struct timeline *timeline, const struct store_sample *last,
		       const struct store_sample *sample, int64_t look)
{
	double from = (double)(look > last->at_nsec ? look : last->at_nsec) / 1e9;
	double to = (double)sample->at_nsec / 1e9;

	if (!(to > from) || sample->value < last->value)
		return;
	add(timeline, (double)last->at_nsec / 1e9, from, 0);
	add(timeline, from, to, ((double)sample->value - (double)last->value) / (to - from));
}

/* What is not written down at a look has not changed since the one before. */
void timeline_find_growth(const struct store_run *run, const char *source, const char *figure,
			  struct timeline *ret)
{
	const struct store_sample *last = NULL;
	size_t i, count;
	CLEANUP_FREE int64_t *looks = looks_find(run, source, &count);

	prepare(run, ret);
	for (i = 0; looks != NULL && i < run->sample_count; i++) {
		const struct store_sample *sample = &run->samples[i];

		if (!is_of(sample, source, figure))
			continue;
		if (last != NULL)
			add_growth(ret, last, sample, look_before(looks, count, sample->at_nsec));
		last = sample;
	}
	if (last == NULL)
		ret->count = 0;
	else if (looks[count - 1] > last->at_nsec)
		add(ret, (double)last->at_nsec / 1e9, (double)looks[count - 1] / 1e9, 0);
}

void timeline_find_level(const struct store_run *run, const char *source, const char *figure,
			 struct timeline *ret)
{
	const struct store_sample *last = NULL;
	size_t i;

	prepare(run, ret);
	for (i = 0; i < run->sample_count; i++) {
		const struct store_sample *sample = &run->samples[i];

		if (!is_of(sample, source, figure))
			continue;
		if (last != NULL && sample->at_nsec > last->at_nsec)
			add(ret, (double)last->at_nsec / 1e9, (double)sample->at_nsec / 1e9,
			    (double)last->value);
		last = sample;
	}
	if (last == NULL)
		ret->count = 0;
	else
		add(ret, (double)last->at_nsec / 1e9, (double)ret->count * ret->step_sec,
		    (double)last->value);
}

double timeline_most(const struct timeline *timeline)
{
	double most = NAN;
	size_t i;

	for (i = 0; i < timeline->count; i++)
		most = fmax(most, timeline->rates[i]);
	return most;
}
