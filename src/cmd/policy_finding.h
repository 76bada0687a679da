/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is wrong with a policy, or may be, as `truce policy check` tells it: PATH:LINE, the
 * sentence, the line, and a caret under what the sentence quotes. */
#ifndef CMD_POLICY_FINDING_H
#define CMD_POLICY_FINDING_H

#include <stdbool.h>

struct json;
struct str;

struct finding {
	bool is_error;
	int line;            /* 0: the whole file */
	const char *text;    /* the sentence without PATH:LINE */
};

/* Splits "PATH:LINE: sentence"; what does not begin so is a sentence about the whole file. */
struct finding finding_of_error(const char *path, const char *sentence);
/* The same of "PATH:LINE: error: sentence", as a decider tells its problems, or "warning: ". */
struct finding finding_of_problem(const char *path, const char *line);
/* `source` NULL: no line is shown. */
void finding_append(struct str *str, const char *path, const char *source,
		    const struct finding *finding);
void finding_append_json(struct json *json, const char *path, const char *source,
			 const struct finding *finding);

#endif
