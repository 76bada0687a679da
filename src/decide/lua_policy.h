/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A policy in Lua 5.4 (doc/format/policy-lua.md): loaded from bytes, then one turn after the
 * other. It opens no file, knows no clock and prints nothing; the same bytes, state and turns
 * give the same requests. Errors of a rule cost the VM (or the host's rule) that turn: what the
 * run had asked for is dropped and its state is what it was before.
 *
 *     lua_policy_new -> [lua_policy_state_take] -> { lua_policy_turn, lua_policy_state_append }*
 *
 * Endless loops and memory bombs end with a sentence. What runs within one C function of Lua
 * (string.find with a hostile pattern) is bounded by the process alone that this runs in.
 */
#ifndef DECIDE_LUA_POLICY_H
#define DECIDE_LUA_POLICY_H

#include "decide/turn.h"
#include "model/policy.h"

#include <stdbool.h>
#include <stddef.h>

struct error;
struct lua_policy;
struct str;

/* 0: 24 MiB, as in struct decider_options. */
#define LUA_POLICY_MEMORY_BYTES ((size_t)24 << 20)

/*
 * `path` is what sentences and the description say; nothing is opened. `problems` (may be NULL)
 * gets a line for each error and warning, "PATH:LINE: error: ..." and "PATH:LINE: warning: ...",
 * sorted by line; err the first error and those that fit behind it. -EINVAL: the file is wrong; -ENOMEM: it used more than
 * `memory_bytes`; -ELOOP: it did not come to an end.
 */
int lua_policy_new(const char *bytes, size_t size, const char *path, size_t memory_bytes,
		   struct str *problems, struct lua_policy **ret, struct error *err);
void lua_policy_free(struct lua_policy *lua);
const struct policy *lua_policy_description(const struct lua_policy *lua);

/* Runs the rules of this occasion. Negative only where the sink said so or the policy cannot go
 * on at all: then free it. */
int lua_policy_turn(struct lua_policy *lua, const struct turn *turn, struct error *err);

/* What the policy wants to find again, as bytes: the rules' states, what they ask for, the last
 * outcomes. The same state gives the same bytes. True when it differs from the last time. */
bool lua_policy_state_append(struct lua_policy *lua, struct str *out);
/* Before the first turn. Believes nothing: -EBADMSG with a sentence, and the state is empty. */
int lua_policy_state_take(struct lua_policy *lua, const char *bytes, size_t size,
			  struct error *err);

#endif
