/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/plot.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static bool harmless(const char *svg)
{
	return plot_svg_is_harmless(svg, strlen(svg));
}

static void a_picture_that_runs_or_refers_elsewhere_is_refused(void **state)
{
	assert_true(harmless("<svg viewBox='0 0 1 1'><g><use xlink:href='#gpPt1' fill='black'/></g></svg>"));
	assert_true(harmless("<svg><text>&lt;script> on fire, 1 > 0</text></svg>"));
	assert_true(harmless("<svg><path clip-path='url(#clip)' d='M1'/></svg>"));
	assert_false(harmless("<svg><script>alert(1)</script></svg>"));
	assert_false(harmless("<svg><SCRIPT>alert(1)</SCRIPT></svg>"));
	assert_false(harmless("<svg onload='alert(1)'></svg>"));
	assert_false(harmless("<svg><g\tonclick='x'/></svg>"));
	assert_false(harmless("<svg><g fill='red'onclick='x'/></svg>"));
	assert_false(harmless("<svg><use xlink:href='http://example.org/x.svg#a'/></svg>"));
	assert_false(harmless("<svg><use href='javascript:x'/></svg>"));
	assert_false(harmless("<svg><image/></svg>"));
	assert_false(harmless("<svg><foreignObject/></svg>"));
	assert_false(harmless("<svg><a>x</a></svg>"));
	assert_false(harmless("<svg><rect fill='url(http://x)'/></svg>"));
	assert_false(harmless("<svg><g"));
	assert_false(harmless("<svg><!-- --></svg>"));
}

static void a_label_is_one_field_of_one_line(void **state)
{
	struct str out;

	str_init(&out);
	plot_append_label(&out, "a\tb\n\"c\" \x1b");
	assert_string_equal(out.data, "a\\x09b\\x0a'c' \\x1b");
	str_clear(&out);
	plot_append_label(&out, "-");
	assert_int_equal(out.data[out.length - 1], ' ');
	str_done(&out);
}

static void absent_is_not_nought(void **state)
{
	struct str out;

	str_init(&out);
	plot_append_number(&out, NAN);
	plot_append_number(&out, INFINITY);
	plot_append_number(&out, 1.5);
	assert_string_equal(out.data, "--1.5");
	str_done(&out);
}

static void black_is_the_pages_colour_and_names_are_the_plots(void **state)
{
	struct plot plot;
	struct str out;

	plot_init(&plot, "dose", "", "");
	str_append(&plot.svg, "<?xml version='1.0'?>\n<svg><path id='gpPt1' stroke='black'/>"
			      "<use xlink:href='#gpPt1' color=\"black\"/></svg>\n");
	str_init(&out);
	plot_append_inline_svg(&plot, &out);
	assert_string_equal(out.data, "<svg><path id='dose-gpPt1' stroke='currentColor'/>"
				      "<use xlink:href='#dose-gpPt1' color='currentColor'/></svg>\n");
	str_done(&out);
	plot_done(&plot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_picture_that_runs_or_refers_elsewhere_is_refused),
		cmocka_unit_test(a_label_is_one_field_of_one_line),
		cmocka_unit_test(absent_is_not_nought),
		cmocka_unit_test(black_is_the_pages_colour_and_names_are_the_plots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
