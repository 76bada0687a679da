/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/result/contrast.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "lab/result/pairs.h"
#include "measure/dose.h"
#include "measure/holm.h"
#include "measure/student.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The least p that drawings can give must still be found where it is corrected for as many. */
static unsigned draws_for(size_t cells)
{
	const size_t wanted = cells * CONTRAST_DRAWS / 50;

	if (wanted <= CONTRAST_DRAWS)
		return CONTRAST_DRAWS;
	return wanted < CONTRAST_DRAWS_MOST ? (unsigned)wanted : CONTRAST_DRAWS_MOST;
}

struct measure_plan contrast_plan(const struct result *result, size_t number)
{
	return (struct measure_plan){ MEASURE_MEAN, CONTRAST_LEVEL,
				      draws_for(result->experiment->cell_count),
				      result->experiment->seed * 1000003 + number };
}

/* -- one comparison ------------------------------------------------------------------------------- */

static int compare(const struct result *result, const struct result_measure *measure,
		   struct result_comparison *comparison, struct error *err)
{
	const struct measure_cell *cell = &measure->cells[comparison->cell],
				  *base = &measure->cells[comparison->base];
	struct measure_plan plan = contrast_plan(result, comparison->cell);
	int r = -ENODATA;

	if (result->duet)
		r = pairs_compare(result, measure, comparison, &plan, err);
	/* Their runs were not at once, or nothing can be divided: each boot's means, then. */
	if (r == -ENODATA) {
		r = measure_compare(cell, base, &plan, &comparison->numbers, err);
		if (r == 0 && result->sequence)
			r = pairs_sequence(cell, base, &plan, &comparison->numbers, err);
	}
	comparison->has_numbers = r == 0;
	return r == -ENODATA || r == -EINVAL ? 0 : r;
}

static int compare_all(const struct result *result, struct result_measure *measure,
		       struct error *err)
{
	const struct stored_experiment *experiment = result->experiment;
	struct result_comparison *comparison;
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < experiment->cell_count; i++) {
		if (experiment->cells[i].compared_with == i)
			continue;
		comparison = &measure->comparisons[measure->comparison_count++];
		*comparison = (struct result_comparison){
			.cell = i, .base = experiment->cells[i].compared_with,
			.is_control = experiment->cells[i].is_aa, .floor = NAN, .corrected = NAN,
		};
		r = compare(result, measure, comparison, err);
	}
	return r;
}

/* -- the control, and the correction ------------------------------------------------------------------- */

/* An A/A that itself seems to differ shows how far apart equal cells can be, too. */
static double floor_of_control(const struct measure_comparison *numbers)
{
	return fmax(numbers->half, fabs(numbers->effect));
}

/* One may be in logarithms and the other, where something was nought, in differences. */
static double in_scale_of(const struct result_comparison *comparison, const struct result_comparison *control)
{
	double floor = floor_of_control(&control->numbers);

	if (control->numbers.in_differences == comparison->numbers.in_differences)
		return floor;
	return control->numbers.in_differences ? log1p(floor) : expm1(floor);
}

/* The control of the same base; else the widest there is. */
static double floor_find(const struct result_measure *measure, const struct result_comparison *comparison)
{
	double own = NAN, widest = NAN, floor;
	size_t i;

	for (i = 0; i < measure->comparison_count; i++) {
		const struct result_comparison *control = &measure->comparisons[i];

		if (!control->is_control || !control->has_numbers)
			continue;
		floor = in_scale_of(comparison, control);
		widest = fmax(floor, widest);
		if (control->base == comparison->base)
			own = floor;
	}
	return isnan(own) ? widest : own;
}

double contrast_floor_low(const struct result_comparison *comparison)
{
	return comparison->numbers.in_differences ? 1 - comparison->floor : exp(-comparison->floor);
}

double contrast_floor_high(const struct result_comparison *comparison)
{
	return comparison->numbers.in_differences ? 1 + comparison->floor : exp(comparison->floor);
}

static int correct(struct result_measure *measure, struct error *err)
{
	CLEANUP_FREE double *p = calloc(measure->comparison_count + 1, sizeof *p);
	size_t i;
	int r;

	if (p == NULL)
		return error_errno(err, -ENOMEM, "cannot compute the statistics");
	for (i = 0; i < measure->comparison_count; i++) {
		const struct result_comparison *comparison = &measure->comparisons[i];

		/* Of too few boots p would be of these boots alone, and be taken for more. */
		p[i] = comparison->has_numbers && !comparison->is_control &&
		       !comparison->numbers.boots_too_few ? comparison->numbers.p : NAN;
	}
	r = measure_holm(p, measure->comparison_count);
	for (i = 0; r == 0 && i < measure->comparison_count; i++)
		measure->comparisons[i].corrected = p[i];
	return r < 0 ? error_errno(err, r, "cannot compute the statistics") : 0;
}

/* -- what is concluded ------------------------------------------------------------------------------------ */

/* Most of what was to be measured shows that the VMs beside VM1 did not load. */
static bool is_unproved(const struct result *result, size_t cell)
{
	return result->cells[cell].unproved > result->cells[cell].runs;
}

static enum result_verdict verdict_of(const struct result *result,
				      const struct result_comparison *comparison)
{
	const struct measure_comparison *numbers = &comparison->numbers;
	double p = comparison->is_control ? numbers->p : comparison->corrected;

	if (is_unproved(result, comparison->cell) || is_unproved(result, comparison->base))
		return RESULT_UNPROVED;
	if (!comparison->has_numbers)
		return RESULT_NO_DATA;
	if (numbers->boots_too_few)
		return RESULT_TOO_FEW_BOOTS;
	if (isnan(comparison->floor))
		return RESULT_NO_CONTROL;
	if (!measure_differs(numbers) || !(p < 1 - CONTRAST_LEVEL))
		return RESULT_ALIKE;
	if (!comparison->is_control && fabs(numbers->effect) <= comparison->floor)
		return RESULT_WITHIN_CONTROL;
	return RESULT_DIFFERS;
}

static size_t count_corrected(const struct result_measure *measure)
{
	size_t i, count = 0;

	for (i = 0; i < measure->comparison_count; i++)
		count += !isnan(measure->comparisons[i].corrected);
	return count;
}

/*
 * A change of this size passes the correction that it meets where nothing else differs, or a
 * sequence's own interval, and the control, four times of five.
 */
static void find_detectable(const struct result *result, size_t corrected,
			    struct result_comparison *comparison)
{
	struct measure_comparison *numbers = &comparison->numbers;
	double needed, beyond;

	if (isnan(comparison->corrected) || isnan(numbers->detectable))
		return;
	needed = result->sequence && !numbers->in_differences ? numbers->half :
		 numbers->error * measure_student_quantile(1 - (1 - CONTRAST_LEVEL) / 2 /
							   (double)corrected, numbers->freedom);
	beyond = numbers->error * measure_student_quantile(MEASURE_POWER, numbers->freedom);
	needed = fmax(needed, comparison->floor) + beyond;
	numbers->detectable = numbers->in_differences ? 1 + needed : exp(needed);
}

int contrast_all(const struct result *result, struct result_measure *measure, struct error *err)
{
	size_t i, corrected;
	int r;

	measure->comparisons = calloc(result->experiment->cell_count + 1, sizeof *measure->comparisons);
	if (measure->comparisons == NULL)
		return error_errno(err, -ENOMEM, "cannot compute the statistics");
	r = compare_all(result, measure, err);
	if (r == 0)
		r = correct(measure, err);
	corrected = count_corrected(measure);
	for (i = 0; r == 0 && i < measure->comparison_count; i++) {
		struct result_comparison *comparison = &measure->comparisons[i];

		comparison->floor = floor_find(measure, comparison);
		find_detectable(result, corrected, comparison);
		comparison->verdict = verdict_of(result, comparison);
	}
	return r;
}

/* -- dose and response ----------------------------------------------------------------------------------- */

/* Alike in all but the number of loaded VMs. */
static bool same_but_dose(const struct stored_experiment *experiment, int dose, size_t a, size_t b)
{
	size_t i;

	if (experiment->cells[a].is_aa || experiment->cells[b].is_aa)
		return false;
	for (i = 0; i < experiment->factor_count; i++) {
		const char *left = experiment->cells[a].values[i], *right = experiment->cells[b].values[i];

		if ((int)i != dose && strcmp(left != NULL ? left : "", right != NULL ? right : "") != 0)
			return false;
	}
	return true;
}

static bool is_first_of_its_kind(const struct stored_experiment *experiment, int dose, size_t cell)
{
	size_t i;

	for (i = 0; i < cell; i++)
		if (same_but_dose(experiment, dose, i, cell))
			return false;
	return !experiment->cells[cell].is_aa;
}

static int slope_find(const struct result *result, struct result_measure *measure, int dose,
		      size_t first, struct error *err)
{
	const struct stored_experiment *experiment = result->experiment;
	CLEANUP_FREE struct measure_dose *doses = calloc(experiment->cell_count, sizeof *doses);
	struct measure_plan plan = contrast_plan(result, 100000 + first);
	struct result_slope *slope = &measure->slopes[measure->slope_count];
	struct measure_slopes slopes = { 0 };
	size_t i, count = 0;
	int r;

	if (doses == NULL)
		return error_errno(err, -ENOMEM, "cannot compute the statistics");
	*slope = (struct result_slope){ .base = first };
	for (i = first; i < experiment->cell_count; i++) {
		if (!same_but_dose(experiment, dose, first, i) || measure->cells[i].boot_count == 0)
			continue;
		doses[count++] = (struct measure_dose){ result->cells[i].loaded, &measure->cells[i] };
		if (result->cells[i].loaded < result->cells[slope->base].loaded)
			slope->base = i;
	}
	slope->doses = count;
	r = count >= 2 ? measure_slopes_find(doses, count, MEASURE_MEAN, &slopes, err) : -ENODATA;
	if (r == 0)
		r = measure_estimate(&slopes.cell, &plan, &slope->numbers, err);
	measure_slopes_done(&slopes);
	if (r == 0 && !slope->numbers.boots_too_few) {
		slope->numbers.ratio = exp(slope->numbers.effect);
		slope->numbers.low = exp(slope->numbers.effect - slope->numbers.half);
		slope->numbers.high = exp(slope->numbers.effect + slope->numbers.half);
		measure->slope_count++;
	}
	return r == -ENODATA || r == -ERANGE || r == -EINVAL ? 0 : r;
}

int contrast_slopes(const struct result *result, struct result_measure *measure, struct error *err)
{
	const struct stored_experiment *experiment = result->experiment;
	int dose = result_dose_factor(experiment), r = 0;
	size_t i;

	if (dose < 0)
		return 0;
	measure->slopes = calloc(experiment->cell_count, sizeof *measure->slopes);
	if (measure->slopes == NULL)
		return error_errno(err, -ENOMEM, "cannot compute the statistics");
	for (i = 0; r == 0 && i < experiment->cell_count; i++)
		if (is_first_of_its_kind(experiment, dose, i))
			r = slope_find(result, measure, dose, i, err);
	return r;
}
