/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/pressure.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char both[] = "some avg10=0.73 avg60=10.43 avg300=100.00 total=5984348\n"
			   "full avg10=0.00 avg60=0.05 avg300=0.02 total=3015689\n";

static void both_lines_are_read(void **state)
{
	struct pressure pressure;

	assert_int_equal(pressure_parse(both, sizeof both - 1, &pressure), 0);
	assert_int_equal(pressure.some.avg10_permyriad, 73);
	assert_int_equal(pressure.some.avg60_permyriad, 1043);
	assert_int_equal(pressure.some.avg300_permyriad, 10000);
	assert_int_equal(pressure.some.total_usec, 5984348);
	assert_int_equal(pressure.full.avg10_permyriad, 0);
	assert_int_equal(pressure.full.avg60_permyriad, 5);
	assert_int_equal(pressure.full.total_usec, 3015689);
}

static void cpu_pressure_of_5_10_has_no_full(void **state)
{
	static const char bytes[] = "some avg10=0.73 avg60=0.43 avg300=0.24 total=5984348\n";
	struct pressure pressure;

	assert_int_equal(pressure_parse(bytes, sizeof bytes - 1, &pressure), 0);
	assert_int_equal(pressure.some.total_usec, 5984348);
	assert_false(field_present(pressure.full.total_usec));
	assert_false(field_present(pressure.full.avg10_permyriad));
}

static void a_cut_total_is_absent(void **state)
{
	size_t first = (size_t)(strchr(both, '\n') + 1 - both);
	struct pressure pressure;
	size_t size;

	for (size = 0; size < sizeof both - 1; size++) {
		int r = pressure_parse(both, size, &pressure);

		assert_int_equal(r, size < first ? -EINVAL : 0);
		if (r == 0)
			assert_false(field_present(pressure.full.total_usec));
	}
}

static void other_text_is_refused(void **state)
{
	struct pressure pressure;

	assert_int_equal(pressure_parse("some\n", 5, &pressure), -EINVAL);
	assert_int_equal(pressure_parse("some avg10=0.7 avg60=0.43 avg300=0.24 total=5\n", 46,
					&pressure), -EINVAL);
	assert_int_equal(pressure_parse("some avg10=999.70 avg60=0.43 avg300=0.24 total=5\n", 49,
					&pressure), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_lines_are_read),
		cmocka_unit_test(cpu_pressure_of_5_10_has_no_full),
		cmocka_unit_test(a_cut_total_is_absent),
		cmocka_unit_test(other_text_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
