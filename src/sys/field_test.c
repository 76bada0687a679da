/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/field.h"

#include "base/cleanup.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct sample {
	int64_t a, ab, b;
};

static const struct field fields[] = {
	FIELD(struct sample, a, "a", 1),
	FIELD(struct sample, ab, "ab", 1024),
	FIELD(struct sample, b, "b", -1),
};

static size_t parse(const char *text, struct sample *ret)
{
	return field_parse_lines(text, strlen(text), fields, ARRAY_SIZE(fields), ret);
}

static void a_name_is_matched_whole(void **state)
{
	struct sample sample;

	assert_int_equal(parse("ab: 2 kB\nabc: 9\nxa: 9\n", &sample), 1);
	assert_int_equal(sample.ab, 2048);
	assert_false(field_present(sample.a));
}

static void the_order_of_lines_does_not_matter(void **state)
{
	struct sample sample;

	assert_int_equal(parse("b 3\nab\t1\na -7\n", &sample), 3);
	assert_int_equal(sample.a, -7);
	assert_int_equal(sample.ab, 1024);
	assert_int_equal(sample.b, -3);
}

static void what_is_no_number_is_absent(void **state)
{
	struct sample sample;

	assert_int_equal(parse("a: no\nb: 12x\nab:\n\n", &sample), 0);
	assert_false(field_present(sample.a));
	assert_false(field_present(sample.b));
}

static void enormous_numbers_stay_numbers(void **state)
{
	struct sample sample;

	assert_int_equal(parse("a 99999999999999999999999\nab 9223372036854775807\n"
			       "b 9223372036854775807\n", &sample), 3);
	assert_int_equal(sample.a, INT64_MAX - 1);
	assert_int_equal(sample.ab, INT64_MAX - 1);
	assert_int_equal(sample.b, INT64_MIN + 2);
	assert_int_equal(field_times(FIELD_ABSENT, 7), FIELD_ABSENT);
	assert_int_equal(field_times(FIELD_UNLIMITED, 7), FIELD_UNLIMITED);
	assert_int_equal(field_times(-INT64_MAX, 1024), INT64_MIN + 1);
}

static int number(const char *text, int64_t *ret)
{
	return field_parse_number(text, strlen(text), ret);
}

static void no_limit_is_not_a_number(void **state)
{
	int64_t limit = 0;

	assert_int_equal(number("max\n", &limit), 0);
	assert_int_equal(limit, FIELD_UNLIMITED);
	/* memory.limit_in_bytes with pages of 4 and of 64 KiB */
	assert_int_equal(number("9223372036854771712\n", &limit), 0);
	assert_int_equal(limit, FIELD_UNLIMITED);
	assert_int_equal(number("9223372036854710272\n", &limit), 0);
	assert_int_equal(limit, FIELD_UNLIMITED);
	assert_int_equal(number("1073741824\n", &limit), 0);
	assert_int_equal(limit, 1073741824);
	assert_int_equal(number("-1\n", &limit), 0);
	assert_int_equal(limit, -1);
}

static void text_is_no_number(void **state)
{
	static const char *const bad[] = { "", "\n", "maximum", "1 2", "1x", "-", "\xff" };
	int64_t untouched = 5;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(number(bad[i], &untouched), -EINVAL);
	assert_int_equal(untouched, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_matched_whole),
		cmocka_unit_test(the_order_of_lines_does_not_matter),
		cmocka_unit_test(what_is_no_number_is_absent),
		cmocka_unit_test(enormous_numbers_stay_numbers),
		cmocka_unit_test(no_limit_is_not_a_number),
		cmocka_unit_test(text_is_no_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
