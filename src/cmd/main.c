/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truce: a table of verbs and a loop. What a verb does is in the file of its name. */
#include "base/str.h"
#include "base/suggest.h"
#include "base/version.h"
#include "cmd/noun.h"
#include "cmd/streams.h"
#include "cmd/verb.h"
#include "cmd/verbs.h"

#include <locale.h>
#include <string.h>

static const struct verb *const verbs[] = {
	&list_verb,
	&top_verb,
	&events_verb,
	&record_verb,
	&dump_verb,
	&export_verb,
	&explain_verb,
	&log_verb,
	&set_verb,
	&undo_verb,
	&pause_verb,
	&resume_verb,
	&capture_verb,
	&doctor_verb,
	NULL,
};

static int print_help(bool asked)
{
	struct str text;
	size_t i;
	int r;

	str_init(&text);
	str_append(&text, "usage: truce VERB [OPTION...] [ARGUMENT...]\n\n");
	verbs_append_summaries(verbs, &text);
	for (i = 0; nouns[i].name != NULL; i++)
		str_appendf(&text, "  %-10s %s\n", nouns[i].name, nouns[i].summary);
	str_append(&text,
		   "\ntruce VERB --help tells more; so does the manual page truce-VERB(1).\n");
	r = verbs_print_help(&text, asked);
	str_done(&text);
	return r;
}

static int print_version(void)
{
	struct str text;
	int r;

	str_init(&text);
	str_appendf(&text, "truce %s\n", version_text);
	r = verbs_print_help(&text, true);
	str_done(&text);
	return r;
}

static int refuse_verb(const char *name)
{
	struct suggest suggest;
	size_t i;

	suggest_init(&suggest, name);
	verbs_offer(verbs, &suggest);
	for (i = 0; nouns[i].name != NULL; i++)
		suggest_offer(&suggest, nouns[i].name);
	return verbs_refuse("truce", "truce help", &suggest);
}

/* `truce help VERB` is `truce VERB --help`. */
static int call_help(char **arguments)
{
	static char option[] = "--help";
	char *help[] = { option, NULL };
	const struct verb *verb;

	if (arguments[0] == NULL || arguments[0][0] == '-')
		return print_help(true);
	verb = verbs_find(verbs, arguments[0]);
	if (verb != NULL)
		return verb_call(verb, help);
	if (noun_find(arguments[0]) != NULL)
		return noun_help(noun_find(arguments[0]), arguments + 1);
	return refuse_verb(arguments[0]);
}

int main(int argc, char **argv)
{
	const struct verb *verb;
	const struct noun *noun;

	streams_prepare();
	setlocale(LC_ALL, "");
	setlocale(LC_NUMERIC, "C");
	if (argc < 2)
		return print_help(false);
	verb = verbs_find(verbs, argv[1]);
	if (verb != NULL)
		return verb_call(verb, argv + 2);
	noun = noun_find(argv[1]);
	if (noun != NULL)
		return noun_call(noun, argv + 2);
	if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return call_help(argv + 2);
	if (strcmp(argv[1], "--version") == 0)
		return print_version();
	return refuse_verb(argv[1]);
}
