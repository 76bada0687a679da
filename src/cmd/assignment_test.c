/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/assignment.h"

#include "base/error.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void a_value_comes_in_its_unit(void **state)
{
	struct assignment assignment;
	struct error err;

	assert_int_equal(assignment_parse("cpu.limit=1.5CPUs", false, false, &assignment, &err), 0);
	assert_int_equal(assignment.setting, SETTING_CPU_LIMIT);
	assert_int_equal(assignment.value.number, 15000);
	assert_false(assignment.release);
	assert_int_equal(assignment_parse("memory.reserve=4 GiB", false, false, &assignment, &err), 0);
	assert_true(assignment.value.number == INT64_C(4) << 30);
	assert_int_equal(assignment_parse("cpu.affinity=0-1", false, false, &assignment, &err), 0);
	assert_string_equal(assignment.value.text, "0-1");
}

static void nothing_behind_the_sign_lets_go(void **state)
{
	struct assignment assignment;
	struct error err;

	assert_int_equal(assignment_parse("cpu.weight=", false, false, &assignment, &err), 0);
	assert_true(assignment.release);
	assert_int_equal(assignment_parse("cpu.weight", false, true, &assignment, &err), 0);
	assert_true(assignment.release);
	assert_int_equal(assignment_parse("cpu.weight", false, false, &assignment, &err), -EINVAL);
	assert_non_null(strstr(err.text, "cpu.weight=VALUE"));
}

static void what_cannot_be_is_said(void **state)
{
	static const struct {
		const char *word;
		bool host;
		const char *said;
	} cases[] = {
		{ "cpu.wieght=400", false, "cpu.weight" },
		{ "ksm.run=1", false, "truce set host ksm.run" },
		{ "cpu.weight=400", true, "not of the host" },
		{ "cpu.weight=0", false, "cpu.weight" },
		{ "cpu.weight=many", false, "many" },
		{ "=4", false, "setting" },
	};
	size_t i;

	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct assignment assignment;
		struct error err = { 0 };

		assert_true(assignment_parse(cases[i].word, cases[i].host, false, &assignment, &err) < 0);
		if (strstr(err.text, cases[i].said) == NULL)
			fail_msg("%s: %s", cases[i].word, err.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_comes_in_its_unit),
		cmocka_unit_test(nothing_behind_the_sign_lets_go),
		cmocka_unit_test(what_cannot_be_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
