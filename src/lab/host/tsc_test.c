/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/host/tsc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void the_rate_is_ticks_over_time(void **state)
{
	struct tsc from = { 1000000, 5000000, 100 };
	struct tsc to = { 1000000 + 25960840, 5000000 + 10000000, 100 };

	assert_int_equal(tsc_khz(&from, &to), 2596084);
}

static void samples_that_another_program_came_between_tell_nothing(void **state)
{
	struct tsc from = { 1000000, 5000000, 100 };
	struct tsc to = { 1000000 + 25960840, 5000000 + 10000000, 26000 };

	assert_int_equal(tsc_khz(&from, &to), 0);
	assert_int_equal(tsc_khz(&to, &from), 0);
	assert_int_equal(tsc_khz(&from, &from), 0);
}

static void a_sample_later_is_later(void **state)
{
	struct tsc from, to;

	tsc_sample(&from);
	tsc_sample(&to);
	assert_true(to.ticks > from.ticks);
	assert_true(to.nsec > from.nsec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rate_is_ticks_over_time),
		cmocka_unit_test(samples_that_another_program_came_between_tell_nothing),
		cmocka_unit_test(a_sample_later_is_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
