/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One cell against another: the ratio of what was measured, with the interval that holds the
 * true ratio in `level` of all experiments like this one.
 *
 * A boot is the unit that is repeated: what differs between boots differs for all its runs. So
 * each boot gives one value a cell (sample.h), and where both cells were measured in the same
 * boots, each boot gives its own ratio. The interval is a bootstrap-t one: boots are drawn, in each
 * of them runs, in each run stretches of intervals, and how far the drawn ratio is from the measured
 * one, in its own standard errors, tells how far the measured one may be from the truth. Below
 * MEASURE_BOOTS_LEAST boots the boot level is left out: then it speaks of these boots alone.
 *
 * It works on logarithms of the values; where some are zero, on differences over the mean of the
 * base cell. Pure: the same samples and seed give the same bytes.
 */
#ifndef MEASURE_COMPARE_H
#define MEASURE_COMPARE_H

#include "measure/sample.h"

#include <stdbool.h>

#define MEASURE_BOOTS_LEAST 10
#define MEASURE_POWER 0.8 /* with which `detectable` is found */

struct error;

struct measure_plan {
	enum measure_statistic statistic;
	double level;	 /* 0.95 */
	unsigned draws;	 /* 2000 */
	uint64_t seed;
};

struct measure_comparison {
	size_t boots, base_boots;
	bool paired;	       /* both cells in the same boots */
	bool boots_too_few;    /* the boot level was left out */
	bool in_differences;   /* not in logarithms */
	double value, base;    /* the mean over boots */
	double ratio, low, high;
	double effect, error;  /* log ratio (or difference), and its standard error ... */
	double freedom;	       /* ... and that one's degrees of freedom */
	double half;	       /* of the interval, in the scale of effect */
	double p;	       /* that an effect this far from none comes by chance; at least 1/(draws + 1) */
	/* The smallest ratio above 1 that this comparison, were it the only one, finds with a power of
	 * MEASURE_POWER; NAN: unknown. */
	double detectable;
};

/* -ENODATA: a cell has no boot with values; -EINVAL: values that are no number. */
int measure_compare(const struct measure_cell *cell, const struct measure_cell *base,
		    const struct measure_plan *plan, struct measure_comparison *ret,
		    struct error *err);

/* One cell alone: value, low and high are in its own unit; base and ratio mean nothing. */
int measure_estimate(const struct measure_cell *cell, const struct measure_plan *plan,
		     struct measure_comparison *ret, struct error *err);

/* Whether the interval leaves "no effect" out. */
bool measure_differs(const struct measure_comparison *comparison);

#endif
