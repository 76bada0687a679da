/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A verb of truce: one file that defines one `struct verb`, and its line in main.c's table.
 * The common code reads the options into the verb's settings, prints `--help` from the tables,
 * and gives wrong usage exit code 2, so that a verb sees only settings that are well formed.
 *
 *     struct dump_settings { bool json; const char *from; };
 *     static const struct option_info options[] = {
 *             OPTION_FLAG(struct dump_settings, json, 0, "json", "print JSON"),
 *             OPTION_TEXT(struct dump_settings, from, 0, "from", "TIME", "start at TIME"),
 *             OPTIONS_END,
 *     };
 *     const struct verb dump_verb = { .name = "dump", ..., .options = options,
 *             .settings_size = sizeof(struct dump_settings), .run = dump_run };
 */
#ifndef CMD_VERB_H
#define CMD_VERB_H

#include "cmd/options.h"

#include <stddef.h>

struct error;
struct str;

enum verb_exit {
	VERB_FINE = 0,
	VERB_FAILED = 1, /* a sentence on stderr says why */
	VERB_USAGE = 2,
	VERB_PARTLY = 3, /* something was unreadable, the rest is printed */
};

#define OPERANDS_ANY ((size_t)-1)

struct verb {
	const char *name;
	const char *operands; /* as the usage line shows them: "[NAME...]"; NULL: none */
	size_t least_operands, most_operands;
	const char *summary; /* a line of `truce help`: no capital, no full stop */
	const char *notes;   /* paragraphs below the options of --help, or NULL */
	void (*append_notes)(struct str *text); /* more of them, made from a table; or NULL */
	const struct option_info *options;
	size_t settings_size;
	const void *defaults; /* settings_size bytes to begin with; NULL: zeros */
	/* Returns an enum verb_exit. Operands stay as they came, ended by NULL. */
	int (*run)(const struct verb *verb, const void *settings, char **operands);
};

/* Each is in the file of its name. */
extern const struct verb list_verb, top_verb, events_verb;
extern const struct verb record_verb, dump_verb, export_verb;
extern const struct verb explain_verb, log_verb, set_verb, undo_verb;
extern const struct verb pause_verb, resume_verb;
extern const struct verb capture_verb, doctor_verb;

/* Parses, answers --help, runs. `arguments` begins behind the verb's name. */
int verb_call(const struct verb *verb, char **arguments);

/* "truce VERB: sentence" on stderr. verb_fail returns VERB_FAILED, verb_misuse VERB_USAGE. */
int verb_fail(const struct verb *verb, const struct error *err);
int verb_misuse(const struct verb *verb, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void verb_warn(const struct verb *verb, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Writes the text to stdout and flushes; VERB_FINE, or VERB_FAILED when that failed. */
int verb_print(const struct verb *verb, const struct str *str);

#endif
