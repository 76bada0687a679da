/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/result/result.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "lab/result/cells.h"
#include "lab/result/contrast.h"
#include "lab/result/series.h"
#include "lab/result/values.h"
#include "lab/spec/spec.h"
#include "lab/spec/spec_trial.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *result_verdict_name(enum result_verdict verdict)
{
	static const char *const names[RESULT_VERDICTS] = {
		[RESULT_DIFFERS] = "differs",
		[RESULT_ALIKE] = "alike",
		[RESULT_WITHIN_CONTROL] = "within-control",
		[RESULT_NO_CONTROL] = "no-control",
		[RESULT_TOO_FEW_BOOTS] = "too-few-boots",
		[RESULT_UNPROVED] = "unproved",
		[RESULT_NO_DATA] = "no-data",
	};

	return names[verdict];
}

int result_dose_factor(const struct stored_experiment *experiment)
{
	size_t i;

	for (i = 0; i < experiment->factor_count; i++)
		if (strcmp(experiment->factors[i], "loaded") == 0)
			return (int)i;
	return -1;
}

/* -- what counts --------------------------------------------------------------------------------- */

/* The last attempt that was done, should a file say of two that they were. */
static bool boot_counts(const struct stored_experiment *experiment, size_t at)
{
	const struct stored_boot *boots = experiment->boots;
	size_t i;

	if (strcmp(boots[at].state, "done") != 0)
		return false;
	for (i = at + 1; i < experiment->boot_count && boots[i].ordinal == boots[at].ordinal; i++)
		if (strcmp(boots[i].state, "done") == 0)
			return false;
	return true;
}

bool result_run_counts(const struct result *result, size_t run)
{
	const struct stored_run *stored = &result->experiment->runs[run];

	return boot_counts(result->experiment, stored->boot) &&
	       strcmp(stored->run.state, "done") == 0 && !result->windows[run].unproved;
}

static void count_boots(struct result *result)
{
	const struct stored_experiment *experiment = result->experiment;
	size_t i;

	for (i = 0; i < experiment->boot_count; i++) {
		result->boots_done += boot_counts(experiment, i);
		result->boots_failed += strcmp(experiment->boots[i].state, "failed") == 0;
	}
}

int64_t result_proof_nsec(const struct result *result)
{
	return result->spec != NULL ? (int64_t)(result->spec->proof_usec * NSEC_PER_USEC) :
				      (int64_t)NSEC_PER_SEC;
}

static int find_windows(struct result *result, struct error *err)
{
	const struct stored_experiment *experiment = result->experiment;
	int64_t proof_nsec = result_proof_nsec(result);
	size_t i;
	int r = 0;

	result->windows = calloc(experiment->run_count + 1, sizeof *result->windows);
	if (result->windows == NULL)
		return error_errno(err, -ENOMEM, "cannot compute the statistics");
	for (i = 0; r == 0 && i < experiment->run_count; i++)
		r = result_window_find(&experiment->runs[i].run, proof_nsec, &result->windows[i],
				       err);
	return r;
}

/* -- what was asked -------------------------------------------------------------------------------- */

/* A spec of another version may have other words; then its first measure is known all the same. */
static void read_spec(struct result *result)
{
	const struct stored_experiment *experiment = result->experiment;
	struct spec *spec = NULL;
	size_t i;

	size_t size = strlen(experiment->spec);

	/* A stranger's, too: it must come to an end. */
	if (spec_trial(experiment->spec, size, "spec", experiment->quick, NULL) == 0 &&
	    spec_new(experiment->spec, size, "spec", experiment->quick, &spec, NULL, NULL) == 0 &&
	    spec->cell_count == experiment->cell_count) {
		result->spec = spec;
		result->duet = spec->duet;
		result->sequence = spec->stop == SPEC_STOP_SEQUENCE;
	} else {
		spec_free(spec);
	}
	result->measure_count = result->spec != NULL ? spec->measure_count : 1;
	if (result->measure_count > RESULT_MEASURES_MOST)
		result->measure_count = RESULT_MEASURES_MOST;
	for (i = 0; i < result->measure_count; i++)
		result->measures[i].name = result->spec != NULL ? spec->measures[i] : "rate";
}

/* -- measures ------------------------------------------------------------------------------------------ */

static size_t source_of_measure(const struct result *result, size_t run, const void *context,
				double *ret)
{
	return values_find(&result->experiment->runs[run].run, &result->windows[run], context, ret,
			   NULL);
}

static const struct store_member *any_subject(const struct stored_experiment *experiment)
{
	const struct store_member *subject = NULL;
	size_t i;

	for (i = 0; subject == NULL && i < experiment->run_count; i++)
		subject = result_subject(&experiment->runs[i].run);
	return subject;
}

static int make_measure(struct result *result, struct result_measure *measure, struct error *err)
{
	struct series *series = calloc(1, sizeof *series);
	int r;

	if (series == NULL)
		return error_errno(err, -ENOMEM, "cannot compute the statistics");
	measure->owned = series;
	measure->unit = values_unit(measure->name, any_subject(result->experiment));
	r = series_make(result, source_of_measure, measure->name, series, err);
	measure->cells = series->cells;
	if (r == 0)
		r = contrast_all(result, measure, err);
	return r == 0 ? contrast_slopes(result, measure, err) : r;
}

int result_new(const struct stored_experiment *experiment, struct result **ret, struct error *err)
{
	struct result *result = calloc(1, sizeof *result);
	size_t i;
	int r;

	if (result == NULL)
		return error_errno(err, -ENOMEM, "cannot compute the statistics");
	result->experiment = experiment;
	read_spec(result);
	count_boots(result);
	r = find_windows(result, err);
	if (r == 0)
		r = cells_count(result, err);
	for (i = 0; r == 0 && i < result->measure_count; i++)
		r = make_measure(result, &result->measures[i], err);
	if (r == 0)
		r = cells_fill(result, err);
	if (r < 0) {
		result_free(result);
		return r;
	}
	*ret = result;
	return 0;
}

void result_free(struct result *result)
{
	size_t i;

	if (result == NULL)
		return;
	for (i = 0; i < result->measure_count; i++) {
		if (result->measures[i].owned != NULL)
			series_done(result->measures[i].owned);
		free(result->measures[i].owned);
		free(result->measures[i].comparisons);
		free(result->measures[i].slopes);
	}
	spec_free(result->spec);
	free(result->windows);
	free(result->cells);
	free(result);
}
