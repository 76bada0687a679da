/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "measure/steady.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "measure/quantile.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define SHORTEST 3	   /* intervals: fewer have no level */
#define CUT_COST 4.0	   /* times the variance times the logarithm of their number */
#define STEADY_SHARE 3	   /* a third of the run */
#define SQRT_2 1.4142135623730951

/* Sums up to each interval, to have a stretch's sum of squares at once. */
struct sums {
	double *first, *second;
};

static double cost_of(const struct sums *sums, size_t from, size_t to)
{
	double sum = sums->first[to] - sums->first[from], count = (double)(to - from);

	return fmax(0, sums->second[to] - sums->second[from] - sum * sum / count);
}

static double level_of(const struct sums *sums, size_t from, size_t to)
{
	return (sums->first[to] - sums->first[from]) / (double)(to - from);
}

static void find_differences(const double *values, size_t count, double *ret)
{
	size_t i;

	for (i = 0; i + 1 < count; i++)
		ret[i] = values[i + 1] - values[i];
}

/* From neighbours' differences, which a change of level spoils once, not ever after. Where most
 * neighbours are equal, as of few operations an interval, their median says nothing, and without
 * noise every wiggle would be a level of its own. */
static double noise_of(const double *values, size_t count, double *scratch)
{
	double deviation;

	find_differences(values, count, scratch);
	deviation = measure_robust_deviation(scratch, count - 1);
	if (deviation == 0) {
		find_differences(values, count, scratch);
		deviation = measure_deviation(scratch, count - 1);
	}
	return deviation / SQRT_2;
}

/* best[to]: the least cost of everything before `to`; cut[to]: where its last stretch begins. */
static void cut_find(const struct sums *sums, size_t count, double cut_cost, double *best,
		     size_t *cut)
{
	size_t from, to;
	double cost;

	best[0] = -cut_cost;
	for (to = 1; to <= count; to++) {
		best[to] = INFINITY;
		cut[to] = 0;
		for (from = 0; from + SHORTEST <= to; from++) {
			cost = best[from] + cost_of(sums, from, to) + cut_cost;
			if (cost < best[to]) {
				best[to] = cost;
				cut[to] = from;
			}
		}
	}
}

static void walk_back(const struct sums *sums, const size_t *cut, size_t count, double level_share,
		      struct measure_steady *ret)
{
	double last = level_of(sums, cut[count], count);
	size_t to, level = 0;

	ret->from = count;
	for (to = count; to > 0; to = cut[to]) {
		ret->stretches++;
		if (fabs(level_of(sums, cut[to], to) - last) > level_share * fabs(last))
			continue;
		ret->from = cut[to];
		level += to - cut[to];
	}
	ret->never = level * STEADY_SHARE < count;
	if (ret->never)
		ret->from = 0;
}

int measure_steady_find(const double *values, size_t count, double level_share,
			struct measure_steady *ret, struct error *err)
{
	CLEANUP_FREE double *room = NULL;
	CLEANUP_FREE size_t *cut = NULL;
	struct sums sums;
	double noise;
	size_t i;

	*ret = (struct measure_steady){ .stretches = count > 0 };
	if (count < 2 * SHORTEST)
		return 0;
	room = calloc(4 * (count + 1), sizeof *room);
	cut = calloc(count + 1, sizeof *cut);
	if (room == NULL || cut == NULL)
		return error_errno(err, -ENOMEM, "cannot look for the end of the warm-up");
	sums.first = room;
	sums.second = room + count + 1;
	for (i = 0; i < count; i++) {
		/* About the first value, so that squares of large numbers do not swallow the noise. */
		sums.first[i + 1] = sums.first[i] + (values[i] - values[0]);
		sums.second[i + 1] = sums.second[i] + (values[i] - values[0]) * (values[i] - values[0]);
	}
	noise = noise_of(values, count, room + 2 * (count + 1));
	cut_find(&sums, count, CUT_COST * noise * noise * log((double)count),
		 room + 3 * (count + 1), cut);
	ret->stretches = 0;
	/* Back to where levels are shares of. */
	for (i = 0; i <= count; i++)
		sums.first[i] += (double)i * values[0];
	walk_back(&sums, cut, count, level_share, ret);
	return 0;
}
