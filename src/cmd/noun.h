/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `truce NOUN VERB ...` is done by a helper program truce-NOUN, so that a host which only keeps
 * the peace needs neither its libraries nor the program. It is looked for in TRUCE_LIBEXEC where
 * that is set, then beside truce (the build tree), then in the libexec directory.
 */
#ifndef CMD_NOUN_H
#define CMD_NOUN_H

struct noun {
	const char *name;
	const char *summary;
};

/* Ended by one without a name. */
extern const struct noun nouns[];

const struct noun *noun_find(const char *name);
/* Becomes truce-NOUN with these arguments; returns an exit code, having said why, if it cannot. */
int noun_exec(const struct noun *noun, char **arguments);

#endif
