/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a program's lines are read: "NAME=EXPRESSION", several with ";;" between them. The
 * expression (extended, POSIX) is looked for in each line; the number is what its first group
 * matched. NAME is operations, bytes, errors or lost, or any other, which becomes a result.
 * "+NAME" adds up what the lines say (without a group: 1 a line); NAME alone keeps the last.
 *
 *     operations=total number of events: *([0-9]+);;p99_msec=99th percentile: *([0-9.]+)
 */
#ifndef WORK_COMMAND_RULE_H
#define WORK_COMMAND_RULE_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

struct command_said;
struct error;

#define RULES_MOST 16u

struct command_rules {
	struct command_rule {
		char name[48];
		bool adds;
		regex_t expression;
	} rules[RULES_MOST];
	unsigned count;
};

int command_rules_init(struct command_rules *rules, const char *text, struct error *err);
void command_rules_done(struct command_rules *rules);
/* The line without its end; what is beyond a thousand bytes of it is not looked at. */
void command_rules_take(const struct command_rules *rules, const char *line, size_t size,
			struct command_said *said);

#endif
