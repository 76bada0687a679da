/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/result/pairs.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "lab/result/series.h"
#include "lab/result/values.h"
#include "measure/sequence.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* -- sequences ------------------------------------------------------------------------------------------ */

struct logs {
	double *values;
	uint64_t *ordinals;
	size_t count;
};

static void logs_done(struct logs *logs)
{
	free(logs->values);
	free(logs->ordinals);
}

/* `are_logs`: the cell's values are logarithms already. */
static bool logs_init(struct logs *logs, const struct measure_cell *cell, bool are_logs)
{
	CLEANUP_FREE double *scratch = calloc(measure_cell_largest_boot(cell) + 1, sizeof *scratch);
	double value;
	size_t i;

	logs->values = calloc(cell->boot_count + 1, sizeof *logs->values);
	logs->ordinals = calloc(cell->boot_count + 1, sizeof *logs->ordinals);
	if (scratch == NULL || logs->values == NULL || logs->ordinals == NULL)
		return false;
	for (i = 0; i < cell->boot_count; i++) {
		value = measure_boot_value(&cell->boots[i], MEASURE_MEAN, scratch);
		logs->values[i] = are_logs ? value : log(value);
		logs->ordinals[i] = cell->boots[i].ordinal;
	}
	logs->count = cell->boot_count;
	return true;
}

/* Differences of the boots that both have, into `cell`. */
static void logs_pair(struct logs *cell, const struct logs *base)
{
	size_t i, j = 0, kept = 0;

	for (i = 0; i < cell->count; i++) {
		while (j < base->count && base->ordinals[j] < cell->ordinals[i])
			j++;
		if (j < base->count && base->ordinals[j] == cell->ordinals[i])
			cell->values[kept++] = cell->values[i] - base->values[j];
	}
	cell->count = kept;
}

/* Where the two are not of the same boots, each has half of the error that is allowed. */
static double half_of(const struct logs *cell, const struct logs *base, bool paired, double level)
{
	double each = 1 - (1 - level) / 2;

	return paired ? measure_sequence_half(cell->values, cell->count, level) :
			measure_sequence_half(cell->values, cell->count, each) +
			measure_sequence_half(base->values, base->count, each);
}

/* The largest level at which the interval leaves nought out, found by halving. */
static double p_of(const struct logs *cell, const struct logs *base, bool paired, double effect)
{
	double low = 0, high = 1, middle;
	int i;

	for (i = 0; i < 40; i++) {
		middle = (low + high) / 2;
		if (half_of(cell, base, paired, 1 - middle) < fabs(effect))
			high = middle;
		else
			low = middle;
	}
	return high;
}

static void widen(const struct logs *cell, const struct logs *base, const struct measure_plan *plan,
		  struct measure_comparison *numbers)
{
	numbers->half = half_of(cell, base, numbers->paired, plan->level);
	numbers->p = p_of(cell, base, numbers->paired, numbers->effect);
}

/* Of a duet, whose boots each have a ratio already. */
static int widen_ratios(const struct measure_cell *ratios, const struct measure_plan *plan,
			struct measure_comparison *numbers, struct error *err)
{
	struct logs logs = { 0 };
	bool fits = logs_init(&logs, ratios, true);

	if (fits)
		widen(&logs, NULL, plan, numbers);
	logs_done(&logs);
	return fits ? 0 : error_errno(err, -ENOMEM, "cannot compute the statistics");
}

int pairs_sequence(const struct measure_cell *cell, const struct measure_cell *base,
		   const struct measure_plan *plan, struct measure_comparison *numbers,
		   struct error *err)
{
	struct logs one = { 0 }, two = { 0 };

	if (numbers->in_differences)
		return 0;
	if (!logs_init(&one, cell, false) || !logs_init(&two, base, false)) {
		logs_done(&one);
		logs_done(&two);
		return error_errno(err, -ENOMEM, "cannot compute the statistics");
	}
	if (numbers->paired)
		logs_pair(&one, &two);
	widen(&one, &two, plan, numbers);
	numbers->low = exp(numbers->effect - numbers->half);
	numbers->high = exp(numbers->effect + numbers->half);
	logs_done(&one);
	logs_done(&two);
	return 0;
}

/* -- duets ------------------------------------------------------------------------------------------ */

struct duet {
	const char *measure;
	size_t cell, base;
};

/* A run's values, and the middle of the step of each. */
struct voice {
	double *values;
	int64_t *times;
	size_t count;
	bool whole; /* one value for all of the run */
};

/* Runs of a boot stand together, and those of a duet beside each other. */
static size_t partner_of(const struct result *result, size_t run, size_t base)
{
	const struct stored_run *runs = result->experiment->runs;
	size_t i = run, end = result->experiment->run_count;

	while (i > 0 && runs[i - 1].boot == runs[run].boot &&
	       runs[i - 1].run.ordinal == runs[run].run.ordinal)
		i--;
	for (; i < end && runs[i].boot == runs[run].boot &&
	       runs[i].run.ordinal == runs[run].run.ordinal; i++)
		if (runs[i].run.cell == base && result_run_counts(result, i))
			return i;
	return end;
}

static void voice_done(struct voice *voice)
{
	free(voice->values);
	free(voice->times);
}

static bool voice_init(struct voice *voice, const struct result *result, size_t run,
		       const char *measure)
{
	const struct store_run *stored = &result->experiment->runs[run].run;
	size_t i;

	voice->values = calloc(values_room(stored), sizeof *voice->values);
	voice->times = calloc(values_room(stored), sizeof *voice->times);
	if (voice->values == NULL || voice->times == NULL)
		return false;
	voice->count = values_find(stored, &result->windows[run], measure, voice->values, voice->times);
	voice->whole = !values_are_of_steps(measure);
	for (i = 0; i < voice->count; i++)
		voice->times[i] += stored->started_nsec;
	return true;
}

/* Windows of the two begin where each became steady: the nearest step is within half of one. */
static bool is_nearest(const struct voice *base, size_t at, int64_t time)
{
	return at + 1 >= base->count ||
	       llabs(base->times[at] - time) <= llabs(base->times[at + 1] - time);
}

static size_t ratios_find(const struct voice *cell, const struct voice *base, double *ret)
{
	size_t i, at = 0, count = 0;
	int64_t apart = base->count > 1 ? base->times[1] - base->times[0] : 0;

	if (cell->whole || base->whole) {
		if (cell->count == 0 || base->count == 0 || !(cell->values[0] > 0 && base->values[0] > 0))
			return 0;
		ret[0] = log(cell->values[0] / base->values[0]);
		return 1;
	}
	for (i = 0; i < cell->count && base->count > 0; i++) {
		while (!is_nearest(base, at, cell->times[i]))
			at++;
		if (llabs(base->times[at] - cell->times[i]) <= apart && cell->values[i] > 0 &&
		    base->values[at] > 0)
			ret[count++] = log(cell->values[i] / base->values[at]);
	}
	return count;
}

static size_t source_of_duet(const struct result *result, size_t run, const void *context, double *ret)
{
	const struct duet *duet = context;
	struct voice cell = { 0 }, base = { 0 };
	size_t partner, count = 0;

	if (result->experiment->runs[run].run.cell != duet->cell)
		return 0;
	partner = partner_of(result, run, duet->base);
	if (partner == result->experiment->run_count)
		return 0;
	if (voice_init(&cell, result, run, duet->measure) &&
	    voice_init(&base, result, partner, duet->measure))
		count = ratios_find(&cell, &base, ret);
	voice_done(&cell);
	voice_done(&base);
	return count;
}

int pairs_compare(const struct result *result, const struct result_measure *measure,
		  struct result_comparison *comparison, const struct measure_plan *plan,
		  struct error *err)
{
	const struct duet duet = { measure->name, comparison->cell, comparison->base };
	struct measure_comparison *numbers = &comparison->numbers;
	struct series series;
	int r = series_make(result, source_of_duet, &duet, &series, err);

	if (r < 0)
		return r;
	r = measure_estimate(&series.cells[duet.cell], plan, numbers, err);
	numbers->paired = true;
	if (r == 0 && result->sequence)
		r = widen_ratios(&series.cells[duet.cell], plan, numbers, err);
	series_done(&series);
	if (r < 0)
		return r;
	numbers->base_boots = numbers->boots;
	numbers->value = series_mean(&measure->cells[duet.cell], MEASURE_MEAN);
	numbers->base = series_mean(&measure->cells[duet.base], MEASURE_MEAN);
	numbers->ratio = exp(numbers->effect);
	numbers->low = exp(numbers->effect - numbers->half);
	numbers->high = exp(numbers->effect + numbers->half);
	numbers->detectable = exp(numbers->detectable);
	numbers->in_differences = false;
	return 0;
}
