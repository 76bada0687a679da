/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "measure/quantile.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#define NEAR 1e-12

/* R: x <- c(31, 4, 15, 9, 26, 5, 3, 58) */
static const double x[] = { 31, 4, 15, 9, 26, 5, 3, 58 };
enum { COUNT = sizeof x / sizeof x[0] };

static void assert_near(double value, double wanted, double within)
{
	assert_true(fabs(value - wanted) <= within);
}

static double quantile(double share)
{
	double copy[COUNT];

	memcpy(copy, x, sizeof x);
	return measure_quantile(copy, COUNT, share);
}

static void quantiles_are_those_of_r(void **state)
{
	/* quantile(x, c(0, .01, .25, .5, .75, .99, 1)) */
	static const double shares[] = { 0, .01, .25, .5, .75, .99, 1 };
	static const double wanted[] = { 3, 3.07, 4.75, 12, 27.25, 56.11, 58 };
	size_t i;

	for (i = 0; i < sizeof shares / sizeof shares[0]; i++)
		assert_near(quantile(shares[i]), wanted[i], 1e-9);
}

static void a_sorted_quantile_is_the_same_one(void **state)
{
	double sorted[COUNT];
	int share;

	memcpy(sorted, x, sizeof x);
	measure_sort(sorted, COUNT);
	for (share = 0; share <= 100; share++)
		assert_near(measure_sorted_quantile(sorted, COUNT, share / 100.0),
				    quantile(share / 100.0), NEAR);
}

static void equal_and_sorted_values_are_selected_from_too(void **state)
{
	double same[100], rising[100], falling[100];
	size_t i;

	for (i = 0; i < 100; i++) {
		same[i] = 7;
		rising[i] = (double)i;
		falling[i] = (double)(99 - i);
	}
	assert_near(measure_quantile(same, 100, 0.37), 7, NEAR);
	assert_near(measure_quantile(rising, 100, 0.5), 49.5, NEAR);
	assert_near(measure_quantile(falling, 100, 0.5), 49.5, NEAR);
}

static void mean_and_deviation_are_those_of_r(void **state)
{
	/* mean(x), sd(x), min(x), max(x) */
	assert_near(measure_mean(x, COUNT), 18.875, NEAR);
	assert_near(measure_deviation(x, COUNT), 18.92419086777556, 1e-9);
	assert_near(measure_least(x, COUNT), 3, NEAR);
	assert_near(measure_most(x, COUNT), 58, NEAR);
}

static void the_robust_deviation_is_mad(void **state)
{
	double copy[COUNT];

	memcpy(copy, x, sizeof x);
	/* mad(x): median 12, deviations 19 8 3 3 14 7 9 46, their median 8.5 */
	assert_near(measure_robust_deviation(copy, COUNT), 8.5 * 1.4826, 1e-4);
}

static void nothing_has_no_quantile(void **state)
{
	double none = 0;

	assert_true(isnan(measure_quantile(&none, 0, 0.5)));
	assert_true(isnan(measure_mean(&none, 0)));
	assert_true(isnan(measure_deviation(x, 1)));
	assert_true(isnan(measure_least(&none, 0)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quantiles_are_those_of_r),
		cmocka_unit_test(a_sorted_quantile_is_the_same_one),
		cmocka_unit_test(equal_and_sorted_values_are_selected_from_too),
		cmocka_unit_test(mean_and_deviation_are_those_of_r),
		cmocka_unit_test(the_robust_deviation_is_mad),
		cmocka_unit_test(nothing_has_no_quantile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
