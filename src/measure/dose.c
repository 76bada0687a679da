/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "measure/dose.h"

#include "base/cleanup.h"
#include "base/error.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

struct line {
	double count, x, y, xx, xy; /* sums */
};

static bool line_slope(const struct line *line, double *ret)
{
	double spread = line->count * line->xx - line->x * line->x;

	if (line->count < 2 || spread <= 0)
		return false;
	*ret = (line->count * line->xy - line->x * line->y) / spread;
	return true;
}

static const struct measure_boot *boot_of(const struct measure_cell *cell, uint64_t ordinal)
{
	size_t i;

	for (i = 0; i < cell->boot_count; i++)
		if (cell->boots[i].ordinal == ordinal && measure_boot_values(&cell->boots[i]) > 0)
			return &cell->boots[i];
	return NULL;
}

static int line_of_boot(const struct measure_dose *doses, size_t count,
			enum measure_statistic statistic, uint64_t ordinal, double *scratch,
			struct line *ret)
{
	const struct measure_boot *boot;
	double value;
	size_t i;

	*ret = (struct line){ 0 };
	for (i = 0; i < count; i++) {
		boot = boot_of(doses[i].cell, ordinal);
		if (boot == NULL)
			continue;
		value = measure_boot_value(boot, statistic, scratch);
		if (!(value > 0))
			return -ERANGE;
		ret->count++;
		ret->x += doses[i].dose;
		ret->y += log(value);
		ret->xx += doses[i].dose * doses[i].dose;
		ret->xy += doses[i].dose * log(value);
	}
	return 0;
}

/* The boots of the dose that has most of them: whoever has two doses has one in common with it,
 * or the experiment was broken off early. */
static const struct measure_cell *fullest(const struct measure_dose *doses, size_t count)
{
	const struct measure_cell *most = doses[0].cell;
	size_t i;

	for (i = 1; i < count; i++)
		if (doses[i].cell->boot_count > most->boot_count)
			most = doses[i].cell;
	return most;
}

static size_t scratch_for(const struct measure_dose *doses, size_t count)
{
	size_t i, room, most = 1;

	for (i = 0; i < count; i++) {
		room = measure_cell_largest_boot(doses[i].cell);
		if (room > most)
			most = room;
	}
	return most;
}

static int slopes_room(struct measure_slopes *slopes, size_t count)
{
	*slopes = (struct measure_slopes){
		.values = calloc(count + 1, sizeof *slopes->values),
		.runs = calloc(count + 1, sizeof *slopes->runs),
		.boots = calloc(count + 1, sizeof *slopes->boots),
	};
	return slopes->values != NULL && slopes->runs != NULL && slopes->boots != NULL ? 0 : -ENOMEM;
}

void measure_slopes_done(struct measure_slopes *slopes)
{
	free(slopes->values);
	free(slopes->runs);
	free(slopes->boots);
	*slopes = (struct measure_slopes){ 0 };
}

static void slope_add(struct measure_slopes *slopes, uint64_t ordinal, double slope)
{
	size_t at = slopes->cell.boot_count++;

	slopes->values[at] = slope;
	slopes->runs[at] = (struct measure_run){ &slopes->values[at], 1 };
	slopes->boots[at] = (struct measure_boot){ ordinal, &slopes->runs[at], 1 };
	slopes->cell.boots = slopes->boots;
}

int measure_slopes_find(const struct measure_dose *doses, size_t count,
			enum measure_statistic statistic, struct measure_slopes *ret,
			struct error *err)
{
	CLEANUP_FREE double *scratch = NULL;
	const struct measure_cell *boots;
	struct line line;
	double slope;
	size_t i;
	int r = 0;

	if (count < 2)
		return error_set(err, -ENODATA, "a slope needs two doses");
	boots = fullest(doses, count);
	scratch = calloc(scratch_for(doses, count), sizeof *scratch);
	if (slopes_room(ret, boots->boot_count) < 0 || scratch == NULL)
		r = error_errno(err, -ENOMEM, "cannot compute the slopes");
	for (i = 0; r == 0 && i < boots->boot_count; i++) {
		r = line_of_boot(doses, count, statistic, boots->boots[i].ordinal, scratch, &line);
		if (r < 0)
			error_set(err, r, "a value is not above 0: it has no logarithm");
		else if (line_slope(&line, &slope))
			slope_add(ret, boots->boots[i].ordinal, slope);
	}
	if (r == 0 && ret->cell.boot_count == 0)
		r = error_set(err, -ENODATA, "no boot was measured at two doses");
	if (r < 0)
		measure_slopes_done(ret);
	return r;
}
