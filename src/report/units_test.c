/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/units.h"

#include "base/cleanup.h"
#include "base/str.h"

#include <math.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void expect_duration(const char *text, uint64_t usec)
{
	uint64_t got = 0;

	assert_int_equal(units_parse_duration(text, &got), 0);
	assert_int_equal(got, usec);
}

static void expect_bytes(const char *text, uint64_t bytes)
{
	uint64_t got = 0;

	assert_int_equal(units_parse_bytes(text, &got), 0);
	assert_int_equal(got, bytes);
}

static void a_size_has_a_unit_or_is_in_bytes(void **state)
{
	uint64_t got;

	expect_bytes("0", 0);
	expect_bytes("4096", 4096);
	expect_bytes("3K", 3072);
	expect_bytes("512M", 536870912);
	expect_bytes("2G", 2147483648);
	expect_bytes("1T", 1099511627776);
	assert_int_equal(units_parse_bytes("", &got), -EINVAL);
	assert_int_equal(units_parse_bytes("M", &got), -EINVAL);
	assert_int_equal(units_parse_bytes("-1M", &got), -EINVAL);
	assert_int_equal(units_parse_bytes("1MB", &got), -EINVAL);
	assert_int_equal(units_parse_bytes("1 M", &got), -EINVAL);
	assert_int_equal(units_parse_bytes("16777216T", &got), -EINVAL);
}

static void a_duration_has_a_unit_or_is_in_seconds(void **state)
{
	expect_duration("200ms", 200000);
	expect_duration("1s", 1000000);
	expect_duration("2", 2000000);
	expect_duration("0.5", 500000);
	expect_duration("1.5h", 5400000000);
	expect_duration("5m", 300000000);
	expect_duration("2d", 172800000000);
	expect_duration("0.000001", 1);
	expect_duration("0", 0);
}

static void what_is_no_duration_is_refused(void **state)
{
	static const char *const wrong[] = { "", "s", "-1s", "1 s", "1x", "ms", "1.5.5s", "1e3",
					     "99999999999999999999d", " 1s", "+1", ".5" };
	size_t i;
	uint64_t usec = 77;

	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_true(units_parse_duration(wrong[i], &usec) < 0);
	assert_int_equal(usec, 77);
}

#define REFERENCE 1772373930123456ull /* 2026-03-01 14:05:30.123456 UTC */

static void expect_time(const char *text, uint64_t seconds)
{
	uint64_t got = 0;

	assert_int_equal(units_parse_time(text, REFERENCE, &got), 0);
	assert_int_equal(got, seconds * 1000000);
}

static void a_time_is_a_clock_a_date_or_a_distance(void **state)
{
	uint64_t got;

	expect_time("14:05", 1772373900);
	expect_time("14:05:30", 1772373930);
	expect_time("00:00", 1772323200);
	expect_time("2026-02-28 14:05", 1772373900 - 86400);
	expect_time("2026-02-28T14:05:01", 1772373901 - 86400);
	expect_time("@1772373930", 1772373930);
	expect_time("2026-03-01T14:05:30Z", 1772373930);
	expect_time("2026-03-01T15:05:30.000000+01:00", 1772373930);
	expect_time("2026-03-01T08:35:30-05:30", 1772373930);
	assert_int_equal(units_parse_time("2026-03-01T14:05:30.25Z", REFERENCE, &got), 0);
	assert_int_equal(got, 1772373930250000);
	assert_int_equal(units_parse_time("-5m", REFERENCE, &got), 0);
	assert_int_equal(got, REFERENCE - 300000000);
	assert_int_equal(units_parse_time("+30s", REFERENCE, &got), 0);
	assert_int_equal(got, REFERENCE + 30000000);
}

static void what_is_no_time_is_refused(void **state)
{
	static const char *const wrong[] = { "", "14", "14:", "25:00", "14:60", "14:05x", "2026-13-01 00:00",
					     "2026-02-28", "2026-02-28 ", "-", "@", "noon", "14:-5",
					     "14:05:", "2026-2-1-1 00:00",
					     "2026-03-01T14:05:30+1", "2026-03-01T14:05:30ZZ",
					     "14:05.5" };
	size_t i;
	uint64_t usec;

	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		if (units_parse_time(wrong[i], REFERENCE, &usec) == 0)
			fail_msg("\"%s\" was taken for a time", wrong[i]);
}

static void expect_text(void (*append)(struct str *, double), double number, const char *wanted)
{
	struct str str;

	str_init(&str);
	append(&str, number);
	assert_string_equal(str.data, wanted);
	str_done(&str);
}

static void bytes_take_five_columns(void **state)
{
	expect_text(units_append_bytes, 0, "0");
	expect_text(units_append_bytes, 999, "999");
	expect_text(units_append_bytes, 1000, "1.0K");
	expect_text(units_append_bytes, 4096, "4.0K");
	expect_text(units_append_bytes, 312.0 * 1024 * 1024, "312M");
	expect_text(units_append_bytes, 18.24 * 1024 * 1024 * 1024, "18.2G");
	expect_text(units_append_bytes, 1e21, "867E");
	expect_text(units_append_bytes, -5000, "-4.9K");
	expect_text(units_append_bytes, NAN, "-");
}

static void percents_and_counts_are_short(void **state)
{
	expect_text(units_append_percent, 0, "0.0");
	expect_text(units_append_percent, 99.9, "99.9");
	expect_text(units_append_percent, 99.96, "100");
	expect_text(units_append_percent, 812.4, "812");
	expect_text(units_append_percent, 12345, "12.3k");
	expect_text(units_append_count, 999.4, "999");
	expect_text(units_append_count, 4000000, "4.0M");
}

static void durations_take_seven_columns(void **state)
{
	expect_text(units_append_duration, 0, "0.00s");
	expect_text(units_append_duration, 250000, "0.25s");
	expect_text(units_append_duration, 12300000, "12.3s");
	expect_text(units_append_duration, 754e6, "12m34s");
	expect_text(units_append_duration, 45240e6, "12h34m");
	expect_text(units_append_duration, 123 * 86400e6 + 4 * 3600e6, "123d04h");
	expect_text(units_append_duration, NAN, "-");
}

static void a_time_is_written_with_its_milliseconds(void **state)
{
	struct str str;

	str_init(&str);
	units_append_time(&str, REFERENCE);
	assert_string_equal(str.data, "2026-03-01 14:05:30.123");
	str_done(&str);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_size_has_a_unit_or_is_in_bytes),
		cmocka_unit_test(a_duration_has_a_unit_or_is_in_seconds),
		cmocka_unit_test(what_is_no_duration_is_refused),
		cmocka_unit_test(a_time_is_a_clock_a_date_or_a_distance),
		cmocka_unit_test(what_is_no_time_is_refused),
		cmocka_unit_test(bytes_take_five_columns),
		cmocka_unit_test(percents_and_counts_are_short),
		cmocka_unit_test(durations_take_seven_columns),
		cmocka_unit_test(a_time_is_written_with_its_milliseconds),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
