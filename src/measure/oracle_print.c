/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints what measure_compare makes of two cells, for oracle.py. Reads BOOTS RUNS INTERVALS and
 * then the values of the cell and of its base, boot after boot; says "ratio low high p".
 */
#include "measure/compare.h"

#include <stdio.h>
#include <stdlib.h>

struct read {
	double *values;
	struct measure_run *runs;
	struct measure_boot *boots;
	struct measure_cell cell;
};

static int cell_read(struct read *read, size_t boots, size_t runs, size_t intervals)
{
	size_t i, j;

	read->values = calloc(boots * runs * intervals, sizeof *read->values);
	read->runs = calloc(boots * runs, sizeof *read->runs);
	read->boots = calloc(boots, sizeof *read->boots);
	if (read->values == NULL || read->runs == NULL || read->boots == NULL)
		return -1;
	for (i = 0; i < boots * runs * intervals; i++)
		if (scanf("%lf", &read->values[i]) != 1)
			return -1;
	for (i = 0; i < boots; i++) {
		for (j = 0; j < runs; j++)
			read->runs[i * runs + j] = (struct measure_run){
				read->values + (i * runs + j) * intervals, intervals };
		read->boots[i] = (struct measure_boot){ i, read->runs + i * runs, runs };
	}
	read->cell = (struct measure_cell){ read->boots, boots };
	return 0;
}

static void done(struct read *read)
{
	free(read->values);
	free(read->runs);
	free(read->boots);
}

int main(void)
{
	const struct measure_plan plan = { MEASURE_MEAN, 0.95, 4000, 1 };
	struct measure_comparison result;
	struct read cell = { 0 }, base = { 0 };
	size_t boots, runs, intervals;
	int bad;

	if (scanf("%zu %zu %zu", &boots, &runs, &intervals) != 3 || boots > 1000 || runs > 1000 ||
	    intervals > 1000)
		return 2;
	bad = cell_read(&cell, boots, runs, intervals) < 0 ||
	      cell_read(&base, boots, runs, intervals) < 0 ||
	      measure_compare(&cell.cell, &base.cell, &plan, &result, NULL) < 0;
	if (!bad)
		printf("%.12g %.12g %.12g %.12g\n", result.ratio, result.low, result.high, result.p);
	done(&cell);
	done(&base);
	return bad ? 2 : 0;
}
