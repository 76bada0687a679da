/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/suggest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *nearest(const char *wrong)
{
	static const char *const verbs[] = { "list", "top", "events", "record", "dump", "doctor" };
	struct suggest suggest;
	size_t i;

	suggest_init(&suggest, wrong);
	for (i = 0; i < sizeof verbs / sizeof *verbs; i++)
		suggest_offer(&suggest, verbs[i]);
	return suggest.nearest;
}

static void slips_of_the_finger_are_understood(void **state)
{
	assert_string_equal(nearest("lsit"), "list");
	assert_string_equal(nearest("lst"), "list");
	assert_string_equal(nearest("evnets"), "events");
	assert_string_equal(nearest("recrod"), "record");
	assert_string_equal(nearest("tops"), "top");
	assert_string_equal(nearest("dcotor"), "doctor");
}

static void what_was_cut_short_is_completed(void **state)
{
	assert_string_equal(nearest("ev"), "events");
	assert_string_equal(nearest("rec"), "record");
}

static void what_is_far_from_all_gets_no_guess(void **state)
{
	char longest[4000];

	assert_null(nearest("frobnicate"));
	assert_null(nearest(""));
	assert_null(nearest("xyz"));
	memset(longest, 'l', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	assert_null(nearest(longest));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slips_of_the_finger_are_understood),
		cmocka_unit_test(what_was_cut_short_is_completed),
		cmocka_unit_test(what_is_far_from_all_gets_no_guess),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
