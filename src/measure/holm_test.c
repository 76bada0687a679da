/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "measure/holm.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void check(double *p, const double *wanted, size_t count)
{
	size_t i;

	assert_int_equal(measure_holm(p, count), 0);
	for (i = 0; i < count; i++)
		assert_true(isnan(wanted[i]) ? isnan(p[i]) : fabs(p[i] - wanted[i]) < 1e-12);
}

/* p.adjust(c(.01, .04, .03, .005), "holm") */
static void four_are_adjusted_as_r_does(void **state)
{
	double p[] = { .01, .04, .03, .005 };

	check(p, (const double[]){ .03, .06, .06, .02 }, 4);
}

static void none_is_above_one(void **state)
{
	double p[] = { .6, .7, .9 };

	check(p, (const double[]){ 1, 1, 1 }, 3);
}

static void what_was_not_compared_does_not_count(void **state)
{
	double p[] = { NAN, .02, NAN, .03 };

	check(p, (const double[]){ NAN, .04, NAN, .04 }, 4);
	assert_int_equal(measure_holm(p, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(four_are_adjusted_as_r_does),
		cmocka_unit_test(none_is_above_one),
		cmocka_unit_test(what_was_not_compared_does_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
