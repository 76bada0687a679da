/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The options of a verb as a table, and the one parser for all of them. An option is stored
 * into a field of the verb's settings; the field's type is checked against the option's kind
 * when it is compiled. Options and operands may be mixed; "--" ends the options; the last of
 * two equal options counts, unless it makes a list.
 */
#ifndef CMD_OPTIONS_H
#define CMD_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct str;

enum option_kind {
	OPTION_KIND_END = 0,
	OPTION_KIND_FLAG,     /* bool */
	OPTION_KIND_TEXT,     /* const char *, points into the arguments */
	OPTION_KIND_DURATION, /* uint64_t, microseconds: "200ms", "1s", "2.5h"; a bare number: s */
	OPTION_KIND_INTERVAL, /* the same, and not 0 */
	OPTION_KIND_COUNT,    /* uint64_t */
	OPTION_KIND_LIST,     /* struct option_list: every one of several counts */
};
#define OPTION_LIST_MOST 64

struct option_list {
	const char *values[OPTION_LIST_MOST + 1]; /* ends in NULL */
	size_t count;
};

struct option_info {
	enum option_kind kind;
	char letter; /* 0: none */
	const char *name;
	const char *argument; /* its name in the help; NULL for flags */
	const char *help;
	size_t offset;
};

/* The field's offset; with a field of another type it does not compile (an array of size -1). */
#define OPTION_FIELD(settings, field, type) \
	(offsetof(settings, field) + \
	 0 * sizeof(char[__builtin_types_compatible_p(typeof(((settings *)0)->field), type) ? 1 : -1]))

#define OPTION_FLAG(settings, field, letter, name, help) \
	{ OPTION_KIND_FLAG, letter, name, NULL, help, OPTION_FIELD(settings, field, bool) }
#define OPTION_TEXT(settings, field, letter, name, argument, help) \
	{ OPTION_KIND_TEXT, letter, name, argument, help, OPTION_FIELD(settings, field, const char *) }
#define OPTION_DURATION(settings, field, letter, name, argument, help) \
	{ OPTION_KIND_DURATION, letter, name, argument, help, OPTION_FIELD(settings, field, uint64_t) }
#define OPTION_COUNT(settings, field, letter, name, argument, help) \
	{ OPTION_KIND_COUNT, letter, name, argument, help, OPTION_FIELD(settings, field, uint64_t) }
#define OPTION_LIST(settings, field, letter, name, argument, help) \
	{ OPTION_KIND_LIST, letter, name, argument, help, \
	  OPTION_FIELD(settings, field, struct option_list) }
#define OPTIONS_END { OPTION_KIND_END, 0, NULL, NULL, NULL, 0 }

/* What several verbs have, in the same words. */
#define OPTION_JSON(settings, field) \
	OPTION_FLAG(settings, field, 0, "json", "print JSON instead of a table")
#define OPTION_ROOT(settings, field) \
	OPTION_TEXT(settings, field, 0, "root", "DIR", "read the captured host in DIR, not this machine")
#define OPTION_REPLAY(settings, field) \
	OPTION_TEXT(settings, field, 0, "replay", "FILE", "read the recording FILE, not this machine")
#define OPTION_INTERVAL(settings, field, what) \
	{ OPTION_KIND_INTERVAL, 'd', "interval", "TIME", what, OPTION_FIELD(settings, field, uint64_t) }

/*
 * Stores options into settings and moves the operands to the front of `arguments`, NULL behind
 * them. *ret_help: --help or -h was there. -EINVAL with a sentence that names the nearest option.
 */
int options_parse(const struct option_info *options, char **arguments, void *settings,
		  size_t *ret_operands, bool *ret_help, struct error *err);
/* One line an option: "  -d, --interval TIME   help". */
void options_append_help(const struct option_info *options, struct str *str);

#endif
