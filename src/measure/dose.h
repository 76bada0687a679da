/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dose and response: by how much the logarithm of what was measured changes with each further
 * loaded VM. Each boot that has at least two doses gives a slope of its own (least squares); these
 * slopes are then a cell of one value a boot, and treated as any other (measure_estimate).
 */
#ifndef MEASURE_DOSE_H
#define MEASURE_DOSE_H

#include "measure/sample.h"

struct error;

struct measure_dose {
	double dose; /* loaded VMs */
	const struct measure_cell *cell;
};

struct measure_slopes {
	double *values;	      /* a slope a boot */
	struct measure_run *runs;
	struct measure_boot *boots;
	struct measure_cell cell; /* of all of them */
};

/* -ENODATA where no boot has two doses; -ERANGE where a value is not above 0. */
int measure_slopes_find(const struct measure_dose *doses, size_t count,
			enum measure_statistic statistic, struct measure_slopes *ret,
			struct error *err);
void measure_slopes_done(struct measure_slopes *slopes);

#endif
