/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truce: a table of verbs and a loop. What a verb does is in the file of its name. */
#include "base/cleanup.h"
#include "base/str.h"
#include "base/text.h"
#include "cmd/noun.h"
#include "cmd/streams.h"
#include "cmd/suggest.h"
#include "cmd/verb.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

static const struct verb *const verbs[] = {
	&list_verb,
	&top_verb,
	&events_verb,
	&record_verb,
	&dump_verb,
	&export_verb,
	&capture_verb,
	&doctor_verb,
	NULL,
};

static const struct verb *verb_find(const char *name)
{
	size_t i;

	for (i = 0; verbs[i] != NULL; i++)
		if (strcmp(verbs[i]->name, name) == 0)
			return verbs[i];
	return NULL;
}

static int finish_output(void)
{
	if (!ferror(stdout) && fflush(stdout) == 0)
		return VERB_FINE;
	fprintf(stderr, "truce: cannot write to standard output: %m\n");
	return VERB_FAILED;
}

static int print_help(FILE *stream)
{
	size_t i;

	fputs("usage: truce VERB [OPTION...] [ARGUMENT...]\n\n", stream);
	for (i = 0; verbs[i] != NULL; i++)
		fprintf(stream, "  %-10s %s\n", verbs[i]->name, verbs[i]->summary);
	for (i = 0; nouns[i].name != NULL; i++)
		fprintf(stream, "  %-10s %s\n", nouns[i].name, nouns[i].summary);
	fputs("\ntruce VERB --help tells more; so does the manual page truce-VERB(1).\n", stream);
	if (stream != stdout)
		return VERB_USAGE;
	return finish_output();
}

static int refuse_verb(const char *name)
{
	struct suggest suggest;
	struct str safe;
	size_t i;

	suggest_init(&suggest, name);
	for (i = 0; verbs[i] != NULL; i++)
		suggest_offer(&suggest, verbs[i]->name);
	for (i = 0; nouns[i].name != NULL; i++)
		suggest_offer(&suggest, nouns[i].name);
	str_init(&safe);
	text_append_safe(&safe, name, strlen(name));
	fprintf(stderr, "truce: there is no verb \"%s\"; ", safe.data != NULL ? safe.data : "");
	if (suggest.nearest != NULL)
		fprintf(stderr, "did you mean %s?\n", suggest.nearest);
	else
		fputs("truce help lists them\n", stderr);
	str_done(&safe);
	return VERB_USAGE;
}

/* `truce help VERB` is `truce VERB --help`. */
static int call_help(char **arguments)
{
	static char option[] = "--help";
	char *help[] = { option, NULL };
	const struct verb *verb;

	if (arguments[0] == NULL || arguments[0][0] == '-')
		return print_help(stdout);
	verb = verb_find(arguments[0]);
	if (verb != NULL)
		return verb_call(verb, help);
	if (noun_find(arguments[0]) != NULL)
		return noun_exec(noun_find(arguments[0]), help);
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
		return print_help(stderr);
	verb = verb_find(argv[1]);
	if (verb != NULL)
		return verb_call(verb, argv + 2);
	noun = noun_find(argv[1]);
	if (noun != NULL)
		return noun_exec(noun, argv + 2);
	if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return call_help(argv + 2);
	if (strcmp(argv[1], "--version") == 0) {
		printf("truce %s\n", TRUCE_VERSION);
		return finish_output();
	}
	return refuse_verb(argv[1]);
}
