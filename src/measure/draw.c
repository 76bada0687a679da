/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "measure/draw.h"

#include "measure/quantile.h"

#include <math.h>

static size_t stretch_of(size_t count)
{
	return (size_t)fmax(1, round(cbrt((double)count)));
}

/* As many values as the run has; a stretch may go on at the run's beginning. */
static void draw_run(struct measure_random *random, const struct measure_run *run, double *ret)
{
	size_t stretch = stretch_of(run->count), filled = 0, from, i;

	while (filled < run->count) {
		from = (size_t)measure_random_below(random, run->count);
		for (i = 0; i < stretch && filled < run->count; i++)
			ret[filled++] = run->values[(from + i) % run->count];
	}
}

double measure_draw_boot(struct measure_random *random, const struct measure_boot *boot,
			 enum measure_statistic statistic, double *scratch)
{
	size_t filled = 0, counted = 0, i;
	const struct measure_run *run;
	double sum = 0;

	for (i = 0; i < boot->run_count; i++) {
		run = &boot->runs[measure_random_below(random, boot->run_count)];
		if (run->count == 0)
			continue;
		draw_run(random, run, scratch + filled);
		if (statistic == MEASURE_MEAN)
			sum += measure_mean(scratch, run->count);
		else
			filled += run->count;
		counted++;
	}
	if (counted == 0)
		return measure_boot_value(boot, statistic, scratch);
	return statistic == MEASURE_MEAN ? sum / (double)counted :
					   measure_values_statistic(scratch, filled, statistic);
}
