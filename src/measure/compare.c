/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "measure/compare.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "measure/draw.h"
#include "measure/quantile.h"
#include "measure/random.h"
#include "measure/student.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define LEAST_ERROR 0.5 /* of a drawing, in those of what was measured */

/* One cell, boiled down to a number for each boot; drawn anew again and again. */
struct side {
	const struct measure_boot **boots;
	double *values; /* in the scale */
	double *drawn;
	double *scratch;
	size_t count;
	double mean, error;
};

struct pair {
	struct side cell, base;
	const struct measure_plan *plan;
	struct measure_random random;
	bool paired, in_differences, boots_stay;
	double unit; /* what a difference is divided by */
};

struct effect {
	double effect, error;
};

static void side_done(struct side *side)
{
	free(side->boots);
	free(side->values);
	free(side->drawn);
	free(side->scratch);
}

static void pair_done(struct pair *pair)
{
	side_done(&pair->cell);
	side_done(&pair->base);
}

/* Runs are drawn with replacement: all of them may be the longest. */
static size_t scratch_size(const struct measure_cell *cell)
{
	size_t i, j, longest, most = 1;

	for (i = 0; i < cell->boot_count; i++) {
		longest = 0;
		for (j = 0; j < cell->boots[i].run_count; j++)
			if (cell->boots[i].runs[j].count > longest)
				longest = cell->boots[i].runs[j].count;
		if (longest * cell->boots[i].run_count > most)
			most = longest * cell->boots[i].run_count;
	}
	return most;
}

static int side_init(struct side *side, const struct measure_cell *cell, struct error *err)
{
	size_t i, room = cell->boot_count > 0 ? cell->boot_count : 1;

	side->boots = calloc(room, sizeof *side->boots);
	side->values = calloc(room, sizeof *side->values);
	side->drawn = calloc(room, sizeof *side->drawn);
	side->scratch = calloc(scratch_size(cell), sizeof *side->scratch);
	if (side->boots == NULL || side->values == NULL || side->drawn == NULL ||
	    side->scratch == NULL)
		return error_errno(err, -ENOMEM, "cannot compute the statistics");
	for (i = 0; i < cell->boot_count; i++)
		if (measure_boot_values(&cell->boots[i]) > 0)
			side->boots[side->count++] = &cell->boots[i];
	return side->count > 0 ? 0 : error_set(err, -ENODATA, "a cell has no boot that measured anything");
}

/* Keeps of both sides the boots that both have; false, and nothing changed, where these are few. */
static bool keep_common(struct side *cell, struct side *base)
{
	size_t i, j, kept = 0;

	for (i = 0; i < cell->count; i++)
		for (j = 0; j < base->count; j++)
			kept += cell->boots[i]->ordinal == base->boots[j]->ordinal;
	/* A few boots in common, where most are not, are an accident of a broken-off experiment. */
	if (kept * 2 < cell->count || kept * 2 < base->count)
		return false;
	for (i = 0, kept = 0; i < cell->count; i++)
		for (j = kept; j < base->count; j++)
			if (cell->boots[i]->ordinal == base->boots[j]->ordinal) {
				cell->boots[kept] = cell->boots[i];
				base->boots[kept++] = base->boots[j];
				break;
			}
	cell->count = base->count = kept;
	return true;
}

static double scaled(const struct pair *pair, double value)
{
	if (pair->unit == 0)
		return value;
	return pair->in_differences ? value / pair->unit : log(value);
}

static bool values_read(const struct pair *pair, struct side *side, bool *all_positive)
{
	size_t i;

	for (i = 0; i < side->count; i++) {
		side->values[i] = measure_boot_value(side->boots[i], pair->plan->statistic,
						     side->scratch);
		if (!isfinite(side->values[i]))
			return false;
		*all_positive = *all_positive && side->values[i] > 0;
	}
	return true;
}

static double standard_error(const double *values, size_t count)
{
	return count > 1 ? measure_deviation(values, count) / sqrt((double)count) : 0;
}

/* Of pairs, the differences are what varies: where a boot is fast, both cells are. */
static struct effect effect_of(const struct pair *pair, const double *cell, const double *base,
			       double *differences)
{
	struct effect result;
	size_t i;

	if (!pair->paired) {
		result.effect = measure_mean(cell, pair->cell.count) -
				(pair->base.count > 0 ? measure_mean(base, pair->base.count) : 0);
		result.error = hypot(standard_error(cell, pair->cell.count),
				     standard_error(base, pair->base.count));
		return result;
	}
	for (i = 0; i < pair->cell.count; i++)
		differences[i] = cell[i] - base[i];
	result.effect = measure_mean(differences, pair->cell.count);
	result.error = standard_error(differences, pair->cell.count);
	return result;
}

/* A drawn value may be nought where the measured ones are not, and have no logarithm: then it is what
 * its boot measured. */
static double drawn_value(const struct pair *pair, struct side *side, struct measure_random *random,
			  size_t boot)
{
	double value = measure_draw_boot(random, side->boots[boot], pair->plan->statistic,
					 side->scratch);

	return pair->in_differences || pair->unit == 0 || value > 0 ? scaled(pair, value) :
								      side->values[boot];
}

static void draw(struct pair *pair)
{
	size_t i, boot;

	for (i = 0; i < pair->cell.count; i++) {
		boot = pair->boots_stay ? i : measure_random_below(&pair->random, pair->cell.count);
		pair->cell.drawn[i] = drawn_value(pair, &pair->cell, &pair->random, boot);
		if (pair->paired)
			pair->base.drawn[i] = drawn_value(pair, &pair->base, &pair->random, boot);
	}
	for (i = 0; !pair->paired && i < pair->base.count; i++) {
		boot = pair->boots_stay ? i : measure_random_below(&pair->random, pair->base.count);
		pair->base.drawn[i] = drawn_value(pair, &pair->base, &pair->random, boot);
	}
}

/*
 * How many of its own standard errors. A drawing of boots that are all alike has none, as often where
 * values come in steps, and is told in that of what was measured. (Sums of equal numbers are equal to
 * the last digits only.) Where one boot of ten was disturbed by a stranger, a drawing that leaves it
 * out has next to none, and few such would make the interval as wide as nothing that was measured:
 * it is taken for no less than a part of the measured one. coverage.c shows that this costs nothing.
 */
static double in_errors(double distance, double drawn, double measured)
{
	double error = drawn > measured * LEAST_ERROR ? drawn : measured * LEAST_ERROR;

	if (drawn <= measured * 1e-6)
		error = measured;
	return error > 0 ? distance / error : distance > 0 ? INFINITY : 0;
}

/* How far drawings lie from what was measured: in their own standard errors where boots were
 * drawn, plainly where they were not (their spread over boots says nothing then). */
static int distances_draw(struct pair *pair, const struct effect *measured, double *ret,
			  struct error *err)
{
	CLEANUP_FREE double *differences = calloc(pair->cell.count + 1, sizeof *differences);
	struct effect drawn;
	unsigned i;

	if (differences == NULL)
		return error_errno(err, -ENOMEM, "cannot compute the statistics");
	for (i = 0; i < pair->plan->draws; i++) {
		draw(pair);
		drawn = effect_of(pair, pair->cell.drawn, pair->base.drawn, differences);
		ret[i] = fabs(drawn.effect - measured->effect);
		if (!pair->boots_stay)
			ret[i] = in_errors(ret[i], drawn.error, measured->error);
	}
	measure_sort(ret, pair->plan->draws);
	return 0;
}

static double share_at_least(const double *sorted, unsigned count, double distance)
{
	unsigned i = 0;

	while (i < count && sorted[i] < distance)
		i++;
	return (double)(count - i + 1) / (double)(count + 1);
}

static double freedom_of(const struct pair *pair)
{
	double a = measure_deviation(pair->cell.values, pair->cell.count),
	       b = measure_deviation(pair->base.values, pair->base.count),
	       n = (double)pair->cell.count, m = (double)pair->base.count;

	if (pair->paired || pair->base.count == 0)
		return n - 1;
	/* Welch and Satterthwaite. */
	a = a * a / n;
	b = b * b / m;
	return a + b > 0 ? (a + b) * (a + b) / (a * a / (n - 1) + b * b / (m - 1)) : n + m - 2;
}

static double as_ratio(const struct pair *pair, double effect)
{
	return pair->unit == 0 ? effect : pair->in_differences ? 1 + effect : exp(effect);
}

static int interval_find(struct pair *pair, struct measure_comparison *ret, struct error *err)
{
	CLEANUP_FREE double *distances = calloc(pair->plan->draws, sizeof *distances);
	CLEANUP_FREE double *differences = calloc(pair->cell.count + 1, sizeof *differences);
	struct effect measured;
	double unit;
	int r;

	if (distances == NULL || differences == NULL)
		return error_errno(err, -ENOMEM, "cannot compute the statistics");
	measured = effect_of(pair, pair->cell.values, pair->base.values, differences);
	r = distances_draw(pair, &measured, distances, err);
	if (r < 0)
		return r;
	ret->effect = measured.effect;
	ret->error = measured.error;
	unit = pair->boots_stay ? 1 : measured.error;
	/* All boots gave the same: nothing varies, and there is nothing to divide by. */
	ret->half = unit > 0 ? unit * measure_sorted_quantile(distances, pair->plan->draws,
							      pair->plan->level) : 0;
	ret->p = share_at_least(distances, pair->plan->draws,
				unit > 0 ? fabs(measured.effect) / unit :
				measured.effect != 0 ? INFINITY : 0);
	ret->ratio = as_ratio(pair, measured.effect);
	ret->low = as_ratio(pair, measured.effect - ret->half);
	ret->high = as_ratio(pair, measured.effect + ret->half);
	ret->freedom = freedom_of(pair);
	ret->detectable = pair->boots_stay ? NAN :
		as_ratio(pair, measure_detectable(measured.error, ret->freedom, pair->plan->level,
						  MEASURE_POWER));
	return 0;
}

static void scale(struct pair *pair, struct side *side)
{
	size_t i;

	for (i = 0; i < side->count; i++)
		side->values[i] = scaled(pair, side->values[i]);
}

static int compute(struct pair *pair, struct measure_comparison *ret, struct error *err)
{
	bool positive = true;

	if (!values_read(pair, &pair->cell, &positive) || !values_read(pair, &pair->base, &positive))
		return error_set(err, -EINVAL, "a measured value is no number");
	ret->value = measure_mean(pair->cell.values, pair->cell.count);
	ret->base = measure_mean(pair->base.values, pair->base.count);
	pair->in_differences = !positive;
	if (pair->base.count > 0)
		pair->unit = fabs(ret->base) > 0 ? fabs(ret->base) : 1;
	scale(pair, &pair->cell);
	scale(pair, &pair->base);
	pair->boots_stay = pair->cell.count < MEASURE_BOOTS_LEAST ||
			   (pair->base.count > 0 && pair->base.count < MEASURE_BOOTS_LEAST);
	measure_random_init(&pair->random, pair->plan->seed);
	ret->boots = pair->cell.count;
	ret->base_boots = pair->base.count;
	ret->paired = pair->paired;
	ret->boots_too_few = pair->boots_stay;
	ret->in_differences = pair->in_differences;
	return interval_find(pair, ret, err);
}

int measure_compare(const struct measure_cell *cell, const struct measure_cell *base,
		    const struct measure_plan *plan, struct measure_comparison *ret,
		    struct error *err)
{
	struct measure_comparison result = { 0 };
	struct pair pair = { .plan = plan };
	int r = side_init(&pair.cell, cell, err);

	if (r == 0)
		r = side_init(&pair.base, base, err);
	if (r == 0) {
		pair.paired = keep_common(&pair.cell, &pair.base);
		r = compute(&pair, &result, err);
	}
	pair_done(&pair);
	if (r == 0)
		*ret = result;
	return r;
}

int measure_estimate(const struct measure_cell *cell, const struct measure_plan *plan,
		     struct measure_comparison *ret, struct error *err)
{
	static const struct measure_cell nothing;
	struct measure_comparison result = { 0 };
	struct pair pair = { .plan = plan };
	int r = side_init(&pair.cell, cell, err);

	if (r == 0) {
		side_init(&pair.base, &nothing, NULL);
		r = pair.base.values != NULL ? compute(&pair, &result, err) :
			error_errno(err, -ENOMEM, "cannot compute the statistics");
	}
	pair_done(&pair);
	if (r == 0)
		*ret = result;
	return r;
}

bool measure_differs(const struct measure_comparison *comparison)
{
	return fabs(comparison->effect) > comparison->half;
}
