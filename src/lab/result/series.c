/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/result/series.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "lab/result/values.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct fill {
	const struct result *result;
	series_source *source;
	const void *context;
	struct series *series;
	size_t boots, runs, values;
};

static int series_room(const struct result *result, struct series *series, struct error *err)
{
	const struct stored_experiment *experiment = result->experiment;
	size_t i, values = 1, runs = experiment->run_count + 1;

	for (i = 0; i < experiment->run_count; i++)
		values += values_room(&experiment->runs[i].run);
	series->cells = calloc(experiment->cell_count + 1, sizeof *series->cells);
	series->boots = calloc(runs, sizeof *series->boots);
	series->runs = calloc(runs, sizeof *series->runs);
	series->run_of = calloc(runs, sizeof *series->run_of);
	series->values = calloc(values, sizeof *series->values);
	if (series->cells == NULL || series->boots == NULL || series->runs == NULL ||
	    series->run_of == NULL || series->values == NULL)
		return error_errno(err, -ENOMEM, "cannot compute the statistics");
	return 0;
}

void series_done(struct series *series)
{
	free(series->cells);
	free(series->boots);
	free(series->runs);
	free(series->run_of);
	free(series->values);
	memset(series, 0, sizeof *series);
}

/* Runs of a boot stand together: a boot of the cell begins with its first run. */
static void add_run(struct fill *fill, struct measure_cell *cell, size_t at)
{
	const struct stored_experiment *experiment = fill->result->experiment;
	unsigned ordinal = experiment->boots[experiment->runs[at].boot].ordinal;
	struct measure_boot *boot = fill->boots > 0 ? &fill->series->boots[fill->boots - 1] : NULL;
	double *values = fill->series->values + fill->values;
	size_t count = fill->source(fill->result, at, fill->context, values);

	if (count == 0)
		return;
	if (cell->boot_count == 0 || boot->ordinal != ordinal) {
		boot = &fill->series->boots[fill->boots++];
		*boot = (struct measure_boot){ .ordinal = ordinal,
					       .runs = &fill->series->runs[fill->runs] };
		cell->boot_count++;
	}
	fill->series->run_of[fill->runs] = at;
	fill->series->runs[fill->runs++] = (struct measure_run){ values, count };
	boot->run_count++;
	fill->values += count;
}

/* The runs' numbers cell after cell, in each in their own order. */
static void order_by_cell(const struct stored_experiment *experiment, size_t *ret)
{
	size_t begins[STORED_CELLS_MOST + 1] = { 0 }, i;

	for (i = 0; i < experiment->run_count; i++)
		begins[experiment->runs[i].run.cell + 1]++;
	for (i = 1; i <= experiment->cell_count; i++)
		begins[i] += begins[i - 1];
	for (i = 0; i < experiment->run_count; i++)
		ret[begins[experiment->runs[i].run.cell]++] = i;
}

int series_make(const struct result *result, series_source *source, const void *context,
		struct series *ret, struct error *err)
{
	const struct stored_experiment *experiment = result->experiment;
	CLEANUP_FREE size_t *order = calloc(experiment->run_count + 1, sizeof *order);
	struct fill fill = { result, source, context, ret, 0, 0, 0 };
	size_t cell, i = 0;
	int r;

	memset(ret, 0, sizeof *ret);
	r = order != NULL ? series_room(result, ret, err) :
			    error_errno(err, -ENOMEM, "cannot compute the statistics");
	if (r < 0) {
		series_done(ret);
		return r;
	}
	order_by_cell(experiment, order);
	for (cell = 0; cell < experiment->cell_count; cell++) {
		ret->cells[cell].boots = &ret->boots[fill.boots];
		for (; i < experiment->run_count && experiment->runs[order[i]].run.cell == cell; i++)
			if (result_run_counts(result, order[i]))
				add_run(&fill, &ret->cells[cell], order[i]);
	}
	return 0;
}

double series_mean(const struct measure_cell *cell, enum measure_statistic statistic)
{
	CLEANUP_FREE double *scratch = calloc(measure_cell_largest_boot(cell) + 1, sizeof *scratch);
	double sum = 0;
	size_t i;

	for (i = 0; scratch != NULL && i < cell->boot_count; i++)
		sum += measure_boot_value(&cell->boots[i], statistic, scratch);
	return scratch != NULL && cell->boot_count > 0 ? sum / (double)cell->boot_count : NAN;
}
