/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "measure/steady.h"

#include "measure/random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

enum { COUNT = 100 };

/* Levels of that many intervals each, with 1 % of noise. */
struct level {
	size_t count;
	double value;
};

static struct measure_steady find(const struct level *levels, uint64_t seed)
{
	struct measure_steady steady;
	struct measure_random random;
	double values[COUNT];
	size_t filled = 0, i;

	measure_random_init(&random, seed);
	for (; levels->count > 0; levels++)
		for (i = 0; i < levels->count; i++)
			values[filled++] = levels->value * (1 + 0.01 * measure_random_normal(&random));
	assert_int_equal(measure_steady_find(values, filled, 0.02, &steady, NULL), 0);
	return steady;
}

static void noise_alone_is_steady_from_the_beginning(void **state)
{
	const struct level levels[] = { { COUNT, 1e9 }, { 0 } };
	unsigned whole = 0;
	uint64_t seed;

	for (seed = 0; seed < 100; seed++)
		whole += find(levels, seed).from == 0;
	assert_true(whole >= 98);
}

static void a_cold_start_is_cut_off(void **state)
{
	const struct level levels[] = { { 15, 400 }, { 10, 800 }, { 75, 1000 }, { 0 } };
	struct measure_steady steady;
	uint64_t seed;

	for (seed = 0; seed < 100; seed++) {
		steady = find(levels, seed);
		assert_int_equal(steady.from, 25);
		assert_false(steady.never);
		assert_true(steady.stretches >= 3);
	}
}

static void a_dip_in_the_middle_is_not_a_warm_up_that_may_be_cut(void **state)
{
	const struct level late[] = { { 60, 1000 }, { 8, 300 }, { 32, 1000 }, { 0 } };
	const struct level early[] = { { 20, 1000 }, { 8, 300 }, { 72, 1000 }, { 0 } };
	const struct level both[] = { { 10, 500 }, { 20, 1000 }, { 8, 300 }, { 62, 1000 }, { 0 } };

	assert_int_equal(find(late, 1).from, 0);
	assert_false(find(late, 1).never);
	assert_int_equal(find(early, 1).from, 0);
	assert_int_equal(find(both, 1).from, 10);
}

static void an_end_that_is_like_nothing_before_it_is_not_steady(void **state)
{
	const struct level levels[] = { { 80, 1000 }, { 20, 500 }, { 0 } };

	assert_true(find(levels, 4).never);
	assert_int_equal(find(levels, 4).from, 0);
}

static void a_run_that_changes_to_its_end_never_is_steady(void **state)
{
	const struct level levels[] = { { 20, 1000 }, { 20, 900 }, { 20, 800 }, { 20, 700 },
					{ 20, 600 }, { 0 } };

	assert_true(find(levels, 2).never);
}

static void levels_that_hardly_differ_are_one(void **state)
{
	const struct level levels[] = { { 50, 1000 }, { 50, 1012 }, { 0 } };

	assert_int_equal(find(levels, 3).from, 0);
	assert_false(find(levels, 3).never);
}

static void few_operations_an_interval_are_one_level(void **state)
{
	struct measure_steady steady;
	double values[COUNT];
	size_t i;

	for (i = 0; i < COUNT; i++)
		values[i] = i % 7 == 3 ? 2 : 1;
	assert_int_equal(measure_steady_find(values, COUNT, 0.05, &steady, NULL), 0);
	assert_int_equal(steady.from, 0);
	assert_int_equal(steady.stretches, 1);
	/* A change of level without any noise is found as before. */
	for (i = 0; i < COUNT; i++)
		values[i] = i < 10 ? 5 : 10;
	assert_int_equal(measure_steady_find(values, COUNT, 0.05, &steady, NULL), 0);
	assert_int_equal(steady.from, 10);
	assert_int_equal(steady.stretches, 2);
}

static void too_few_intervals_are_left_alone(void **state)
{
	const double values[] = { 1, 2, 3 };
	struct measure_steady steady;

	assert_int_equal(measure_steady_find(values, 3, 0.02, &steady, NULL), 0);
	assert_int_equal(steady.from, 0);
	assert_int_equal(measure_steady_find(values, 0, 0.02, &steady, NULL), 0);
	assert_int_equal(steady.stretches, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(noise_alone_is_steady_from_the_beginning),
		cmocka_unit_test(a_cold_start_is_cut_off),
		cmocka_unit_test(a_dip_in_the_middle_is_not_a_warm_up_that_may_be_cut),
		cmocka_unit_test(an_end_that_is_like_nothing_before_it_is_not_steady),
		cmocka_unit_test(a_run_that_changes_to_its_end_never_is_steady),
		cmocka_unit_test(levels_that_hardly_differ_are_one),
		cmocka_unit_test(few_operations_an_interval_are_one_level),
		cmocka_unit_test(too_few_intervals_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
