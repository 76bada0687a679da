/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/error.h"
#include "control/control.h"
#include "control/request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void expect_refused(const char *line, const char *words)
{
	struct control_request request;
	struct error err = { 0 };

	assert_int_equal(control_request_parse(line, strlen(line), &request, &err), -EINVAL);
	if (strstr(err.text, words) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", err.text, words);
	assert_null(request.json);
}

static void a_request_has_what_its_keys_say(void **state)
{
	static const char line[] = "{\"do\":\"set\",\"vm\":\"db-1\",\"setting\":\"cpu.weight\","
				   "\"value\":\"400\",\"until_usec\":12,\"unknown\":[1]}";
	struct control_request request;

	assert_int_equal(control_request_parse(line, strlen(line), &request, NULL), 0);
	assert_int_equal(request.what, CONTROL_SET);
	assert_string_equal(request.vm, "db-1");
	assert_string_equal(request.setting, "cpu.weight");
	assert_string_equal(request.value, "400");
	assert_null(request.path);
	assert_true(request.has_until);
	assert_int_equal(request.until_usec, 12);
	assert_true(control_do_changes(request.what));
	control_request_done(&request);
}

static void until_absent_is_not_until_zero(void **state)
{
	static const char line[] = "{\"do\":\"set\",\"vm\":\"a\",\"setting\":\"b\",\"value\":\"c\"}";
	struct control_request request;

	assert_int_equal(control_request_parse(line, strlen(line), &request, NULL), 0);
	assert_false(request.has_until);
	control_request_done(&request);
}

static void what_is_no_request_is_refused_with_the_reason(void **state)
{
	char deep[5000];

	expect_refused("", "no JSON object");
	expect_refused("[]", "no JSON object");
	expect_refused("{\"do\":1}", "\"do\"");
	expect_refused("{\"do\":\"dance\"}", "\"dance\"");
	expect_refused("{\"do\":\"set\",\"vm\":\"a\"}", "needs \"setting\"");
	expect_refused("{\"do\":\"pause\",\"vm\":3}", "\"vm\" must be a text");
	expect_refused("{\"do\":\"pause\",\"vm\":\"\"}", "1 to 256 bytes");
	expect_refused("{\"do\":\"pause\",\"vm\":\"a\",\"vm\":\"b\"}", "duplicate");
	expect_refused("{\"do\":\"reload\",\"keep\":\"yes\"}", "\"keep\"");
	expect_refused("{\"do\":\"set\",\"vm\":\"a\",\"setting\":\"b\",\"value\":\"c\",\"until_usec\":-1}",
		       "\"until_usec\"");
	memset(deep, '[', sizeof deep);
	deep[sizeof deep - 1] = '\0';
	expect_refused(deep, "no JSON object");
}

static void names_of_a_key_past_its_bound_are_refused(void **state)
{
	char line[400], name[300];

	memset(name, 'x', 257);
	name[257] = '\0';
	snprintf(line, sizeof line, "{\"do\":\"pause\",\"vm\":\"%s\"}", name);
	expect_refused(line, "1 to 256 bytes");
}

static void keys_that_a_request_does_not_take_are_ignored(void **state)
{
	static const char line[] = "{\"do\":\"status\",\"vm\":[1,2]}";
	struct control_request request;

	assert_int_equal(control_request_parse(line, strlen(line), &request, NULL), 0);
	assert_null(request.vm);
	assert_false(control_do_changes(request.what));
	control_request_done(&request);
}

static void kinds_of_refusal_go_both_ways(void **state)
{
	static const int codes[] = { -ENOENT, -EACCES, -EINVAL, -EBUSY, -EOPNOTSUPP, -ENOSPC, -EIO };
	size_t i;

	for (i = 0; i < sizeof codes / sizeof *codes; i++)
		assert_int_equal(control_error_code(control_error_kind(codes[i])), codes[i]);
	assert_int_equal(control_error_code(NULL), -EIO);
	assert_string_equal(control_error_kind(-EPERM), "denied");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_has_what_its_keys_say),
		cmocka_unit_test(until_absent_is_not_until_zero),
		cmocka_unit_test(what_is_no_request_is_refused_with_the_reason),
		cmocka_unit_test(names_of_a_key_past_its_bound_are_refused),
		cmocka_unit_test(keys_that_a_request_does_not_take_are_ignored),
		cmocka_unit_test(kinds_of_refusal_go_both_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
