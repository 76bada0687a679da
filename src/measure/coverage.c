/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How often the 95 % interval holds the truth, over thousands of made-up experiments whose truth is
 * known: noise of boots, of a cell's place in a boot, of runs, and of intervals that resemble their
 * neighbours, of several sizes and shapes.
 *
 *	coverage EXPERIMENTS DRAWS     prints a line a shape; exit 1 where one is outside of 93 to 97 %
 *
 * Where a stranger's load disturbs a run now and then, ten boots do not tell how often: there the
 * interval may hold the truth more often than that. How wide it is, is printed.
 */
#include "measure/compare.h"
#include "measure/random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_BOOTS = 30, RUNS = 2, INTERVALS = 20 };

struct shape {
	const char *name;
	size_t boots;
	double boot, place, run, interval;
	double resembles; /* the neighbour */
	bool skewed;	  /* now and then an interval is disturbed by a lot, downwards */
	bool apart;	  /* the cells are not measured in the same boots */
	double disturbed; /* so often a run is slower by a drawn part: a stranger's load */
};

static const struct shape shapes[] = {
	{ "12 boots, usual noise", 12, 0.05, 0.01, 0.01, 0.05, 0, false, false },
	{ "12 boots, intervals resemble", 12, 0.05, 0.01, 0.01, 0.05, 0.8, false, false },
	{ "12 boots, outages", 12, 0.05, 0.01, 0.01, 0.05, 0.5, true, false },
	{ "30 boots, usual noise", 30, 0.05, 0.01, 0.01, 0.05, 0.5, false, false },
	{ "10 boots, noise of intervals only", 10, 0, 0, 0, 0.1, 0, false, false },
	{ "12 boots each, apart", 12, 0.03, 0.01, 0.01, 0.05, 0.5, false, true },
	{ "10 boots, a run of 100 disturbed", 10, 0.05, 0.01, 0.01, 0.05, 0.5, false, false, 0.01 },
	{ "10 boots, a run of 20 disturbed", 10, 0.05, 0.01, 0.01, 0.05, 0.5, false, false, 0.05 },
	{ "10 boots, a run of 5 disturbed", 10, 0.05, 0.01, 0.01, 0.05, 0.5, false, false, 0.2 },
};

struct made {
	double values[MOST_BOOTS][RUNS][INTERVALS];
	struct measure_run runs[MOST_BOOTS][RUNS];
	struct measure_boot boots[MOST_BOOTS];
	struct measure_cell cell;
};

static void make_run(const struct shape *shape, double level, struct measure_random *random,
		     double *values)
{
	double noise = 0, fresh = sqrt(1 - shape->resembles * shape->resembles);
	size_t i;

	for (i = 0; i < INTERVALS; i++) {
		noise = shape->resembles * noise + fresh * measure_random_normal(random);
		values[i] = level * exp(shape->interval * noise);
		if (shape->skewed && measure_random_unit(random) < 0.02)
			values[i] *= measure_random_unit(random);
	}
}

static void make(struct made *made, const struct shape *shape, const double *levels,
		 struct measure_random *random)
{
	double place;
	size_t i, j;

	for (i = 0; i < shape->boots; i++) {
		place = levels[i] * exp(shape->place * measure_random_normal(random));
		for (j = 0; j < RUNS; j++) {
			double level = place * exp(shape->run * measure_random_normal(random));

			if (shape->disturbed > 0 && measure_random_unit(random) < shape->disturbed)
				level *= 0.1 + 0.9 * measure_random_unit(random);
			make_run(shape, level, random, made->values[i][j]);
			made->runs[i][j] = (struct measure_run){ made->values[i][j], INTERVALS };
		}
		made->boots[i] = (struct measure_boot){ i, made->runs[i], RUNS };
	}
	made->cell = (struct measure_cell){ made->boots, shape->boots };
}

static void levels_make(const struct shape *shape, double *levels, struct measure_random *random)
{
	size_t i;

	for (i = 0; i < shape->boots; i++)
		levels[i] = 1000 * exp(shape->boot * measure_random_normal(random));
}

/* 1 where the interval holds 1, the true ratio; half its width is added. */
static int holds(const struct shape *shape, unsigned draws, struct measure_random *random,
		 double *widths)
{
	static struct made a, b;
	struct measure_plan plan = { MEASURE_MEAN, 0.95, draws, measure_random_u64(random) };
	struct measure_comparison result;
	double levels[MOST_BOOTS];
	size_t i;

	levels_make(shape, levels, random);
	make(&a, shape, levels, random);
	if (shape->apart)
		levels_make(shape, levels, random);
	make(&b, shape, levels, random);
	for (i = 0; shape->apart && i < shape->boots; i++)
		b.boots[i].ordinal += MOST_BOOTS;
	if (measure_compare(&b.cell, &a.cell, &plan, &result, NULL) < 0)
		exit(2);
	*widths += result.half;
	return result.low <= 1 && result.high >= 1;
}

int main(int argc, char **argv)
{
	unsigned experiments = argc > 1 ? (unsigned)atoi(argv[1]) : 2000;
	unsigned draws = argc > 2 ? (unsigned)atoi(argv[2]) : 400;
	struct measure_random random;
	double widths, most;
	int outside = 0;
	unsigned i, held;
	size_t s;

	for (s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
		measure_random_init_stream(&random, 20, s);
		for (i = 0, held = 0, widths = 0; i < experiments; i++)
			held += (unsigned)holds(&shapes[s], draws, &random, &widths);
		printf("%-36s %5.1f %%, +- %.1f %%\n", shapes[s].name, 100.0 * held / experiments,
		       100 * widths / experiments);
		most = shapes[s].disturbed > 0 ? 1 : 0.97;
		outside += held < 0.93 * experiments || held > most * experiments;
	}
	return outside > 0;
}
