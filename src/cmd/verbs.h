/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A table of verbs, ended by NULL: those of truce itself, or those of one noun. A noun's verb is
 * named with it ("policy check") and called by its last word.
 */
#ifndef CMD_VERBS_H
#define CMD_VERBS_H

#include <stdbool.h>

struct str;
struct suggest;
struct verb;

/* NULL: there is no such verb. */
const struct verb *verbs_find(const struct verb *const *verbs, const char *word);
/* A line each: "  check      what is wrong with a policy, ..." */
void verbs_append_summaries(const struct verb *const *verbs, struct str *text);
void verbs_offer(const struct verb *const *verbs, struct suggest *suggest);
/* "truce: there is no verb "lsit"; did you mean list?" on stderr; `program` is "truce", or
 * "truce NOUN". Returns VERB_USAGE. */
int verbs_refuse(const char *program, const char *help, const struct suggest *suggest);
/* Help that was asked for goes to stdout, help for who asked for nothing to stderr. */
int verbs_print_help(const struct str *text, bool asked);

#endif
