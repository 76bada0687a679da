/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/json.h"

#include "base/str.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void expect_text(const char *bytes, size_t size, const char *wanted)
{
	struct json json;
	struct str out;

	str_init(&out);
	json_begin(&json, &out);
	json_text_bytes(&json, bytes, size);
	assert_string_equal(out.data, wanted);
	str_done(&out);
}

#define EXPECT_TEXT(bytes, wanted) expect_text(bytes, sizeof(bytes) - 1, wanted)

static void values_are_separated_and_nested(void **state)
{
	struct json json;
	struct str out;

	str_init(&out);
	json_begin(&json, &out);
	json_object_begin(&json);
	json_key(&json, "a");
	json_array_begin(&json);
	json_int(&json, INT64_MIN);
	json_uint(&json, UINT64_MAX);
	json_object_begin(&json);
	json_object_end(&json);
	json_array_begin(&json);
	json_array_end(&json);
	json_array_end(&json);
	json_key(&json, "b");
	json_bool(&json, false);
	json_key(&json, "c");
	json_nothing(&json);
	json_key(&json, "d");
	json_tenths(&json, 12.34);
	json_key(&json, "e");
	json_tenths(&json, NAN);
	json_object_end(&json);
	assert_string_equal(out.data, "{\"a\":[-9223372036854775808,18446744073709551615,{},[]],"
				      "\"b\":false,\"c\":null,\"d\":12.3,\"e\":null}");
	str_done(&out);
}

static void text_that_json_knows_is_kept(void **state)
{
	EXPECT_TEXT("", "\"\"");
	EXPECT_TEXT("caf\xc3\xa9 \xf0\x9f\x98\x80", "\"caf\xc3\xa9 \xf0\x9f\x98\x80\"");
	EXPECT_TEXT("say \"a\\b\"", "\"say \\\"a\\\\b\\\"\"");
	EXPECT_TEXT("a\nb\tc\0d", "\"a\\nb\\tc\\u0000d\"");
}

static void no_escape_reaches_a_terminal(void **state)
{
	EXPECT_TEXT("\x1b[31m\x7f", "\"\\u001b[31m\\u007f\"");
	EXPECT_TEXT("\xc2\x9b" "31m", "\"\\u009b31m\"");
	EXPECT_TEXT("\xe2\x80\xae", "\"\\u202e\"");
	EXPECT_TEXT("\xf3\xa0\x80\x81", "\"\\udb40\\udc01\"");
}

static void bytes_that_are_not_utf8_are_replaced_one_by_one(void **state)
{
	EXPECT_TEXT("\xff", "\"\xef\xbf\xbd\"");
	EXPECT_TEXT("a\xc3", "\"a\xef\xbf\xbd\"");
	EXPECT_TEXT("\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
	EXPECT_TEXT("\xc0\xafx", "\"\xef\xbf\xbd\xef\xbf\xbdx\"");
}

static void times_are_of_utc(void **state)
{
	struct str out;

	str_init(&out);
	json_append_time(&out, 1772373930000001);
	assert_string_equal(out.data, "2026-03-01T14:05:30.000001Z");
	str_clear(&out);
	json_append_time(&out, UINT64_MAX);
	assert_non_null(out.data);
	str_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_separated_and_nested),
		cmocka_unit_test(text_that_json_knows_is_kept),
		cmocka_unit_test(no_escape_reaches_a_terminal),
		cmocka_unit_test(bytes_that_are_not_utf8_are_replaced_one_by_one),
		cmocka_unit_test(times_are_of_utc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
