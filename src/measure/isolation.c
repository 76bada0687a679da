/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "measure/isolation.h"

#include "measure/quantile.h"

#include <math.h>

double measure_isolation(double rate, double undisturbed)
{
	return undisturbed > 0 ? fmin(1, fmax(0, rate / undisturbed)) : NAN;
}

double measure_latency_impact(double latency, double undisturbed)
{
	return undisturbed > 0 ? fmax(0, latency / undisturbed - 1) : NAN;
}

double measure_work_conservation(const double *rates, const double *unprotected,
				 const double *alone, size_t count)
{
	double with = 0, without = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		if (!(alone[i] > 0))
			return NAN;
		with += rates[i] / alone[i];
		without += unprotected[i] / alone[i];
	}
	return without > 0 ? with / without : NAN;
}

double measure_jain(const double *rates, size_t count)
{
	double sum = 0, squares = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		sum += rates[i];
		squares += rates[i] * rates[i];
	}
	return squares > 0 ? sum * sum / ((double)count * squares) : NAN;
}

double measure_most_over_least(const double *rates, size_t count)
{
	double least = measure_least(rates, count);

	return least > 0 ? measure_most(rates, count) / least : count > 0 ? INFINITY : NAN;
}
