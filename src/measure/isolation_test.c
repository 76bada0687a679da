/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "measure/isolation.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static bool near(double a, double b)
{
	return fabs(a - b) < 1e-12;
}

static void isolation_is_measured_over_target_and_no_more_than_whole(void **state)
{
	assert_true(near(measure_isolation(45, 500), 0.09));
	assert_true(near(measure_isolation(510, 500), 1));
	assert_true(near(measure_isolation(0, 500), 0));
	assert_true(isnan(measure_isolation(1, 0)));
}

static void latency_impact_is_the_share_that_it_rose_by(void **state)
{
	assert_true(near(measure_latency_impact(21.19, 10), 1.119));
	assert_true(near(measure_latency_impact(9, 10), 0));
	assert_true(isnan(measure_latency_impact(1, 0)));
}

static void work_is_counted_in_what_each_does_alone(void **state)
{
	/* A VM of 100 requests/s and one of 8 MB/s alone; unprotected they do half each. */
	const double alone[] = { 100, 8 }, unprotected[] = { 50, 4 };
	const double all_kept[] = { 90, 0.8 }, half_lost[] = { 40, 0.8 };

	assert_true(near(measure_work_conservation(all_kept, unprotected, alone, 2), 1));
	assert_true(near(measure_work_conservation(half_lost, unprotected, alone, 2), 0.5));
	assert_true(isnan(measure_work_conservation(all_kept, unprotected, (const double[]){ 0, 1 }, 2)));
}

static void equality_is_jain_s(void **state)
{
	assert_true(near(measure_jain((const double[]){ 5, 5, 5, 5 }, 4), 1));
	assert_true(near(measure_jain((const double[]){ 9, 0, 0 }, 3), 1.0 / 3));
	assert_true(near(measure_jain((const double[]){ 1, 2, 3 }, 3), 36.0 / 42));
	assert_true(near(measure_most_over_least((const double[]){ 2, 8, 4 }, 3), 4));
	assert_true(isinf(measure_most_over_least((const double[]){ 0, 8 }, 2)));
	assert_true(isnan(measure_jain((const double[]){ 0 }, 1)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(isolation_is_measured_over_target_and_no_more_than_whole),
		cmocka_unit_test(latency_impact_is_the_share_that_it_rose_by),
		cmocka_unit_test(work_is_counted_in_what_each_does_alone),
		cmocka_unit_test(equality_is_jain_s),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
