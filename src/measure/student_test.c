/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "measure/student.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* The table in every statistics book, to the digits that R's qt prints. */
static void quantiles_are_those_of_the_table(void **state)
{
	static const struct { double share, freedom, t; } rows[] = {
		{ 0.975, 1, 12.7062047361747 }, { 0.975, 2, 4.30265272974946 },
		{ 0.975, 9, 2.2621571627982 }, { 0.975, 30, 2.04227245630124 },
		{ 0.95, 5, 2.01504837333302 }, { 0.8, 9, 0.883403859685205 },
		{ 0.995, 10, 3.16927267261695 }, { 0.025, 9, -2.2621571627982 },
		{ 0.975, 1e6, 1.95996635682 },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_true(fabs(measure_student_quantile(rows[i].share, rows[i].freedom) - rows[i].t) <
			    1e-8 * fabs(rows[i].t));
}

static void shares_are_those_of_closed_forms(void **state)
{
	double t;

	/* One degree of freedom is Cauchy's distribution, two have a closed form as well. */
	for (t = -5; t <= 5; t += 0.25) {
		assert_true(fabs(measure_student_below(t, 1) - (0.5 + atan(t) / M_PI)) < 1e-12);
		assert_true(fabs(measure_student_below(t, 2) - (0.5 + t / (2 * sqrt(2 + t * t)))) < 1e-12);
	}
}

/* With ten boots that spread by 3 %, 2.262 + 0.883 standard errors: 2.98 %. */
static void what_can_be_detected_is_told(void **state)
{
	assert_true(fabs(measure_detectable(0.03 / sqrt(10), 9, 0.95, 0.8) - 0.0298414) < 1e-6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quantiles_are_those_of_the_table),
		cmocka_unit_test(shares_are_those_of_closed_forms),
		cmocka_unit_test(what_can_be_detected_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
