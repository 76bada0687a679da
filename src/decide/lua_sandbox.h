/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A Lua state in which a stranger's program can do nothing but compute: no file, clock, chance,
 * code from text, metatable or coroutine. It has so much memory and so many steps, and what it
 * does is the same each time: pairs and sort have one order, text never shows an address.
 * Once frozen, its globals, the locals of the file and their tables do not change any more.
 */
#ifndef DECIDE_LUA_SANDBOX_H
#define DECIDE_LUA_SANDBOX_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

struct lua_sandbox {
	lua_State *L;
	size_t memory_used, memory_limit;
	uint64_t steps_left;
	bool overran;           /* the last call ended because its steps were used up */
	bool frozen;
	const char *path;       /* what sentences say; lives as long as this */
	const char *subject;    /* the rule that runs; NULL: the file */
	int names, globals;     /* registry: the language's words, the file's globals */
	int environment, locals; /* registry: _ENV, and the locals as they were when frozen */
	size_t local_count;
	/* The absent figure that was read last: what a nil in an expression may come from. */
	const char *absent_of, *absent_name, *absent_why;
};

/* -ENOMEM: not even the language's words fit. */
int lua_sandbox_init(struct lua_sandbox *sandbox, size_t memory_limit, const char *path,
		     struct error *err);
void lua_sandbox_done(struct lua_sandbox *sandbox);
struct lua_sandbox *lua_sandbox_of(lua_State *L);

/* Words into the table of names; in protected mode only. */
/* Whether the file or the language has a global of that name; and the sentence where neither has
 * it, on the stack. */
bool lua_sandbox_knows(lua_State *L, const char *name);
const char *lua_sandbox_push_unknown(lua_State *L, const char *name);
void lua_sandbox_push_names(lua_State *L);
/* Text, never bytecode. Leaves the function. -EINVAL with PATH:LINE and the token. */
int lua_sandbox_compile(struct lua_sandbox *sandbox, const char *bytes, size_t size,
			struct error *err);
/*
 * As lua_pcall, within so many steps. The sentence begins with PATH:LINE, with `line` where the
 * error itself knows none; ret_line (may be NULL) is that line. -EINVAL, -ENOMEM, -ELOOP.
 */
int lua_sandbox_call(struct lua_sandbox *sandbox, int arguments, int results, uint64_t steps,
		     int line, int *ret_line, struct error *err);

/* Makes what the function on top of the stack can reach unchangeable, itself aside. */
void lua_sandbox_freeze(lua_State *L);
/* Gives the locals of the file back what they held when frozen. The name of one that had been
 * changed since, or NULL. */
const char *lua_sandbox_settle(lua_State *L);
/* A frozen table's own content instead of its cover, at the same place of the stack. */
void lua_sandbox_uncover(lua_State *L, int at);

#endif
