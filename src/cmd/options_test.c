/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/options.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct settings {
	bool json, loud;
	const char *root;
	uint64_t interval, count;
	struct option_list skip;
};

static const struct option_info options[] = {
	OPTION_JSON(struct settings, json),
	OPTION_FLAG(struct settings, loud, 'l', "loud", "say more"),
	OPTION_ROOT(struct settings, root),
	OPTION_INTERVAL(struct settings, interval, "how often"),
	OPTION_COUNT(struct settings, count, 'n', "count", "N", "how many"),
	OPTION_LIST(struct settings, skip, 0, "skip", "NAME", "leave out"),
	OPTIONS_END,
};

/* What one command line gives. */
struct parsed {
	struct settings settings;
	char *arguments[90];
	size_t operands;
	bool help;
	struct error err;
	int r;
};

/* Words parted by blanks; "''" is an empty one. */
static void parse(struct parsed *parsed, char *line)
{
	size_t count = 0;
	char *word;

	memset(parsed, 0, sizeof *parsed);
	while ((word = strsep(&line, " ")) != NULL && count < ARRAY_SIZE(parsed->arguments) - 1)
		if (*word != '\0')
			parsed->arguments[count++] = strcmp(word, "''") == 0 ? word + 2 : word;
	parsed->r = options_parse(options, parsed->arguments, &parsed->settings, &parsed->operands,
				  &parsed->help, &parsed->err);
}

#define PARSE(name, words)            \
	char name##_line[] = words;   \
	struct parsed name;           \
	parse(&name, name##_line)

static void options_and_operands_may_be_mixed(void **state)
{
	PARSE(p, "one --json two -d 200ms --root=/host -l three");

	assert_int_equal(p.r, 0);
	assert_true(p.settings.json && p.settings.loud);
	assert_string_equal(p.settings.root, "/host");
	assert_int_equal(p.settings.interval, 200000);
	assert_int_equal(p.operands, 3);
	assert_string_equal(p.arguments[0], "one");
	assert_string_equal(p.arguments[2], "three");
	assert_null(p.arguments[3]);
}

static void letters_may_share_a_dash_and_hold_their_value(void **state)
{
	PARSE(p, "-ld5 -n12");

	assert_int_equal(p.r, 0);
	assert_true(p.settings.loud);
	assert_int_equal(p.settings.interval, 5000000);
	assert_int_equal(p.settings.count, 12);
}

static void two_dashes_end_the_options(void **state)
{
	PARSE(p, "--json -- --loud -");

	assert_int_equal(p.r, 0);
	assert_false(p.settings.loud);
	assert_int_equal(p.operands, 2);
	assert_string_equal(p.arguments[0], "--loud");
	assert_string_equal(p.arguments[1], "-");
}

static void the_last_of_two_counts_but_a_list_keeps_all(void **state)
{
	PARSE(p, "--root a --root b --skip x --skip y");

	assert_int_equal(p.r, 0);
	assert_string_equal(p.settings.root, "b");
	assert_int_equal(p.settings.skip.count, 2);
	assert_string_equal(p.settings.skip.values[1], "y");
	assert_null(p.settings.skip.values[2]);
}

static void help_is_seen_wherever_it_stands(void **state)
{
	PARSE(p, "one --help");
	PARSE(q, "-lh");

	assert_true(p.r == 0 && p.help);
	assert_true(q.r == 0 && q.help && q.settings.loud);
}

static void wrong_usage_is_one_sentence(void **state)
{
	static const struct {
		const char *line, *sentence;
	} wrong[] = {
		{ "--jsno", "there is no option --jsno; did you mean --json?" },
		{ "--entirely-else", "there is no option --entirely-else; --help lists them" },
		{ "-x", "there is no option -x; --help lists them" },
		{ "--json=yes", "--json takes no value" },
		{ "--root", "--root needs a value, DIR" },
		{ "-d", "--interval needs a value, TIME" },
		{ "-d soon", "--interval takes a time such as 200ms, 1s or 5m, not \"soon\"" },
		{ "-d 0ms", "--interval takes a time of more than 0" },
		{ "-n -3", "--count takes a whole number, not \"-3\"" },
		{ "-n 3x", "--count takes a whole number, not \"3x\"" },
		{ "--\033[2J", "there is no option --\\x1b[2J; --help lists them" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		CLEANUP_FREE char *line = strdup(wrong[i].line);
		struct parsed parsed;

		parse(&parsed, line);
		assert_true(parsed.r < 0);
		assert_string_equal(parsed.err.text, wrong[i].sentence);
	}
}

static void a_list_has_an_end(void **state)
{
	char *arguments[OPTION_LIST_MOST + 2];
	static char skip[] = "--skip=x";
	struct settings settings = { 0 };
	size_t i, operands;
	bool help;

	for (i = 0; i <= OPTION_LIST_MOST; i++)
		arguments[i] = skip;
	arguments[i] = NULL;
	assert_int_equal(options_parse(options, arguments, &settings, &operands, &help, NULL), -E2BIG);
}

static void help_has_a_line_for_each_option(void **state)
{
	struct str text;

	str_init(&text);
	options_append_help(options, &text);
	assert_string_equal(text.data,
			    "      --json              print JSON instead of a table\n"
			    "  -l, --loud              say more\n"
			    "      --root DIR          read the captured host in DIR, not this machine\n"
			    "  -d, --interval TIME     how often\n"
			    "  -n, --count N           how many\n"
			    "      --skip NAME         leave out\n"
			    "  -h, --help              print this\n");
	str_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_and_operands_may_be_mixed),
		cmocka_unit_test(letters_may_share_a_dash_and_hold_their_value),
		cmocka_unit_test(two_dashes_end_the_options),
		cmocka_unit_test(the_last_of_two_counts_but_a_list_keeps_all),
		cmocka_unit_test(help_is_seen_wherever_it_stands),
		cmocka_unit_test(wrong_usage_is_one_sentence),
		cmocka_unit_test(a_list_has_an_end),
		cmocka_unit_test(help_has_a_line_for_each_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
