/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/cpu_list.h"

#include "base/cleanup.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static int count(const char *text)
{
	return cpu_list_count(text, strlen(text));
}

static void ranges_are_counted(void **state)
{
	assert_int_equal(count("0-3,8,10-11"), 7);
	assert_int_equal(count("0\n"), 1);
	assert_int_equal(count("0-65535"), 65536);
	assert_int_equal(count(""), 0);
	assert_int_equal(count("\n"), 0);
}

static void what_is_no_list_is_refused(void **state)
{
	static const char *const bad[] = {
		"x", "1-", "3-1", "-1", "1,,2", "0-65536", "99999999999999999999", "1;2", "1-2-3",
		"0-65535,0-65535",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(count(bad[i]), -EINVAL);
}

static void the_cpus_of_a_list_are_marked(void **state)
{
	bool cpus[8];

	assert_int_equal(cpu_list_mark("0-1,7\n", 6, cpus, ARRAY_SIZE(cpus)), 0);
	assert_true(cpus[0] && cpus[1] && cpus[7]);
	assert_false(cpus[2] || cpus[6]);
	assert_int_equal(cpu_list_mark("8", 1, cpus, ARRAY_SIZE(cpus)), -ERANGE);
	assert_int_equal(cpu_list_mark("a", 1, cpus, ARRAY_SIZE(cpus)), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_are_counted),
		cmocka_unit_test(what_is_no_list_is_refused),
		cmocka_unit_test(the_cpus_of_a_list_are_marked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
