/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Duet: two cells measured at once, side by side, so that what disturbs one disturbs both. Each
 * interval gives the ratio of the two; what the boots' means of these say is compared with 1.
 * L. Bulej et al., "Duet Benchmarking" (ICPE 2020).
 */
#ifndef MEASURE_DUET_H
#define MEASURE_DUET_H

#include <stddef.h>

/*
 * One run of each side, intervals of the same moments. Writes the ratios of those in which both
 * did something, and how many these are; `ret` has room for count.
 */
size_t measure_duet_ratios(const double *values, const double *base, size_t count, double *ret);

#endif
