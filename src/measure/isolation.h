/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Isolation in the terms of resctl-bench, so that its users read them as they know them. Each is of
 * one interval; a mean of them hides outages, so look at the low quantiles, too.
 */
#ifndef MEASURE_ISOLATION_H
#define MEASURE_ISOLATION_H

#include <stddef.h>

/* What a VM did of what it does undisturbed, from 0 to 1: more than undisturbed is no more than
 * isolated. NAN where undisturbed is not above 0. */
double measure_isolation(double rate, double undisturbed);
/* By what share it answered later than undisturbed; not below 0. */
double measure_latency_impact(double latency, double undisturbed);

/*
 * Work conservation: what all VMs did together while one was protected, against what they do
 * together unprotected. Their work is not of one unit, so each one's is counted in what it does
 * alone: sum(rate / alone) over sum(unprotected / alone). The peer's is of I/O bandwidth alone.
 */
double measure_work_conservation(const double *rates, const double *unprotected,
				 const double *alone, size_t count);

/* How equal shares are: 1 all the same, 1/count one has everything. R. Jain et al. (1984). */
double measure_jain(const double *rates, size_t count);
/* The largest over the smallest; INFINITY where the smallest is nought. */
double measure_most_over_least(const double *rates, size_t count);

#endif
