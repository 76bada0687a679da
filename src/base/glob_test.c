/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/glob.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void stars_and_marks_match_as_in_a_shell(void **state)
{
	assert_true(glob_matches("db-*", "db-1"));
	assert_true(glob_matches("db-*", "db-"));
	assert_false(glob_matches("db-*", "web-db-1"));
	assert_true(glob_matches("*-gold", "a-gold-gold"));
	assert_true(glob_matches("vm?", "vm7"));
	assert_false(glob_matches("vm?", "vm"));
	assert_true(glob_matches("*", ""));
	assert_true(glob_matches("", ""));
	assert_false(glob_matches("", "a"));
	assert_true(glob_matches("/machine.slice/*", "/machine.slice/a/b"));
	assert_true(glob_matches("a*b*c", "aXbYbZc"));
	assert_false(glob_matches("a*b*c", "aXbYbZ"));
}

static void sets_hold_their_ranges_and_what_stands_in_them(void **state)
{
	assert_true(glob_matches("vm[0-9]", "vm4"));
	assert_false(glob_matches("vm[0-9]", "vmx"));
	assert_true(glob_matches("vm[!0-9]", "vmx"));
	assert_true(glob_matches("[]x]", "]"));
	assert_true(glob_matches("a[b", "a[b"));
	assert_true(glob_matches("[a-]", "-"));
	assert_true(glob_matches("\\*\\?", "*?"));
	assert_false(glob_matches("\\*", "a"));
	assert_true(glob_matches("a\\", "a\\"));
	assert_true(glob_matches("[\x80-\xff]", "\xc3"));
}

/* With a matcher that tries all ways this takes years. */
static void many_stars_take_no_time(void **state)
{
	char text[20001], pattern[400];
	size_t i;

	memset(text, 'a', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	for (i = 0; i + 2 < sizeof pattern; i += 2)
		memcpy(pattern + i, "*a", 2);
	strcpy(pattern + i - 2, "b");
	assert_false(glob_matches(pattern, text));
	pattern[i - 2] = '*';
	assert_true(glob_matches(pattern, text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stars_and_marks_match_as_in_a_shell),
		cmocka_unit_test(sets_hold_their_ranges_and_what_stands_in_them),
		cmocka_unit_test(many_stars_take_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
