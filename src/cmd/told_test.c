/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/told.h"

#include "report/vm_told.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool parse(const char *text, struct vms_told *ret)
{
	memset(ret, 0, sizeof *ret);
	return told_parse(text, strlen(text), ret);
}

static void class_last_adjustment_and_reason_are_told(void **state)
{
	static const struct vm_identity db = { 4711, 0, 88 }, web = { 12, 1, 5 };
	struct vms_told told;

	setenv("TZ", "UTC", 1);
	assert_true(parse("{\"ok\":true,\"vms\":["
			  "{\"id\":\"4711-88-0\",\"class\":\"gold\",\"last\":{\"time_usec\":1772373931000000,"
			  "\"verdict\":\"set\",\"setting\":\"cpu.weight\",\"to\":\"400\",\"policy\":\"g\","
			  "\"path\":\"/etc/g.lua\",\"line\":12,\"rule\":\"calm\",\"because\":\"it waits\","
			  "\"outcome\":\"applied\"}},"
			  "{\"id\":\"12-5-1\",\"class\":\"\",\"last\":null},"
			  "{\"id\":\"host\"}]}", &told));
	assert_int_equal(told.count, 2);
	assert_string_equal(vms_told_find(&told, &db)->class_name, "gold");
	assert_string_equal(vms_told_find(&told, &db)->last, "14:05:31 cpu.weight 400");
	assert_string_equal(vms_told_find(&told, &db)->reason, "g.lua:12 calm: it waits");
	assert_string_equal(vms_told_find(&told, &web)->last, "");
	assert_null(vms_told_find(NULL, &web));
	vms_told_done(&told);
}

static void what_was_not_applied_is_said(void **state)
{
	static const struct {
		const char *verdict, *outcome, *wanted;
	} cases[] = {
		{ "set", "refused", "14:05:31 cpu.weight 400 refused" },
		{ "set", "drift", "14:05:31 cpu.weight 400 drift" },
		{ "held", "", "14:05:31 cpu.weight 400 held" },
		{ "release", "restored", "14:05:31 cpu.weight given back" },
	};
	size_t i;

	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct vms_told told;
		char text[400];

		snprintf(text, sizeof text,
			 "{\"vms\":[{\"id\":\"1-2-0\",\"last\":{\"time_usec\":1772373931000000,"
			 "\"setting\":\"cpu.weight\",\"to\":\"400\",\"verdict\":\"%s\",\"outcome\":\"%s\","
			 "\"policy\":\"set\"}}]}", cases[i].verdict, cases[i].outcome);
		assert_true(parse(text, &told));
		assert_string_equal(told.vms[0].last, cases[i].wanted);
		assert_string_equal(told.vms[0].reason, "a person");
		vms_told_done(&told);
	}
}

static void garbage_tells_nothing(void **state)
{
	static const char *const texts[] = { "", "{", "[]", "{\"ok\":false}", "{\"vms\":{}}", "null" };
	static const char *const odd[] = {
		"{\"vms\":[1,null,\"x\",[],{}]}",
		"{\"vms\":[{\"id\":\"99999999999999999999-1-1\"},{\"id\":\"1-2\"},{\"id\":\"1-2-3x\"}]}",
	};
	struct vms_told told;
	size_t i;

	for (i = 0; i < sizeof texts / sizeof *texts; i++) {
		assert_false(parse(texts[i], &told));
		assert_int_equal(told.count, 0);
		vms_told_done(&told);
	}
	for (i = 0; i < sizeof odd / sizeof *odd; i++) {
		assert_true(parse(odd[i], &told));
		assert_int_equal(told.count, 0);
		vms_told_done(&told);
	}
}

static void names_of_strangers_come_out_as_text(void **state)
{
	struct vms_told told;

	assert_true(parse("{\"vms\":[{\"id\":\"1-2-0\",\"last\":{\"time_usec\":1,\"setting\":\"cpu.weight\","
			  "\"to\":\"\\u001b[2J\",\"verdict\":\"set\",\"policy\":\"p\",\"because\":\"\\u202e\\n\"}}]}",
			  &told));
	assert_null(strpbrk(told.vms[0].last, "\033\n"));
	assert_null(strstr(told.vms[0].reason, "\xe2\x80\xae"));
	vms_told_done(&told);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(class_last_adjustment_and_reason_are_told),
		cmocka_unit_test(what_was_not_applied_is_said),
		cmocka_unit_test(garbage_tells_nothing),
		cmocka_unit_test(names_of_strangers_come_out_as_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
