/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "samples.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/vec.h"

void samples_add(struct samples *samples, double number)
{
	if (!VEC_RESERVE(samples->items, samples->capacity, samples->count + 1)) {
		perror("samples");
		exit(EXIT_FAILURE);
	}
	samples->items[samples->count++] = number;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double samples_quantile(struct samples *samples, double share)
{
	size_t at = (size_t)ceil(share * (double)samples->count);

	qsort(samples->items, samples->count, sizeof *samples->items, compare);
	return samples->items[at > 0 ? at - 1 : 0];
}

double samples_median(struct samples *samples)
{
	return samples_quantile(samples, 0.5);
}

double samples_mean(const struct samples *samples)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < samples->count; i++)
		sum += samples->items[i];
	return sum / (double)samples->count;
}

void samples_done(struct samples *samples)
{
	free(samples->items);
}
