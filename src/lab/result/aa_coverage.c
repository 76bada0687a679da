/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How often the 95 % interval holds the truth on a recorded A/A experiment, where the truth is that
 * nothing differs:
 *
 *	aa-coverage FILE.sqlite RESAMPLINGS DRAWS [BOOTS [SLOWER]]
 *
 * Each resampling draws BOOTS boots (12) of those recorded, and in each of them tosses which of the
 * two equal cells is called the first, so that neither order nor chance of this one recording can be
 * an effect. SLOWER (0.9) multiplies one of them: then it prints how often that is found, too.
 * Exit 1 where the interval holds the truth in less than 93 or more than 97 % of 2,000 or more.
 */
#include "base/error.h"
#include "lab/result/result.h"
#include "lab/store/store.h"
#include "measure/random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BOOTS_MOST = 200, RUNS_MOST = 64 };

struct drawn {
	struct measure_boot boots[BOOTS_MOST];
	struct measure_cell cell;
};

struct recorded {
	const struct measure_cell *first, *second;
	const struct measure_boot *pairs[BOOTS_MOST][2];
	size_t count;
};

static const struct result_comparison *control_of(const struct result *result)
{
	size_t i;

	for (i = 0; i < result->measures[0].comparison_count; i++)
		if (result->measures[0].comparisons[i].is_control)
			return &result->measures[0].comparisons[i];
	return NULL;
}

static void pair(struct recorded *recorded)
{
	size_t i, j;

	for (i = 0; i < recorded->first->boot_count; i++)
		for (j = 0; j < recorded->second->boot_count && recorded->count < BOOTS_MOST; j++)
			if (recorded->first->boots[i].ordinal == recorded->second->boots[j].ordinal) {
				recorded->pairs[recorded->count][0] = &recorded->first->boots[i];
				recorded->pairs[recorded->count++][1] = &recorded->second->boots[j];
			}
}

static void draw(const struct recorded *recorded, struct measure_random *random, size_t boots,
		 struct drawn *a, struct drawn *b)
{
	size_t i, from;
	bool swapped;

	for (i = 0; i < boots; i++) {
		from = measure_random_below(random, recorded->count);
		swapped = measure_random_below(random, 2) == 1;
		a->boots[i] = *recorded->pairs[from][swapped];
		b->boots[i] = *recorded->pairs[from][!swapped];
		/* A boot that was drawn twice is two boots. */
		a->boots[i].ordinal = b->boots[i].ordinal = i;
	}
	a->cell = (struct measure_cell){ a->boots, boots };
	b->cell = (struct measure_cell){ b->boots, boots };
}

/* A machine that is slower by so much would have given these values. */
static double *slow_down(struct drawn *drawn, double ratio, struct measure_run (*runs)[RUNS_MOST])
{
	size_t i, j, k, count = 1;
	double *values, *at;

	for (i = 0; i < drawn->cell.boot_count; i++)
		count += measure_boot_values(&drawn->boots[i]);
	values = at = calloc(count, sizeof *values);
	for (i = 0; values != NULL && i < drawn->cell.boot_count; i++) {
		struct measure_boot *boot = &drawn->boots[i];

		if (boot->run_count > RUNS_MOST)
			boot->run_count = RUNS_MOST;
		for (j = 0; j < boot->run_count; j++) {
			runs[i][j] = (struct measure_run){ at, boot->runs[j].count };
			for (k = 0; k < boot->runs[j].count; k++)
				*at++ = boot->runs[j].values[k] * ratio;
		}
		boot->runs = runs[i];
	}
	return values;
}

static int cover(const struct recorded *recorded, unsigned resamplings, unsigned draws, size_t boots,
		 double slower)
{
	static struct measure_run runs[BOOTS_MOST][RUNS_MOST];
	static struct drawn a, b;
	struct measure_comparison numbers;
	struct measure_random random;
	unsigned i, held = 0, found = 0;

	measure_random_init(&random, 1);
	for (i = 0; i < resamplings; i++) {
		struct measure_plan plan = { MEASURE_MEAN, 0.95, draws, measure_random_u64(&random) };
		double *values;

		draw(recorded, &random, boots, &a, &b);
		values = slow_down(&b, slower, runs);
		if (values == NULL || measure_compare(&b.cell, &a.cell, &plan, &numbers, NULL) < 0)
			return 2;
		held += numbers.low <= slower && numbers.high >= slower;
		found += measure_differs(&numbers, NULL);
		free(values);
	}
	printf("%zu recorded boots, %u resamplings of %zu: the 95 %% interval holds the truth in %.1f %%, a "
	       "difference is found in %.1f %%\n", recorded->count, resamplings, boots,
	       100.0 * held / resamplings, 100.0 * found / resamplings);
	return resamplings >= 2000 && (held < 0.93 * resamplings || held > 0.97 * resamplings);
}

int main(int argc, char **argv)
{
	size_t boots = argc > 4 ? strtoul(argv[4], NULL, 10) : 12;
	struct stored_experiment *experiment = NULL;
	const struct result_comparison *control;
	struct recorded recorded = { 0 };
	struct result *result = NULL;
	struct store *store = NULL;
	struct error err = { 0 };
	int r = 2;

	if (argc < 4 || boots < MEASURE_BOOTS_LEAST || boots > BOOTS_MOST) {
		fputs("usage: aa-coverage FILE.sqlite RESAMPLINGS DRAWS [BOOTS [SLOWER]]\n", stderr);
		return 2;
	}
	if (store_open_read(argv[1], &store, &err) < 0 || store_read(store, 0, &experiment, &err) < 0 ||
	    result_new(experiment, &result, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
	} else if ((control = control_of(result)) == NULL) {
		fprintf(stderr, "%s: has no A/A\n", argv[1]);
	} else {
		recorded.first = &result->measures[0].cells[control->base];
		recorded.second = &result->measures[0].cells[control->cell];
		pair(&recorded);
		if (recorded.count >= MEASURE_BOOTS_LEAST)
			r = cover(&recorded, (unsigned)atoi(argv[2]), (unsigned)atoi(argv[3]), boots,
				  argc > 5 ? strtod(argv[5], NULL) : 1);
		else
			fprintf(stderr, "%s: has %zu boots with both of A/A, ten are needed\n", argv[1],
				recorded.count);
	}
	result_free(result);
	stored_experiment_free(experiment);
	store_close(store);
	return r;
}
