/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a run's warm-up ends. The intervals are cut where their level changes: into the stretches
 * with the least sum of squares, each further cut costing what noise alone would gain by it. A run
 * is steady from the beginning of the first stretch that is level with the last one, if all that are
 * are at least a third of it; else it never became steady, and says so. What lies between them, an
 * outage say, is no warm-up and stays. After E. Barrett et al., "Virtual Machine Warmup Blows Hot
 * and Cold" (OOPSLA 2017), who cut by PELT: R. Killick et al. (2012).
 */
#ifndef MEASURE_STEADY_H
#define MEASURE_STEADY_H

#include <stdbool.h>
#include <stddef.h>

struct error;

struct measure_steady {
	size_t from;	     /* the first steady interval */
	size_t stretches;    /* that the run was cut into */
	bool never;	     /* then from is 0 */
};

/* level_share: levels that differ by less than this share of the last one are one level. */
int measure_steady_find(const double *values, size_t count, double level_share,
			struct measure_steady *ret, struct error *err);

#endif
