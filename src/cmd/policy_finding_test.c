/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/policy_finding.h"

#include "base/str.h"
#include "report/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static const char source[] = "policy \"p\"\nclass \"gold\" { name = \"db-*\", sheres = 400 }\n";

static void a_sentence_is_split_from_its_place(void **state)
{
	struct finding finding = finding_of_error("/p/a:b.lua", "/p/a:b.lua:12: no such \"x\"");

	assert_true(finding.is_error);
	assert_int_equal(finding.line, 12);
	assert_string_equal(finding.text, "no such \"x\"");
	finding = finding_of_problem("a.lua", "a.lua:3: warning: odd");
	assert_false(finding.is_error);
	assert_int_equal(finding.line, 3);
	assert_string_equal(finding.text, "odd");
	finding = finding_of_problem("a.lua", "a.lua:4: error: wrong");
	assert_true(finding.is_error);
	assert_string_equal(finding.text, "wrong");
	finding = finding_of_error("a.lua", "a.lua: no such file");
	assert_int_equal(finding.line, 0);
	assert_string_equal(finding.text, "a.lua: no such file");
	finding = finding_of_error("a.lua", "out of memory");
	assert_string_equal(finding.text, "out of memory");
	finding = finding_of_error("a.lua", "a.lua:99999999999: far");
	assert_int_equal(finding.line, 0);
}

static void the_line_is_shown_with_a_caret_under_what_is_quoted(void **state)
{
	struct finding finding = { .is_error = true, .line = 2,
				   .text = "there is no setting \"sheres\": did you mean \"shares\"?" };
	struct str text;

	str_init(&text);
	finding_append(&text, "p.lua", source, &finding);
	assert_string_equal(text.data,
			    "p.lua:2: there is no setting \"sheres\": did you mean \"shares\"?\n"
			    "   2 | class \"gold\" { name = \"db-*\", sheres = 400 }\n"
			    "     |                               ^^^^^^\n");
	str_clear(&text);
	finding.is_error = false;
	finding.text = "class gold, which is here, matches no VM";
	finding_append(&text, "p.lua", source, &finding);
	assert_string_equal(text.data,
			    "p.lua:2: warning: class gold, which is here, matches no VM\n"
			    "   2 | class \"gold\" { name = \"db-*\", sheres = 400 }\n"
			    "     |       ^^^^^^\n");
	str_done(&text);
}

static void without_a_place_or_a_source_the_sentence_stands_alone(void **state)
{
	struct finding finding = { .is_error = true, .line = 0, .text = "it's \"short" };
	struct str text;

	str_init(&text);
	finding_append(&text, "p.lua", source, &finding);
	assert_string_equal(text.data, "p.lua: it's \"short\n");
	str_clear(&text);
	finding.line = 2;
	finding_append(&text, "p.so", NULL, &finding);
	assert_string_equal(text.data, "p.so:2: it's \"short\n");
	str_clear(&text);
	finding.line = 77;
	finding_append(&text, "p.lua", source, &finding);
	assert_string_equal(text.data, "p.lua:77: it's \"short\n");
	str_done(&text);
}

static void hostile_sentences_are_one_line(void **state)
{
	struct finding finding = { .is_error = true, .line = 1, .text = "\033[2J\n\"p\"" };
	struct str text;

	str_init(&text);
	finding_append(&text, "\033.lua", source, &finding);
	assert_string_equal(text.data, "\\x1b.lua:1: \\x1b[2J\\x0a\"p\"\n"
				       "   1 | policy \"p\"\n"
				       "     |        ^^^\n");
	str_done(&text);
}

static void json_has_the_line_as_it_is(void **state)
{
	struct finding finding = { .is_error = false, .line = 1, .text = "why" };
	struct json json;
	struct str text;

	str_init(&text);
	json_begin(&json, &text);
	finding_append_json(&json, "p.lua", source, &finding);
	assert_string_equal(text.data, "{\"severity\":\"warning\",\"path\":\"p.lua\",\"line\":1,"
				       "\"text\":\"why\",\"source_line\":\"policy \\\"p\\\"\"}");
	str_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sentence_is_split_from_its_place),
		cmocka_unit_test(the_line_is_shown_with_a_caret_under_what_is_quoted),
		cmocka_unit_test(without_a_place_or_a_source_the_sentence_stands_alone),
		cmocka_unit_test(hostile_sentences_are_one_line),
		cmocka_unit_test(json_has_the_line_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
