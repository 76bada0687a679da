/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "measure/random.h"

#include "measure/quantile.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <cmocka.h>

static void it_is_xoshiro256_starstar(void **state)
{
	/* What the published generator gives for the state 1, 2, 3, 4. */
	static const uint64_t wanted[] = { 11520, 0, 1509978240, 1215971899390074240u,
					   1216172134540287360u, 607988272756665600u };
	struct measure_random random = { { 1, 2, 3, 4 } };
	size_t i;

	for (i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
		assert_true(measure_random_u64(&random) == wanted[i]);
}

static void seeds_are_spread_by_splitmix64(void **state)
{
	struct measure_random random;

	/* What the published generator gives for the seed 1234567. */
	measure_random_init(&random, 1234567);
	assert_true(random.state[0] == 6457827717110365317u);
	assert_true(random.state[1] == 3203168211198807973u);
	assert_true(random.state[2] == 9817491932198370423u);
	assert_true(random.state[3] == 4593380528125082431u);
}

static void streams_of_one_seed_differ(void **state)
{
	struct measure_random a, b;

	measure_random_init_stream(&a, 5, 0);
	measure_random_init_stream(&b, 5, 1);
	assert_true(measure_random_u64(&a) != measure_random_u64(&b));
	measure_random_init_stream(&a, 5, 1);
	measure_random_init_stream(&b, 5, 1);
	assert_true(measure_random_u64(&a) == measure_random_u64(&b));
}

static void numbers_below_seven_are_equally_likely(void **state)
{
	unsigned counts[7] = { 0 };
	struct measure_random random;
	double chi = 0;
	size_t i;

	measure_random_init(&random, 42);
	for (i = 0; i < 70000; i++)
		counts[measure_random_below(&random, 7)]++;
	for (i = 0; i < 7; i++)
		chi += (counts[i] - 10000.0) * (counts[i] - 10000.0) / 10000;
	assert_true(chi < 22.46); /* 0.1 % of honest dice, six degrees of freedom */
	assert_true(measure_random_below(&random, 1) == 0);
}

static void every_order_of_three_is_equally_likely(void **state)
{
	unsigned counts[27] = { 0 };
	struct measure_random random;
	size_t items[3], i, seen = 0;
	double chi = 0;

	measure_random_init(&random, 43);
	for (i = 0; i < 60000; i++) {
		items[0] = 0;
		items[1] = 1;
		items[2] = 2;
		measure_random_shuffle(&random, items, 3);
		counts[items[0] * 9 + items[1] * 3 + items[2]]++;
	}
	for (i = 0; i < 27; i++) {
		seen += counts[i] > 0;
		if (counts[i] > 0)
			chi += (counts[i] - 10000.0) * (counts[i] - 10000.0) / 10000;
	}
	assert_int_equal(seen, 6);
	assert_true(chi < 20.52); /* 0.1 %, five degrees of freedom */
}

static void normal_numbers_have_mean_nought_and_deviation_one(void **state)
{
	static double values[100000];
	struct measure_random random;
	size_t i, beyond = 0;

	measure_random_init(&random, 44);
	for (i = 0; i < 100000; i++) {
		values[i] = measure_random_normal(&random);
		beyond += fabs(values[i]) > 1.959964;
	}
	assert_true(fabs(measure_mean(values, 100000)) < 4 / sqrt(100000));
	assert_true(fabs(measure_deviation(values, 100000) - 1) < 0.01);
	assert_true(beyond > 4700 && beyond < 5300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_xoshiro256_starstar),
		cmocka_unit_test(seeds_are_spread_by_splitmix64),
		cmocka_unit_test(streams_of_one_seed_differ),
		cmocka_unit_test(numbers_below_seven_are_equally_likely),
		cmocka_unit_test(every_order_of_three_is_equally_likely),
		cmocka_unit_test(normal_numbers_have_mean_nought_and_deviation_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
