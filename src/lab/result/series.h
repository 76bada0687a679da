/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The values of one measure, cell by cell, as measure/ takes them: only what counts. */
#ifndef LAB_RESULT_SERIES_H
#define LAB_RESULT_SERIES_H

#include "lab/result/result.h"

struct series {
	struct measure_cell *cells; /* as many as the experiment has */
	struct measure_boot *boots;
	struct measure_run *runs;
	size_t *run_of;		    /* which of the experiment's each of runs is */
	double *values;
};

/* Fills ret with the values of a run that counts, and returns how many; most values_room. */
typedef size_t series_source(const struct result *result, size_t run, const void *context,
			     double *ret);

int series_make(const struct result *result, series_source *source, const void *context,
		struct series *ret, struct error *err);
void series_done(struct series *series);

/* Of the boots the mean of a statistic of each; NAN for none. */
double series_mean(const struct measure_cell *cell, enum measure_statistic statistic);

#endif
