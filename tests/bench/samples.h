/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Measured numbers, and what is said of them. Nothing of these is defined for no samples. */
#ifndef BENCH_SAMPLES_H
#define BENCH_SAMPLES_H

#include <stddef.h>

struct samples {
	double *items;
	size_t count, capacity;
};

/* Out of memory ends the program: a benchmark with holes would lie. */
void samples_add(struct samples *samples, double number);
/* Sorts them. The smallest number that `share` (0..1) of them do not exceed. */
double samples_quantile(struct samples *samples, double share);
double samples_median(struct samples *samples);
double samples_mean(const struct samples *samples);
void samples_done(struct samples *samples);

#endif
