/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truce policy build: a policy in C becomes what truced loads. */
#include "base/error.h"
#include "base/str.h"
#include "base/text.h"
#include "cmd/policy.h"
#include "cmd/verb.h"
#include "decide/build.h"

#include <stdio.h>
#include <string.h>

struct build_settings {
	const char *output;
};

/* The compiler's own words: its lines stay lines. */
static void print_said(const struct str *said)
{
	const char *at = said->data, *newline;
	struct str safe;

	str_init(&safe);
	for (; at != NULL && *at != '\0'; at = newline + (*newline != '\0')) {
		newline = strchrnul(at, '\n');
		text_append_printable(&safe, at, (size_t)(newline - at));
		str_append_char(&safe, '\n');
	}
	if (safe.length > 0)
		fputs(safe.data, stderr);
	str_done(&safe);
}

static int build_run(const struct verb *verb, const void *settings_given, char **operands)
{
	const struct build_settings *settings = settings_given;
	struct error err = { 0 };
	struct str said;
	int r;

	str_init(&said);
	r = policy_build(operands[0], settings->output, &said, &err);
	print_said(&said);
	str_done(&said);
	return r < 0 ? verb_fail(verb, &err) : VERB_FINE;
}

static const struct option_info build_options[] = {
	OPTION_TEXT(struct build_settings, output, 'o', "output", "FILE.so",
		    "write this (FILE.so for FILE.c)"),
	OPTIONS_END,
};

const struct verb policy_build_verb = {
	.name = "policy build",
	.operands = "FILE.c",
	.least_operands = 1,
	.most_operands = 1,
	.summary = "make a policy in C into what truced loads",
	.notes = "The compiler is $CC, else cc. What it says comes on standard error, and FILE.so is\n"
		 "replaced at once or not at all. truce policy check FILE.so looks at the result.",
	.options = build_options,
	.settings_size = sizeof(struct build_settings),
	.run = build_run,
};
