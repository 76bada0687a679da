/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was measured of one cell of an experiment: boots, in each of them runs, in each run one
 * value for each interval, in the order of time. Boots of one ordinal were the same boot of the
 * same machines, in every cell. Nothing here is owned; nothing of it changes while it is used.
 */
#ifndef MEASURE_SAMPLE_H
#define MEASURE_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

struct measure_run {
	const double *values;
	size_t count;
};

struct measure_boot {
	uint64_t ordinal;
	const struct measure_run *runs;
	size_t run_count;
};

struct measure_cell {
	const struct measure_boot *boots; /* by rising ordinal */
	size_t boot_count;
};

/* What stands for a boot: of its runs' means the mean, or a quantile of all its intervals. */
enum measure_statistic {
	MEASURE_MEAN,
	MEASURE_MEDIAN,
	MEASURE_P01,
	MEASURE_P99,
};

const char *measure_statistic_name(enum measure_statistic statistic);

/* Room for the intervals of the largest boot of a cell. */
size_t measure_cell_largest_boot(const struct measure_cell *cell);
size_t measure_boot_values(const struct measure_boot *boot);

/* scratch has room for all intervals of the boot. NAN for a boot without any. */
double measure_boot_value(const struct measure_boot *boot, enum measure_statistic statistic,
			  double *scratch);
/* The same of that many values, which are the intervals of a boot's runs; reorders them. */
double measure_values_statistic(double *values, size_t count, enum measure_statistic statistic);

#endif
