/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/lab_enough.h"

#include "base/cleanup.h"
#include "cmd/lab_place.h"
#include "cmd/lab_source.h"

#include <math.h>
#include <stdio.h>

static bool is_narrow(const struct result_comparison *comparison, double precision)
{
	return comparison->has_numbers && !comparison->numbers.boots_too_few &&
	       isfinite(comparison->numbers.half) &&
	       comparison->numbers.half <= log1p(precision);
}

static bool all_narrow(const struct result *result, double precision)
{
	const struct result_measure *measure = &result->measures[0];
	size_t i;

	if (result->measure_count == 0 || measure->comparison_count == 0)
		return false;
	for (i = 0; i < measure->comparison_count; i++)
		if (!is_narrow(&measure->comparisons[i], precision))
			return false;
	return true;
}

bool lab_is_enough(const struct lab_place *place, int64_t experiment, double precision)
{
	CLEANUP_FREE char *word = NULL;
	struct lab_source source;
	bool enough;

	if (asprintf(&word, "%s:%lld", place->store, (long long)experiment) < 0) {
		word = NULL;
		return false;
	}
	if (lab_source_read(word, &source, NULL) < 0)
		return false;
	enough = all_narrow(source.result, precision);
	lab_source_done(&source);
	return enough;
}
