/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/settings_table.h"

#include "base/error.h"
#include "base/str.h"
#include "report/example.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void every_setting_is_a_line(void **state)
{
	struct str text;

	str_init(&text);
	settings_append_table(&text, 0);
	golden_check("settings-table.txt", &text);
	str_done(&text);
}

static void a_narrow_terminal_has_no_longer_lines(void **state)
{
	const char *at, *end;
	struct str text;

	str_init(&text);
	settings_append_table(&text, 80);
	for (at = text.data; *at != '\0'; at = end + 1) {
		end = strchr(at, '\n');
		assert_non_null(end);
		assert_true(end - at <= 80);
	}
	str_done(&text);
}

static void json_has_the_same_settings(void **state)
{
	struct str text;
	size_t i;

	str_init(&text);
	settings_append_json(&text);
	golden_check("settings-table.json", &text);
	for (i = 0; i < SETTING_COUNT; i++) {
		char wanted[80];

		snprintf(wanted, sizeof wanted, "{\"name\":\"%s\",", setting_info[i].name);
		assert_non_null(strstr(text.data, wanted));
	}
	str_done(&text);
}

/* Whoever copies a bound of the table is understood. */
static void the_bounds_that_are_shown_can_be_set(void **state)
{
	size_t i;

	for (i = 0; i < SETTING_COUNT; i++) {
		const int64_t bounds[] = { setting_info[i].least, setting_info[i].most };
		struct setting_value value = { 0 }, read;
		struct error err = { 0 };
		struct str text;
		size_t j;

		for (j = 0; j < 2 && setting_info[i].unit != SETTING_UNIT_TEXT; j++) {
			if (bounds[j] == SETTING_UNLIMITED && !setting_takes_unlimited((enum setting)i))
				continue;
			value.number = bounds[j];
			str_init(&text);
			setting_append(&text, (enum setting)i, &value);
			if (setting_parse((enum setting)i, text.data, &read, &err) < 0)
				fail_msg("%s: \"%s\": %s", setting_info[i].name, text.data, err.text);
			assert_int_equal(read.number, bounds[j]);
			str_done(&text);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_setting_is_a_line),
		cmocka_unit_test(a_narrow_terminal_has_no_longer_lines),
		cmocka_unit_test(json_has_the_same_settings),
		cmocka_unit_test(the_bounds_that_are_shown_can_be_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
