/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/result/values.h"

#include "base/cursor.h"
#include "measure/quantile.h"
#include "model/host.h"
#include "model/vm.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Steps are no more than so many times the reports, should these be of very different lengths. */
enum { STEPS_A_REPORT = 4 };

size_t values_room(const struct store_run *run)
{
	return STEPS_A_REPORT * run->interval_count + 1;
}

/* -- of each interval ------------------------------------------------------------------------------ */

static double bytes_a_second(const struct store_member *subject, const struct store_interval *interval)
{
	(void)subject;
	return (double)interval->bytes * 1e9 / (double)interval->length_nsec;
}

static double errors_a_second(const struct store_member *subject,
			      const struct store_interval *interval)
{
	(void)subject;
	return (double)interval->errors * 1e9 / (double)interval->length_nsec;
}

/* Of what was sent. */
static double lost_share(const struct store_member *subject, const struct store_interval *interval)
{
	double all = (double)interval->operations + (double)interval->lost;

	(void)subject;
	return all > 0 ? (double)interval->lost / all : 0;
}

static const struct {
	const char *name;
	double (*of)(const struct store_member *subject, const struct store_interval *interval);
	enum result_unit unit;
} counted[] = {
	{ "rate", result_rate, RESULT_PER_SECOND },
	{ "bytes", bytes_a_second, RESULT_BYTES_PER_SECOND },
	{ "lost", lost_share, RESULT_SHARE },
	{ "errors", errors_a_second, RESULT_PER_SECOND },
	{ NULL, NULL, RESULT_PLAIN },
};

static size_t find_counted(const char *measure)
{
	size_t i = 0;

	while (counted[i].name != NULL && strcmp(counted[i].name, measure) != 0)
		i++;
	return i;
}

struct steps {
	int64_t from_nsec;
	double length_nsec;
	size_t count;
	double *sum, *covered;
};

/* How long most reports are apart. */
static double usual_length(const struct store_run *run, unsigned vm, double *scratch)
{
	size_t i, count = 0;

	for (i = 0; i < run->interval_count; i++)
		if (run->intervals[i].vm == vm)
			scratch[count++] = (double)run->intervals[i].length_nsec;
	return measure_quantile(scratch, count, 0.5);
}

static void steps_plan(struct steps *steps, const struct store_run *run,
		       const struct result_window *window, unsigned vm)
{
	double length = (double)(window->until_nsec - window->from_nsec);
	double count = length / usual_length(run, vm, steps->sum);

	if (!(length > 0) || !(count > 0))
		return;
	steps->from_nsec = window->from_nsec;
	steps->count = (size_t)fmax(1, round(fmin(count, (double)(STEPS_A_REPORT * run->interval_count))));
	steps->length_nsec = length / (double)steps->count;
	memset(steps->sum, 0, steps->count * sizeof *steps->sum);
}

/* The report counts in each step that it covers, by how much of it. */
static void steps_add(struct steps *steps, const struct store_interval *interval, double value)
{
	double from = (double)(interval->at_nsec - steps->from_nsec) / steps->length_nsec;
	double to = from + (double)interval->length_nsec / steps->length_nsec, covered;
	size_t i = from > 0 ? (size_t)fmin(from, (double)steps->count) : 0;

	for (; i < steps->count && (double)i < to; i++) {
		covered = fmin(to, (double)i + 1) - fmax(from, (double)i);
		steps->sum[i] += value * covered;
		steps->covered[i] += covered;
	}
}

/* A step of which less than half was reported (the last one, say) has no value. */
static size_t steps_take(const struct steps *steps, double *ret, int64_t *ret_times)
{
	size_t i, count = 0;

	for (i = 0; i < steps->count; i++) {
		if (!(steps->covered[i] > 0.5))
			continue;
		if (ret_times != NULL)
			ret_times[count] = steps->from_nsec +
					   (int64_t)(((double)i + 0.5) * steps->length_nsec);
		ret[count++] = steps->sum[i] / steps->covered[i];
	}
	return count;
}

static size_t values_counted(const struct store_run *run, const struct result_window *window,
			     size_t what, double *ret, int64_t *ret_times)
{
	const struct store_member *subject = result_subject(run);
	struct steps steps = { .sum = calloc(values_room(run), sizeof *steps.sum),
			       .covered = calloc(values_room(run), sizeof *steps.covered) };
	size_t i, count = 0;

	if (steps.sum != NULL && steps.covered != NULL) {
		steps_plan(&steps, run, window, subject->vm);
		for (i = 0; i < run->interval_count; i++)
			if (run->intervals[i].vm == subject->vm)
				steps_add(&steps, &run->intervals[i],
					  counted[what].of(subject, &run->intervals[i]));
		count = steps_take(&steps, ret, ret_times);
	}
	free(steps.sum);
	free(steps.covered);
	return count;
}

/* -- of a run ---------------------------------------------------------------------------------------- */

double values_latency_sec(const struct store_run *run, const struct result_window *window,
			  unsigned vm, unsigned permyriad)
{
	struct histogram sum = { { 0 } };
	size_t i, j;

	for (i = 0; i < run->interval_count; i++) {
		const struct store_interval *interval = &run->intervals[i];

		if (interval->vm != vm || !result_window_has(window, interval))
			continue;
		for (j = 0; j < interval->bucket_count; j++) {
			const struct store_bucket *bucket = &run->buckets[interval->first_bucket + j];

			sum.counts[bucket->index] += bucket->added;
		}
	}
	if (histogram_total(&sum) == 0)
		return NAN;
	return (double)histogram_quantile_nsec(&sum, permyriad) / 1e9;
}

static int compare_sample(const struct store_sample *sample, const char *source, const char *figure)
{
	int order = strcmp(sample->source, source);

	return order != 0 ? order : strcmp(sample->figure, figure);
}

/* The samples of one figure: a store gives them by source, figure and time. */
static size_t samples_of(const struct store_run *run, const char *source, const char *figure,
			 size_t *ret_first)
{
	size_t low = 0, high = run->sample_count, count = 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_sample(&run->samples[middle], source, figure) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	while (low + count < run->sample_count &&
	       compare_sample(&run->samples[low + count], source, figure) == 0)
		count++;
	*ret_first = low;
	return count;
}

/* The runner looks each second, and writes down what has changed: a counter moved within the last
 * second before a sample, and stood still before that. */
#define STEP_NSEC 1e9

static double value_at(const struct store_sample *samples, size_t count, int64_t at)
{
	size_t i = 0;
	double step;

	while (i + 1 < count && samples[i + 1].at_nsec <= at)
		i++;
	if (i + 1 == count || samples[i].at_nsec >= at)
		return (double)samples[i].value;
	step = fmin(STEP_NSEC, (double)(samples[i + 1].at_nsec - samples[i].at_nsec));
	return (double)samples[i].value + fmax(0, 1 - (double)(samples[i + 1].at_nsec - at) / step) *
	       ((double)samples[i + 1].value - (double)samples[i].value);
}

static double window_sec(const struct result_window *window)
{
	return (double)(window->until_nsec - window->from_nsec) / 1e9;
}

double values_growth(const struct store_run *run, const struct result_window *window,
		     const char *source, const char *figure)
{
	size_t first = 0, count = samples_of(run, source, figure, &first);
	double growth;

	if (count == 0 || !(window_sec(window) > 0))
		return NAN;
	growth = value_at(run->samples + first, count, window->until_nsec) -
		 value_at(run->samples + first, count, window->from_nsec);
	/* A counter that sinks is none; it was another process's. */
	return growth >= 0 ? growth / window_sec(window) : NAN;
}

double values_level(const struct store_run *run, const struct result_window *window,
		    const char *source, const char *figure)
{
	size_t first = 0, count = samples_of(run, source, figure, &first), i;
	const struct store_sample *samples = run->samples + first;
	int64_t from = window->from_nsec, to;
	double sum = 0;

	if (count == 0 || !(window_sec(window) > 0))
		return NAN;
	for (i = 0; i < count && from < window->until_nsec; i++) {
		to = i + 1 < count && samples[i + 1].at_nsec < window->until_nsec ?
			samples[i + 1].at_nsec : window->until_nsec;
		if (to <= from)
			continue;
		sum += (double)samples[i].value * (double)(to - from);
		from = to;
	}
	return sum / 1e9 / window_sec(window);
}

/* "NAME=VALUE" lines, as the workload told them at its end. */
static double value_of_result(const struct store_member *subject, const char *name)
{
	struct cursor all = cursor_over(subject->results != NULL ? subject->results : "",
					subject->results != NULL ? strlen(subject->results) : 0);
	struct cursor line;
	char number[64], *end;
	double value;

	while (cursor_take_line(&all, &line)) {
		if (!cursor_take_text(&line, name) || !cursor_take_text(&line, "=") ||
		    cursor_left(&line) >= sizeof number)
			continue;
		memcpy(number, line.at, cursor_left(&line));
		number[cursor_left(&line)] = '\0';
		value = strtod(number, &end);
		return end > number && isfinite(value) ? value : NAN;
	}
	return NAN;
}

static const struct figure_info *figure_of(const struct object_info *info, const char *name)
{
	int index = object_find_figure(info, name);

	return index >= 0 ? &info->figures[index] : NULL;
}

static double value_of_figure(const struct store_run *run, const struct result_window *window,
			      const char *source, const struct figure_info *figure)
{
	if (figure == NULL)
		return NAN;
	if (figure->kind != KIND_COUNTER)
		return values_level(run, window, source, figure->name);
	/* Time in a time is a share. */
	return values_growth(run, window, source, figure->name) / (figure->unit == UNIT_USEC ? 1e6 : 1);
}

/* Of which share of the operations a measure of latency is; 0: it is none. */
static unsigned permyriad_of(const char *measure)
{
	static const struct {
		const char *name;
		unsigned permyriad;
	} quantiles[] = { { "latency-p50", 5000 }, { "latency-p99", 9900 }, { "latency-p999", 9990 } };
	size_t i;

	for (i = 0; i < sizeof quantiles / sizeof quantiles[0]; i++)
		if (strcmp(quantiles[i].name, measure) == 0)
			return quantiles[i].permyriad;
	return 0;
}

static double value_of_run(const struct store_run *run, const struct result_window *window,
			   const char *measure)
{
	const struct store_member *subject = result_subject(run);
	char source[24];

	snprintf(source, sizeof source, "vm%u", subject->vm + 1);
	if (permyriad_of(measure) != 0)
		return values_latency_sec(run, window, subject->vm, permyriad_of(measure));
	if (strncmp(measure, "result:", 7) == 0)
		return value_of_result(subject, measure + 7);
	if (strncmp(measure, "vm:", 3) == 0)
		return value_of_figure(run, window, source, figure_of(&vm_info, measure + 3));
	if (strncmp(measure, "host:", 5) == 0)
		return value_of_figure(run, window, "host", figure_of(&host_info, measure + 5));
	return NAN;
}

/* -- both ----------------------------------------------------------------------------------------------- */

size_t values_find(const struct store_run *run, const struct result_window *window,
		   const char *measure, double *ret, int64_t *ret_times)
{
	size_t what = find_counted(measure);

	if (result_subject(run) == NULL)
		return 0;
	if (counted[what].name != NULL)
		return values_counted(run, window, what, ret, ret_times);
	if (ret_times != NULL)
		*ret_times = 0;
	*ret = value_of_run(run, window, measure);
	return isfinite(*ret) ? 1 : 0;
}

bool values_are_of_steps(const char *measure)
{
	return counted[find_counted(measure)].name != NULL;
}

static enum result_unit unit_of_figure(const struct figure_info *figure)
{
	bool counter = figure != NULL && figure->kind == KIND_COUNTER;

	if (figure == NULL)
		return RESULT_PLAIN;
	switch (figure->unit) {
	case UNIT_USEC:
		return counter ? RESULT_SHARE : RESULT_PLAIN;
	case UNIT_BYTES:
		return counter ? RESULT_BYTES_PER_SECOND : RESULT_BYTES;
	default:
		return counter ? RESULT_PER_SECOND : RESULT_PLAIN;
	}
}

enum result_unit values_unit(const char *measure, const struct store_member *subject)
{
	size_t what = find_counted(measure);

	if (strcmp(measure, "rate") == 0 && subject != NULL && subject->unit != NULL &&
	    strcmp(subject->unit, "bytes") == 0)
		return RESULT_BYTES_PER_SECOND;
	if (counted[what].name != NULL)
		return counted[what].unit;
	if (permyriad_of(measure) != 0)
		return RESULT_SECONDS;
	if (strncmp(measure, "vm:", 3) == 0)
		return unit_of_figure(figure_of(&vm_info, measure + 3));
	if (strncmp(measure, "host:", 5) == 0)
		return unit_of_figure(figure_of(&host_info, measure + 5));
	return RESULT_PLAIN;
}
