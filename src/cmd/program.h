/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The main function of a helper program truce-NOUN, which does `truce NOUN VERB ...` (noun.h): a
 * table of verbs and a loop, as truce itself. */
#ifndef CMD_PROGRAM_H
#define CMD_PROGRAM_H

struct verb;

struct program_verb {
	const struct verb *verb;
	int (*call)(char **arguments); /* NULL: as any verb */
	const char *name;	       /* as it stands behind `truce NOUN`; NULL ends the table */
};

/* Returns an exit code. */
int program_main(const char *noun, const struct program_verb *verbs, int argc, char **argv);

#endif
