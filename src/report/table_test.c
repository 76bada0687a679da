/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/table.h"

#include "base/cleanup.h"
#include "base/str.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct table_column columns[] = {
	{ "NAME", true, true },
	{ "CPU%", false, false },
	{ "WHAT", true, true },
};

static void add(struct table *table, const char *text)
{
	struct str cell;

	str_init(&cell);
	str_append(&cell, text);
	table_add(table, &cell);
}

static void fill(struct table *table)
{
	table_init(table, columns, ARRAY_SIZE(columns));
	add(table, "web1");
	add(table, "63.1");
	add(table, "short");
	add(table, "a-rather-long-name");
	add(table, "0.0");
	add(table, "-");
}

static void expect_table(const struct table *table, size_t width, bool headings, const char *wanted)
{
	struct str text;

	str_init(&text);
	assert_true(table_append(table, width, headings, &text));
	assert_string_equal(text.data, wanted);
	str_done(&text);
}

static void columns_are_as_wide_as_what_is_in_them(void **state)
{
	struct table table;

	fill(&table);
	expect_table(&table, 0, true,
		     "NAME                CPU%  WHAT\n"
		     "web1                63.1  short\n"
		     "a-rather-long-name   0.0  -\n");
	expect_table(&table, 0, false,
		     "web1                63.1  short\n"
		     "a-rather-long-name   0.0  -\n");
	table_done(&table);
}

static void the_widest_column_that_bends_is_cut(void **state)
{
	struct table table;

	fill(&table);
	expect_table(&table, 25, true,
		     "NAME          CPU%  WHAT\n"
		     "web1          63.1  short\n"
		     "a-rather-lo+   0.0  -\n");
	/* Never below eight columns: then the terminal wraps it. */
	expect_table(&table, 5, true,
		     "NAME      CPU%  WHAT\n"
		     "web1      63.1  short\n"
		     "a-rathe+   0.0  -\n");
	table_done(&table);
}

static void no_rows_leave_the_headings(void **state)
{
	struct table table;

	table_init(&table, columns, ARRAY_SIZE(columns));
	expect_table(&table, 80, true, "NAME  CPU%  WHAT\n");
	table_done(&table);
}

static void a_cut_never_splits_a_wide_character(void **state)
{
	struct str text;

	if (setlocale(LC_ALL, "C.UTF-8") == NULL)
		skip();
	str_init(&text);
	/* Five wide characters: ten columns. */
	table_append_cell(&text, "\xe4\xbb\xae\xe6\x83\xb3\xe6\xa9\x9f\xe4\xbb\xae\xe6\x83\xb3", 6, true);
	assert_string_equal(text.data, "\xe4\xbb\xae\xe6\x83\xb3+ ");
	str_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_as_wide_as_what_is_in_them),
		cmocka_unit_test(the_widest_column_that_bends_is_cut),
		cmocka_unit_test(no_rows_leave_the_headings),
		cmocka_unit_test(a_cut_never_splits_a_wide_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
