/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "measure/sequence.h"

#include "measure/quantile.h"

#include <math.h>

/* The mixture's precision. It moves the count of values at which the interval is narrowest, to
 * some ten with this one, and touches no guarantee. */
#define PRECISION 1.0

/*
 * With s^2 the variance over count and d the square of (mean - m), the mixture's evidence against
 * m is sqrt(c/(n+c)) * ((1 + d/s^2) / (1 + c/(n+c) * d/s^2))^(n/2) for precision c. It stays below
 * 1/alpha as long as d < s^2 * (k-1) (n+c) / (n - (k-1) c), k = ((n+c) / (c alpha^2))^(1/n).
 */
double measure_sequence_half(const double *values, size_t count, double level)
{
	double n = (double)count, alpha = 1 - level, excess, deviation, below;

	if (count < 2)
		return INFINITY;
	excess = pow((n + PRECISION) / (PRECISION * alpha * alpha), 1 / n) - 1;
	below = n - excess * PRECISION;
	if (below <= 0)
		return INFINITY;
	deviation = measure_deviation(values, count) * sqrt((n - 1) / n);
	return deviation * sqrt(excess * (n + PRECISION) / below);
}
