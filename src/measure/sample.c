/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "measure/sample.h"

#include "measure/quantile.h"

#include <math.h>
#include <string.h>

const char *measure_statistic_name(enum measure_statistic statistic)
{
	static const char *const names[] = {
		[MEASURE_MEAN] = "mean", [MEASURE_MEDIAN] = "median",
		[MEASURE_P01] = "p01", [MEASURE_P99] = "p99",
	};

	return names[statistic];
}

size_t measure_boot_values(const struct measure_boot *boot)
{
	size_t i, count = 0;

	for (i = 0; i < boot->run_count; i++)
		count += boot->runs[i].count;
	return count;
}

size_t measure_cell_largest_boot(const struct measure_cell *cell)
{
	size_t i, count, largest = 0;

	for (i = 0; i < cell->boot_count; i++) {
		count = measure_boot_values(&cell->boots[i]);
		if (count > largest)
			largest = count;
	}
	return largest;
}

double measure_values_statistic(double *values, size_t count, enum measure_statistic statistic)
{
	switch (statistic) {
	case MEASURE_MEDIAN:
		return measure_quantile(values, count, 0.5);
	case MEASURE_P01:
		return measure_quantile(values, count, 0.01);
	case MEASURE_P99:
		return measure_quantile(values, count, 0.99);
	default:
		return measure_mean(values, count);
	}
}

/* A long run does not count for more than a short one. */
static double mean_of_runs(const struct measure_boot *boot)
{
	size_t i, runs = 0;
	double sum = 0;

	for (i = 0; i < boot->run_count; i++) {
		if (boot->runs[i].count == 0)
			continue;
		sum += measure_mean(boot->runs[i].values, boot->runs[i].count);
		runs++;
	}
	return runs > 0 ? sum / (double)runs : NAN;
}

double measure_boot_value(const struct measure_boot *boot, enum measure_statistic statistic,
			  double *scratch)
{
	size_t i, filled = 0;

	if (statistic == MEASURE_MEAN)
		return mean_of_runs(boot);
	for (i = 0; i < boot->run_count; i++) {
		if (boot->runs[i].count > 0)
			memcpy(scratch + filled, boot->runs[i].values,
			       boot->runs[i].count * sizeof *scratch);
		filled += boot->runs[i].count;
	}
	return measure_values_statistic(scratch, filled, statistic);
}
