/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/program.h"

#include "cmd/streams.h"
#include "cmd/verb.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static int help_print(const char *noun, const struct program_verb *verbs, FILE *stream)
{
	size_t i;

	fprintf(stream, "usage: truce %s VERB [OPTION...] [ARGUMENT...]\n\n", noun);
	for (i = 0; verbs[i].name != NULL; i++)
		fprintf(stream, "  %-10s %s\n", verbs[i].name, verbs[i].verb->summary);
	fprintf(stream, "\ntruce %s VERB --help tells more; so does the manual page truce-%s-VERB(1).\n",
		noun, noun);
	return stream == stdout ? VERB_FINE : VERB_USAGE;
}

int program_main(const char *noun, const struct program_verb *verbs, int argc, char **argv)
{
	size_t i;

	streams_prepare();
	setlocale(LC_ALL, "");
	setlocale(LC_NUMERIC, "C");
	/* Whoever ignores SIGCHLD hands that on, and then no child could be waited for. */
	signal(SIGCHLD, SIG_DFL);
	if (argc < 2)
		return help_print(noun, verbs, stderr);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return help_print(noun, verbs, stdout);
	for (i = 0; verbs[i].name != NULL; i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			return verbs[i].call != NULL ? verbs[i].call(argv + 2) :
						       verb_call(verbs[i].verb, argv + 2);
	fprintf(stderr, "truce %s: there is no such verb; truce %s --help lists them\n", noun, noun);
	return VERB_USAGE;
}
