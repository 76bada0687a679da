/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Location and spread of plain numbers. Quantiles lie between neighbours by rank (count - 1) *
 * share, which is type 7 of Hyndman and Fan and what R and NumPy do by default. All answer NAN
 * for no values.
 */
#ifndef MEASURE_QUANTILE_H
#define MEASURE_QUANTILE_H

#include <stddef.h>

double measure_mean(const double *values, size_t count);
/* With count - 1; NAN for fewer than two. */
double measure_deviation(const double *values, size_t count);
double measure_least(const double *values, size_t count);
double measure_most(const double *values, size_t count);

/* share from 0 to 1. Reorders the values; takes time as they are many, not as to sort them. */
double measure_quantile(double *values, size_t count, double share);
double measure_sorted_quantile(const double *sorted, size_t count, double share);
void measure_sort(double *values, size_t count);

/* Of how the values deviate from their median the median, times 1.4826: a standard deviation
 * where they are normal, and no outlier's toy. Reorders the values. */
double measure_robust_deviation(double *values, size_t count);

#endif
