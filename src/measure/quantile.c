/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "measure/quantile.h"

#include <math.h>
#include <stdlib.h>

#define MAD_TO_DEVIATION 1.4826022185056018 /* 1 / the normal distribution's third quartile */

double measure_mean(const double *values, size_t count)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < count; i++)
		sum += values[i];
	return count > 0 ? sum / (double)count : NAN;
}

double measure_deviation(const double *values, size_t count)
{
	double mean = measure_mean(values, count), sum = 0;
	size_t i;

	if (count < 2)
		return NAN;
	for (i = 0; i < count; i++)
		sum += (values[i] - mean) * (values[i] - mean);
	return sqrt(sum / (double)(count - 1));
}

double measure_least(const double *values, size_t count)
{
	double least = NAN;
	size_t i;

	for (i = 0; i < count; i++)
		least = fmin(least, values[i]);
	return least;
}

double measure_most(const double *values, size_t count)
{
	double most = NAN;
	size_t i;

	for (i = 0; i < count; i++)
		most = fmax(most, values[i]);
	return most;
}

static void swap(double *a, double *b)
{
	double kept = *a;

	*a = *b;
	*b = kept;
}

/* Hoare's selection: afterwards values[rank] is what sorting would put there, and nothing
 * behind it is smaller. */
static void select_rank(double *values, size_t count, size_t rank)
{
	ptrdiff_t left = 0, right = (ptrdiff_t)count - 1, i, j, want = (ptrdiff_t)rank;
	double pivot;

	while (left < right) {
		pivot = values[left + (right - left) / 2];
		i = left;
		j = right;
		while (i <= j) {
			while (values[i] < pivot)
				i++;
			while (pivot < values[j])
				j--;
			if (i <= j)
				swap(&values[i++], &values[j--]);
		}
		if (want <= j)
			right = j;
		else if (want >= i)
			left = i;
		else
			return;
	}
}

double measure_quantile(double *values, size_t count, double share)
{
	double rank, low;
	size_t below;

	if (count == 0)
		return NAN;
	rank = share * (double)(count - 1);
	below = (size_t)rank;
	select_rank(values, count, below);
	low = values[below];
	if (below + 1 >= count || rank == (double)below)
		return low;
	return low + (rank - (double)below) * (measure_least(values + below + 1, count - below - 1) - low);
}

double measure_sorted_quantile(const double *sorted, size_t count, double share)
{
	double rank;
	size_t below;

	if (count == 0)
		return NAN;
	rank = share * (double)(count - 1);
	below = (size_t)rank;
	if (below + 1 >= count)
		return sorted[count - 1];
	return sorted[below] + (rank - (double)below) * (sorted[below + 1] - sorted[below]);
}

static int by_value(const void *a, const void *b)
{
	const double *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

void measure_sort(double *values, size_t count)
{
	if (count > 1)
		qsort(values, count, sizeof *values, by_value);
}

double measure_robust_deviation(double *values, size_t count)
{
	double median = measure_quantile(values, count, 0.5);
	size_t i;

	for (i = 0; i < count; i++)
		values[i] = fabs(values[i] - median);
	return MAD_TO_DEVIATION * measure_quantile(values, count, 0.5);
}
