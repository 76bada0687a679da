/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/page.h"

#include "base/str.h"
#include "report/plot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#define HOSTILE "<script>alert('1')</script>\" onload=x & \x1b[31m \xe2\x80\xae"

/* Every call that takes a text gets one that would do harm. */
static void make(struct str *out)
{
	struct plot plot;

	plot_init(&plot, "dose", HOSTILE, HOSTILE);
	str_append(&plot.about, HOSTILE);
	page_begin(out, HOSTILE);
	page_heading(out, 1, HOSTILE);
	page_paragraph(out, "note", HOSTILE);
	page_list(out, HOSTILE "\n" HOSTILE);
	page_code(out, HOSTILE "\n\t" HOSTILE);
	page_details_begin(out, HOSTILE);
	page_details_end(out);
	page_facts_begin(out);
	page_fact(out, HOSTILE, HOSTILE);
	page_facts_end(out);
	page_table_begin(out, HOSTILE);
	page_table_heading(out, HOSTILE, HOSTILE, true);
	page_table_row_begin(out, NULL);
	page_table_cell(out, HOSTILE, true);
	page_table_end(out);
	page_figure(out, &plot, HOSTILE);
	page_end(out);
	plot_done(&plot);
}

static size_t count_of(const char *text, const char *part)
{
	size_t count = 0;

	for (; (text = strstr(text, part)) != NULL; text++)
		count++;
	return count;
}

static void no_text_becomes_markup_anywhere(void **state)
{
	struct str out;

	str_init(&out);
	make(&out);
	assert_false(out.failed);
	assert_null(strstr(out.data, "<script"));
	assert_null(strstr(out.data, "\" onload"));
	assert_null(strchr(out.data, '\x1b'));
	assert_null(strstr(out.data, "\xe2\x80\xae"));
	/* Each of the twenty places shows it instead. */
	assert_true(count_of(out.data, "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot;") >= 15);
	str_done(&out);
}

static void a_page_loads_nothing_and_runs_nothing(void **state)
{
	struct str out;

	str_init(&out);
	make(&out);
	assert_non_null(strstr(out.data, "default-src 'none'"));
	assert_null(strstr(out.data, "http://"));
	assert_null(strstr(out.data, "https://"));
	assert_null(strstr(out.data, "@import"));
	assert_non_null(strstr(out.data, "prefers-color-scheme:dark"));
	assert_non_null(strstr(out.data, "@media print"));
	str_done(&out);
}

static void elements_are_closed(void **state)
{
	static const char *const names[] = { "p", "h1", "ul", "li", "pre", "dl", "dt", "dd", "table", "tr",
					     "td", "th", "figure", "figcaption", "details" };
	char begin[20], end[20];
	struct str out;
	size_t i;

	str_init(&out);
	make(&out);
	for (i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(begin, sizeof begin, "<%s>", names[i]);
		snprintf(end, sizeof end, "</%s>", names[i]);
		size_t begun = count_of(out.data, begin);

		snprintf(begin, sizeof begin, "<%s ", names[i]);
		assert_int_equal(begun + count_of(out.data, begin), count_of(out.data, end));
	}
	str_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_text_becomes_markup_anywhere),
		cmocka_unit_test(a_page_loads_nothing_and_runs_nothing),
		cmocka_unit_test(elements_are_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
