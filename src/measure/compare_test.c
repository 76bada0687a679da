/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "measure/compare.h"

#include "base/error.h"
#include "measure/random.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

enum { BOOTS = 12, RUNS = 2, INTERVALS = 20, MOST_BOOTS = 40 };

struct made {
	double values[MOST_BOOTS][RUNS][INTERVALS];
	struct measure_run runs[MOST_BOOTS][RUNS];
	struct measure_boot boots[MOST_BOOTS];
	struct measure_cell cell;
};

/* How much boots, a cell's place in a boot, runs and intervals differ, as shares. */
struct noise {
	double boot, place, run, interval;
};

static void wire(struct made *made, size_t boots)
{
	size_t i, j;

	for (i = 0; i < boots; i++) {
		for (j = 0; j < RUNS; j++)
			made->runs[i][j] = (struct measure_run){ made->values[i][j], INTERVALS };
		made->boots[i] = (struct measure_boot){ i, made->runs[i], RUNS };
	}
	made->cell = (struct measure_cell){ made->boots, boots };
}

/* Two cells measured in the same boots; the second is `ratio` times the first one. */
static void make(struct made *a, struct made *b, size_t boots, const struct noise *noise,
		 double ratio, struct measure_random *random)
{
	struct made *cells[2] = { a, b };
	double level, place, run;
	size_t i, j, k, side;

	for (i = 0; i < boots; i++) {
		level = 1000 * exp(noise->boot * measure_random_normal(random));
		for (side = 0; side < 2; side++) {
			place = exp(noise->place * measure_random_normal(random)) * (side == 1 ? ratio : 1);
			for (j = 0; j < RUNS; j++) {
				run = exp(noise->run * measure_random_normal(random));
				for (k = 0; k < INTERVALS; k++)
					cells[side]->values[i][j][k] = level * place * run *
						exp(noise->interval * measure_random_normal(random));
			}
		}
	}
	wire(a, boots);
	wire(b, boots);
}

static const struct noise usual = { 0.05, 0.01, 0.01, 0.05 };

static struct measure_comparison compare(const struct made *cell, const struct made *base,
					 unsigned draws)
{
	const struct measure_plan plan = { MEASURE_MEAN, 0.95, draws, 11 };
	struct measure_comparison result;

	assert_int_equal(measure_compare(&cell->cell, &base->cell, &plan, &result, NULL), 0);
	return result;
}

static void a_tenth_less_is_found_and_its_size_told(void **state)
{
	static struct made a, b;
	struct measure_comparison result;
	struct measure_random random;

	measure_random_init(&random, 1);
	make(&a, &b, BOOTS, &usual, 0.9, &random);
	result = compare(&b, &a, 1000);
	assert_true(result.paired);
	assert_false(result.boots_too_few);
	assert_true(result.low < 0.9 && result.high > 0.9);
	assert_true(result.high < 0.95);
	assert_true(measure_differs(&result));
	assert_true(result.p < 0.01);
	assert_int_equal(result.boots, BOOTS);
}

/* The unpaired interval would have the boots' 5 % in it. */
static void what_boots_differ_by_is_not_in_the_way_of_pairs(void **state)
{
	static struct made a, b;
	struct measure_comparison paired, apart;
	struct measure_random random;
	size_t i;

	measure_random_init(&random, 2);
	make(&a, &b, BOOTS, &usual, 1, &random);
	paired = compare(&b, &a, 500);
	for (i = 0; i < BOOTS; i++)
		b.boots[i].ordinal += 100;
	apart = compare(&b, &a, 500);
	assert_true(paired.paired);
	assert_false(apart.paired);
	assert_true(apart.half > 2 * paired.half);
}

static void few_boots_leave_the_boot_level_out(void **state)
{
	static struct made a, b;
	struct measure_comparison result;
	struct measure_random random;

	measure_random_init(&random, 3);
	make(&a, &b, MEASURE_BOOTS_LEAST - 1, &usual, 1, &random);
	result = compare(&b, &a, 200);
	assert_true(result.boots_too_few);
	assert_true(isnan(result.detectable));
	assert_true(result.half > 0);
}

/* One that is not paired with all of the other's boots is compared in those that both have. */
static void a_boot_that_failed_in_one_cell_leaves_both(void **state)
{
	static struct made a, b;
	struct measure_comparison result;
	struct measure_random random;

	measure_random_init(&random, 4);
	make(&a, &b, BOOTS, &usual, 0.9, &random);
	memmove(&b.boots[3], &b.boots[4], (BOOTS - 4) * sizeof b.boots[0]);
	b.cell.boot_count--;
	a.runs[0][0].count = a.runs[0][1].count = 0;
	result = compare(&b, &a, 200);
	assert_true(result.paired);
	assert_int_equal(result.boots, BOOTS - 2);
	assert_true(result.low < 0.9 && result.high > 0.9);
}

static void the_same_seed_gives_the_same_bytes(void **state)
{
	static struct made a, b;
	struct measure_comparison one, two;
	struct measure_random random;

	measure_random_init(&random, 5);
	make(&a, &b, BOOTS, &usual, 1, &random);
	memset(&one, 0, sizeof one);
	memset(&two, 0, sizeof two);
	one = compare(&b, &a, 300);
	two = compare(&b, &a, 300);
	assert_true(one.low == two.low && one.high == two.high && one.p == two.p);
}

static void noughts_are_compared_by_difference(void **state)
{
	static struct made a, b;
	struct measure_comparison result;
	struct measure_random random;

	measure_random_init(&random, 6);
	make(&a, &b, BOOTS, &usual, 0.5, &random);
	memset(b.values[2], 0, sizeof b.values[2]);
	result = compare(&b, &a, 300);
	assert_true(result.in_differences);
	assert_true(result.ratio > 0.3 && result.ratio < 0.6);
	assert_true(isfinite(result.low) && isfinite(result.high));
}

static void cells_that_are_alike_to_the_last_digit_do_not_differ(void **state)
{
	static struct made a;
	struct measure_comparison result;
	size_t i, j, k;

	for (i = 0; i < BOOTS; i++)
		for (j = 0; j < RUNS; j++)
			for (k = 0; k < INTERVALS; k++)
				a.values[i][j][k] = 8;
	wire(&a, BOOTS);
	result = compare(&a, &a, 100);
	assert_true(result.ratio == 1 && result.half == 0);
	assert_true(result.p > 0.99);
	assert_false(measure_differs(&result));
}

/* As latencies from a histogram's buckets do: most boots have the same. */
static void values_in_steps_have_an_interval(void **state)
{
	static struct made a, b;
	struct measure_comparison result;
	size_t i, j, k;

	for (i = 0; i < BOOTS; i++)
		for (j = 0; j < RUNS; j++)
			for (k = 0; k < INTERVALS; k++)
				a.values[i][j][k] = 8, b.values[i][j][k] = i == 3 ? 8.5 : 8;
	wire(&a, BOOTS);
	wire(&b, BOOTS);
	result = compare(&b, &a, 1000);
	assert_true(isfinite(result.half) && result.half > 0);
	assert_true(result.low < 1 && result.high > 1);
	assert_false(measure_differs(&result));
}

static void a_cell_without_values_is_no_data(void **state)
{
	const struct measure_plan plan = { MEASURE_P99, 0.95, 100, 1 };
	const struct measure_cell none = { 0 };
	struct measure_comparison result;
	struct measure_random random;
	static struct made a, b;
	struct error err;

	measure_random_init(&random, 7);
	make(&a, &b, BOOTS, &usual, 1, &random);
	assert_int_equal(measure_compare(&none, &a.cell, &plan, &result, &err), -ENODATA);
	assert_int_equal(measure_compare(&a.cell, &none, &plan, &result, &err), -ENODATA);
	a.values[1][1][1] = NAN;
	assert_int_equal(measure_compare(&a.cell, &b.cell, &plan, &result, &err), -EINVAL);
}

/* Student's own sleep data (1908): ten differences, mean 1.58, standard error 0.38896; the t
 * interval is 0.70 to 2.46 (R: t.test(extra ~ group, data = sleep, paired = TRUE)). */
static void student_s_sleepers_are_estimated(void **state)
{
	static const double differences[] = { 1.2, 2.4, 1.3, 1.3, 0, 1, 1.8, 0.8, 4.6, 1.4 };
	const struct measure_plan plan = { MEASURE_MEAN, 0.95, 20000, 1 };
	struct measure_comparison result;
	struct measure_run runs[10];
	struct measure_boot boots[10];
	const struct measure_cell cell = { boots, 10 };
	size_t i;

	for (i = 0; i < 10; i++) {
		runs[i] = (struct measure_run){ &differences[i], 1 };
		boots[i] = (struct measure_boot){ i, &runs[i], 1 };
	}
	assert_int_equal(measure_estimate(&cell, &plan, &result, NULL), 0);
	assert_true(fabs(result.effect - 1.58) < 1e-9);
	assert_true(fabs(result.error - 0.3889587) < 1e-6);
	/* The bootstrap sees how skewed they are, and is somewhat wider than 0.88. */
	assert_true(result.half > 0.75 && result.half < 1.4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tenth_less_is_found_and_its_size_told),
		cmocka_unit_test(what_boots_differ_by_is_not_in_the_way_of_pairs),
		cmocka_unit_test(few_boots_leave_the_boot_level_out),
		cmocka_unit_test(a_boot_that_failed_in_one_cell_leaves_both),
		cmocka_unit_test(the_same_seed_gives_the_same_bytes),
		cmocka_unit_test(noughts_are_compared_by_difference),
		cmocka_unit_test(cells_that_are_alike_to_the_last_digit_do_not_differ),
		cmocka_unit_test(values_in_steps_have_an_interval),
		cmocka_unit_test(a_cell_without_values_is_no_data),
		cmocka_unit_test(student_s_sleepers_are_estimated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
