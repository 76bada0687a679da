/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How often the 95 % interval holds the truth, over experiments put together from runs that were
 * measured and between which nothing differs.
 *
 *	lab_resample RESAMPLINGS BOOTS SEED FILE.sqlite:CELL,CELL,...
 *
 * Each draws BOOTS of all boots without repetition, in each of them two runs of those cells, and by
 * chance which of the two is called the base: so whatever a run's place in its boot does to it, "no
 * difference" is true. Windows and values are those that the laboratory itself takes.
 */
#include "base/error.h"
#include "lab/result/contrast.h"
#include "lab/result/result.h"
#include "lab/store/store_read.h"
#include "measure/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS_MOST = 32, BOOTS_MOST = 4096, DRAWN_MOST = 64 };

/* The runs of one boot that are alike. */
struct pool_boot {
	struct measure_run runs[RUNS_MOST];
	size_t count;
};

struct pool {
	struct pool_boot boots[BOOTS_MOST];
	size_t count;
};

struct drawn {
	struct measure_run runs[DRAWN_MOST];
	struct measure_boot boots[DRAWN_MOST];
};

static struct pool pool;

/* -- what was measured -------------------------------------------------------------------------- */

static struct pool_boot *boot_of(size_t first, uint64_t ordinal, size_t *ordinals)
{
	size_t i;

	for (i = first; i < pool.count; i++)
		if (ordinals[i] == ordinal)
			return &pool.boots[i];
	if (pool.count == BOOTS_MOST)
		return NULL;
	ordinals[pool.count] = ordinal;
	return &pool.boots[pool.count++];
}

static void add_cell(const struct measure_cell *cell, size_t first, size_t *ordinals)
{
	size_t i, j;

	for (i = 0; i < cell->boot_count; i++) {
		struct pool_boot *boot = boot_of(first, cell->boots[i].ordinal, ordinals);

		for (j = 0; boot != NULL && j < cell->boots[i].run_count; j++)
			if (boot->count < RUNS_MOST && cell->boots[i].runs[j].count > 0)
				boot->runs[boot->count++] = cell->boots[i].runs[j];
	}
}

/* The result stays: its values are what the pool points to. */
static int add_file(char *word, struct error *err)
{
	static size_t ordinals[BOOTS_MOST];
	struct stored_experiment *experiment;
	struct result *result;
	struct store *store;
	char *cell, *cells = strrchr(word, ':');
	size_t first = pool.count;
	int r;

	if (cells == NULL)
		return error_set(err, -1, "%s: no cells", word);
	*cells++ = '\0';
	r = store_open_read(word, &store, err);
	if (r == 0)
		r = store_read(store, 0, &experiment, err);
	if (r == 0)
		r = result_new(experiment, &result, err);
	for (cell = strtok(cells, ","); r == 0 && cell != NULL; cell = strtok(NULL, ","))
		if (strtoull(cell, NULL, 10) < experiment->cell_count)
			add_cell(&result->measures[0].cells[strtoull(cell, NULL, 10)], first, ordinals);
	return r;
}

/* Boots of which two runs cannot be drawn are of no use. */
static void drop_small(void)
{
	size_t i, kept = 0;

	for (i = 0; i < pool.count; i++)
		if (pool.boots[i].count >= 2)
			pool.boots[kept++] = pool.boots[i];
	pool.count = kept;
}

/* -- resampling ---------------------------------------------------------------------------------- */

static void draw_boot(struct measure_random *random, const struct pool_boot *from, size_t at,
		      struct drawn *cell, struct drawn *base)
{
	size_t one = measure_random_below(random, from->count);
	size_t two = measure_random_below(random, from->count - 1);

	two += two >= one;
	cell->runs[at] = from->runs[one];
	base->runs[at] = from->runs[two];
	cell->boots[at] = (struct measure_boot){ at, &cell->runs[at], 1 };
	base->boots[at] = (struct measure_boot){ at, &base->runs[at], 1 };
}

static int resample(uint64_t seed, size_t number, size_t boots, struct measure_comparison *ret,
		    struct error *err)
{
	static struct drawn cell, base;
	static size_t order[BOOTS_MOST];
	struct measure_plan plan = { MEASURE_MEAN, CONTRAST_LEVEL, CONTRAST_DRAWS, seed + number };
	struct measure_random random;
	size_t i;

	measure_random_init_stream(&random, seed, number);
	for (i = 0; i < pool.count; i++)
		order[i] = i;
	measure_random_shuffle(&random, order, pool.count);
	for (i = 0; i < boots; i++)
		draw_boot(&random, &pool.boots[order[i]], i, &cell, &base);
	return measure_compare(&(struct measure_cell){ cell.boots, boots },
			       &(struct measure_cell){ base.boots, boots }, &plan, ret, err);
}

int main(int argc, char **argv)
{
	size_t count, boots, i, covered = 0;
	struct measure_comparison comparison;
	struct error err = { 0 };
	int arg;

	if (argc < 5)
		return 2;
	count = strtoull(argv[1], NULL, 10);
	boots = strtoull(argv[2], NULL, 10);
	for (arg = 4; arg < argc; arg++)
		if (add_file(argv[arg], &err) < 0)
			goto failed;
	drop_small();
	if (boots > DRAWN_MOST || pool.count < boots || count == 0) {
		fprintf(stderr, "%zu boots, %zu are needed\n", pool.count, boots);
		return 1;
	}
	for (i = 0; i < count; i++) {
		if (resample(strtoull(argv[3], NULL, 10), i, boots, &comparison, &err) < 0)
			goto failed;
		covered += comparison.low <= 1 && comparison.high >= 1;
	}
	printf("%zu resamplings of %zu out of %zu boots: %.1f %% of the 95 %% intervals cover zero, "
	       "bar 93 to 97 %%: %s\n", count, boots, pool.count, 100.0 * (double)covered / (double)count,
	       covered * 100 >= count * 93 && covered * 100 <= count * 97 ? "reached" : "not reached");
	return 0;
failed:
	fprintf(stderr, "%s\n", err.text);
	return 1;
}
