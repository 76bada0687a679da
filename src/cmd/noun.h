/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `truce NOUN VERB ...`. Verbs that need no more than truce has are in it, as a table. Those of
 * other nouns are done by a helper program truce-NOUN, so that a host which only keeps the peace
 * needs neither its libraries nor the program. It is looked for in TRUCE_LIBEXEC where that is
 * set, then beside truce (the build tree), then in the libexec directory.
 */
#ifndef CMD_NOUN_H
#define CMD_NOUN_H

struct verb;

struct noun {
	const char *name;
	const char *summary;
	const struct verb *const *verbs; /* NULL: a helper program has them */
};

/* Ended by one without a name. */
extern const struct noun nouns[];

const struct noun *noun_find(const char *name);
/* Calls the verb that the arguments begin with, or becomes truce-NOUN. Returns an exit code. */
int noun_call(const struct noun *noun, char **arguments);
/* What `truce NOUN [VERB] --help` prints. */
int noun_help(const struct noun *noun, char **arguments);

#endif
