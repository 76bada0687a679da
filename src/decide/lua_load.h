/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A policy's file while it is loaded: its declarations become the description. A mistake in one
 * does not end the load: all that can be found are told together.
 */
#ifndef DECIDE_LUA_LOAD_H
#define DECIDE_LUA_LOAD_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct lua_policy;
struct str;

enum { LOAD_PROBLEMS_MAX = 64 };

struct load_problem {
	int line;
	bool is_error;
	char text[400];
};

struct lua_load {
	const char *bytes; /* the file */
	size_t size;
	struct load_problem problems[LOAD_PROBLEMS_MAX];
	size_t problem_count;
};

void load_problem(struct lua_policy *lua, int line, bool is_error, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* A warning that stays with the description, for check: what cannot be seen in the description. */
void load_note(struct lua_policy *lua, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The first line from `line` on that has the word, else `line`. */
int load_line_of(const struct lua_load *load, int line, const char *word);
/* What can be seen only when the whole file was read. */
void load_check(struct lua_policy *lua);
/* Names of figures and settings in the rules' code that do not exist: warnings, as `vm` could be
 * something of the author's own. In protected mode. */
void load_lint(struct lua_policy *lua);
/* Sorts; a line for each into `out` (may be NULL); the errors into err, the first one first:
 * -EINVAL, else 0. */
int load_report(struct lua_policy *lua, struct str *out, struct error *err);

#endif
