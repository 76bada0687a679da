/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truce-lab: what `truce lab VERB` runs. A table of verbs and a loop, as truce itself. */
#include "cmd/lab.h"
#include "cmd/streams.h"
#include "cmd/verb.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const struct verb *verb;
	int (*call)(char **arguments); /* NULL: as any verb */
	const char *name; /* as it stands behind `truce lab` */
} verbs[] = {
	{ &lab_box_verb, lab_box_call, "box" },
	{ &lab_image_verb, lab_image_call, "image" },
	{ &lab_run_verb, lab_run_call, "run" },
	{ &lab_list_verb, NULL, "list" },
	{ &lab_show_verb, NULL, "show" },
	{ &lab_compare_verb, NULL, "compare" },
	{ &lab_export_verb, NULL, "export" },
	{ &lab_work_verb, lab_work_call, "work" },
	{ NULL, NULL, NULL },
};

static int print_help(FILE *stream)
{
	size_t i;

	fputs("usage: truce lab VERB [OPTION...] [ARGUMENT...]\n\n", stream);
	for (i = 0; verbs[i].name != NULL; i++)
		fprintf(stream, "  %-10s %s\n", verbs[i].name, verbs[i].verb->summary);
	fputs("\ntruce lab VERB --help tells more; so does the manual page truce-lab-VERB(1).\n",
	      stream);
	return stream == stdout ? VERB_FINE : VERB_USAGE;
}

int main(int argc, char **argv)
{
	size_t i;

	streams_prepare();
	setlocale(LC_ALL, "");
	setlocale(LC_NUMERIC, "C");
	/* Whoever ignores SIGCHLD hands that on, and then no child could be waited for. */
	signal(SIGCHLD, SIG_DFL);
	if (argc < 2)
		return print_help(stderr);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return print_help(stdout);
	for (i = 0; verbs[i].name != NULL; i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			return verbs[i].call != NULL ? verbs[i].call(argv + 2) :
						       verb_call(verbs[i].verb, argv + 2);
	fputs("truce lab: there is no such verb; truce lab --help lists them\n", stderr);
	return VERB_USAGE;
}
