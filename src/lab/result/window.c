/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/result/window.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "lab/result/values.h"
#include "measure/steady.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Levels closer than this are one: VM1 is steady when it does not change by more than this. */
#define LEVEL_SHARE 0.05

/* Intervals whose levels are looked for: the search takes time as their square. */
enum { STRETCHED_MOST = 2000 };

const struct store_member *result_subject(const struct store_run *run)
{
	size_t i;

	for (i = 0; i < run->member_count; i++)
		if (run->members[i].role == STORE_ROLE_SUBJECT)
			return &run->members[i];
	return NULL;
}

bool result_window_has(const struct result_window *window, const struct store_interval *interval)
{
	int64_t middle = interval->at_nsec + (int64_t)(interval->length_nsec / 2);

	return middle >= window->from_nsec && middle < window->until_nsec;
}

double result_rate(const struct store_member *member, const struct store_interval *interval)
{
	bool bytes = member->unit != NULL && strcmp(member->unit, "bytes") == 0;

	return (double)(bytes ? interval->bytes : interval->operations) * 1e9 /
	       (double)interval->length_nsec;
}

double result_mean_rate(const struct store_run *run, const struct result_window *window,
			const struct store_member *member)
{
	double done = 0, length = 0;
	size_t i;

	for (i = 0; member != NULL && i < run->interval_count; i++) {
		const struct store_interval *interval = &run->intervals[i];

		if (interval->vm != member->vm || !result_window_has(window, interval))
			continue;
		done += result_rate(member, interval) * (double)interval->length_nsec;
		length += (double)interval->length_nsec;
	}
	return length > 0 ? done / length : NAN;
}

static int64_t latest(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* The longest time within the window without an operation. */
static int64_t idle_time(const struct store_run *run, const struct result_window *window, unsigned vm)
{
	int64_t since = window->from_nsec, longest = 0, end;
	size_t i;

	for (i = 0; i < run->interval_count; i++) {
		const struct store_interval *interval = &run->intervals[i];

		if (interval->vm != vm || interval->operations == 0)
			continue;
		if (interval->at_nsec >= window->until_nsec)
			break;
		longest = latest(longest, interval->at_nsec - since);
		end = interval->at_nsec + (int64_t)interval->length_nsec;
		since = latest(since, end);
	}
	return latest(longest, window->until_nsec - since);
}

/* The runner's own rule, from the intervals themselves. */
static void prove(const struct store_run *run, int64_t proof_nsec, struct result_window *window)
{
	size_t i;

	for (i = 0; i < run->member_count; i++) {
		const struct store_member *member = &run->members[i];

		if (member->role != STORE_ROLE_OTHER || window->unproved)
			continue;
		window->unproved = idle_time(run, window, member->vm) >= proof_nsec;
		window->idle_vm = member->vm;
	}
}

/* Neighbours become one, so that a run of hours costs no more than one of minutes. */
static size_t thin(double *rates, int64_t *times, size_t count)
{
	size_t step = (count + STRETCHED_MOST - 1) / STRETCHED_MOST, i, j, end;
	double sum;

	for (i = 0; step > 1 && i * step < count; i++) {
		end = (i + 1) * step < count ? (i + 1) * step : count;
		for (j = i * step, sum = 0; j < end; j++)
			sum += rates[j];
		rates[i] = sum / (double)(end - i * step);
		times[i] = times[i * step];
	}
	return step > 1 ? i : count;
}

static int steady_find(const struct store_run *run, struct result_window *window, struct error *err)
{
	const struct result_window whole = { .until_nsec = window->until_nsec };
	CLEANUP_FREE double *rates = calloc(values_room(run), sizeof *rates);
	CLEANUP_FREE int64_t *times = calloc(values_room(run), sizeof *times);
	struct measure_steady steady;
	size_t count;
	int r;

	if (rates == NULL || times == NULL)
		return error_errno(err, -ENOMEM, "cannot find the warm-up");
	count = thin(rates, times, values_find(run, &whole, "rate", rates, times));
	if (count == 0)
		return 0;
	r = measure_steady_find(rates, count, LEVEL_SHARE, &steady, err);
	if (r < 0)
		return r;
	window->stretches = steady.stretches;
	window->never = steady.never;
	/* From the end of the step before: times are the middles of steps. */
	if (steady.from > 0)
		window->from_nsec = latest(window->from_nsec,
					   (times[steady.from - 1] + times[steady.from]) / 2);
	return 0;
}

int result_window_find(const struct store_run *run, int64_t proof_nsec, struct result_window *ret,
		       struct error *err)
{
	struct result_window window = {
		.from_nsec = (int64_t)run->warmup_nsec,
		.until_nsec = (int64_t)(run->warmup_nsec + run->duration_nsec),
	};
	int r = result_subject(run) != NULL ? steady_find(run, &window, err) : 0;

	if (r < 0)
		return r;
	prove(run, proof_nsec, &window);
	*ret = window;
	return 0;
}
