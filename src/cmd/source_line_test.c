/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/source_line.h"

#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static const char source[] = "class 'gold' {\n\tshares = 400,\n}\n-- \033[2J ends without a newline";

static void expect(struct str *text, const char *wanted)
{
	assert_string_equal(text->data != NULL ? text->data : "", wanted);
	str_done(text);
}

static void a_line_is_shown_with_its_number(void **state)
{
	struct str text;

	str_init(&text);
	source_line_append(&text, source, 2, "  ");
	expect(&text, "     2 |     shares = 400,\n");
	str_init(&text);
	source_line_append(&text, source, 4, "");
	expect(&text, "   4 | -- \\x1b[2J ends without a newline\n");
}

static void a_line_that_is_not_there_is_not_shown(void **state)
{
	static const int lines[] = { 0, -1, 5, 1000000 };
	struct str text;
	size_t i;

	for (i = 0; i < sizeof lines / sizeof *lines; i++) {
		str_init(&text);
		source_line_append(&text, source, lines[i], "");
		expect(&text, "");
	}
	str_init(&text);
	source_line_append(&text, NULL, 1, "");
	expect(&text, "");
}

static void a_caret_stands_under_the_token(void **state)
{
	struct str text;

	str_init(&text);
	source_line_append_caret(&text, source, 2, "shares", "");
	expect(&text, "     |     ^^^^^^\n");
	str_init(&text);
	source_line_append_caret(&text, source, 1, "'gold'", "");
	expect(&text, "     |       ^^^^^^\n");
	str_init(&text);
	source_line_append_caret(&text, source, 2, "shraes", "");
	source_line_append_caret(&text, source, 2, "", "");
	source_line_append_caret(&text, source, 9, "shares", "");
	expect(&text, "");
}

static void all_lines_are_shown(void **state)
{
	struct str text;

	str_init(&text);
	source_append(&text, "one\n\nthree\n", "");
	expect(&text, "   1 | one\n   2 | \n   3 | three\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_shown_with_its_number),
		cmocka_unit_test(a_line_that_is_not_there_is_not_shown),
		cmocka_unit_test(a_caret_stands_under_the_token),
		cmocka_unit_test(all_lines_are_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
