/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Holm's correction: many comparisons are made at once, and each of the p it gives may be
 * compared with 1 - level as if it were the only one. S. Holm, Scandinavian Journal of Statistics 6
 * (1979). What R's p.adjust(method = "holm") gives.
 */
#ifndef MEASURE_HOLM_H
#define MEASURE_HOLM_H

#include <stddef.h>

/* In place. Those that are NAN were not made and do not count. -ENOMEM. */
int measure_holm(double *p, size_t count);

#endif
