/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Draws what a boot could have given: runs of it with replacement, in each run stretches of
 * neighbouring intervals with replacement, as long as the cube root of their number, because an
 * interval resembles its neighbour.
 */
#ifndef MEASURE_DRAW_H
#define MEASURE_DRAW_H

#include "measure/random.h"
#include "measure/sample.h"

/* The statistic of one drawing; scratch has room for run_count times the longest run. */
double measure_draw_boot(struct measure_random *random, const struct measure_boot *boot,
			 enum measure_statistic statistic, double *scratch);

#endif
