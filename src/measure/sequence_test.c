/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "measure/sequence.h"

#include "measure/quantile.h"
#include "measure/random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

enum { SEQUENCES = 2000, LENGTH = 100 };

/* Whether it ever leaves the truth out, looked at after each value. */
static bool ever_wrong(struct measure_random *random, double truth)
{
	double values[LENGTH];
	size_t i;

	for (i = 0; i < LENGTH; i++) {
		values[i] = truth + 0.03 * measure_random_normal(random);
		if (fabs(measure_mean(values, i + 1) - truth) >
		    measure_sequence_half(values, i + 1, 0.95))
			return true;
	}
	return false;
}

static void it_holds_the_truth_at_all_looks_together(void **state)
{
	struct measure_random random;
	unsigned wrong = 0, i;

	measure_random_init(&random, 7);
	for (i = 0; i < SEQUENCES; i++)
		wrong += ever_wrong(&random, 1);
	/* 5 % and four standard errors of a count of 2000; and not for being infinitely wide. */
	assert_true(wrong <= 139);
	assert_true(wrong >= 20);
}

/* What a fixed-sample interval does when one stops as soon as it likes what it sees. */
static void a_fixed_interval_does_not(void **state)
{
	struct measure_random random;
	double values[LENGTH];
	unsigned wrong = 0, i;
	size_t j;

	measure_random_init(&random, 7);
	for (i = 0; i < SEQUENCES; i++)
		for (j = 0; j < LENGTH; j++) {
			values[j] = measure_random_normal(&random);
			if (j >= 9 && fabs(measure_mean(values, j + 1)) >
				      2 * measure_deviation(values, j + 1) / sqrt((double)j + 1)) {
				wrong++;
				break;
			}
		}
	assert_true(wrong > SEQUENCES / 5);
}

static void it_gets_narrow(void **state)
{
	double values[LENGTH];
	size_t i;

	for (i = 0; i < LENGTH; i++)
		values[i] = i % 2;
	assert_true(isinf(measure_sequence_half(values, 1, 0.95)));
	assert_true(isinf(measure_sequence_half(values, 2, 0.95)));
	/* Of 100 values with a deviation of a half: the fixed interval is 0.1. */
	assert_true(measure_sequence_half(values, LENGTH, 0.95) < 0.19);
	assert_true(measure_sequence_half(values, LENGTH, 0.95) > 0.1);
	assert_true(measure_sequence_half(values, 20, 0.95) > measure_sequence_half(values, 40, 0.95));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_holds_the_truth_at_all_looks_together),
		cmocka_unit_test(a_fixed_interval_does_not),
		cmocka_unit_test(it_gets_narrow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
