/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a loaded Lua policy is inside: shared by the files lua_*.c alone. Everything that may
 * raise a Lua error runs within lua_sandbox_call. Snapshots are there during a turn only; an
 * object of an earlier turn says so instead of reading them.
 */
#ifndef DECIDE_LUA_RUN_H
#define DECIDE_LUA_RUN_H

#include "base/str.h"
#include "decide/asking.h"
#include "decide/lua_policy.h"
#include "decide/lua_quantity.h"
#include "decide/lua_sandbox.h"
#include "decide/lua_things.h"

#include <lauxlib.h>

struct lua_load;

/* What one rule has of one VM. */
struct slot {
	bool met;       /* a rule for births has run */
	int ref;        /* of the state's table, 0: not made yet */
	char *bytes;    /* the state as it was after the last good run */
	size_t size;
};

struct vm_entry {
	struct vm_identity identity; /* pid 0: the host */
	struct thing *thing;         /* belongs to Lua; kept by ref */
	int ref;
	const struct vm *vm, *before; /* in the snapshots; NULL outside of turns */
	uint64_t texts_hash;         /* what it was classified by */
	int class_index;
	struct notes notes;
	struct slot *slots;          /* one a rule */
	struct outcome *outcomes;    /* the last one of each setting, by setting */
	size_t outcome_count, outcome_capacity;
};

enum { ON_TICK = 1, ON_BIRTH = 2 };

struct lua_rule {
	int function; /* registry */
	unsigned on;
	bool has_state;
};

enum { AGGREGATES_MAX = 3 };

struct lua_policy {
	struct lua_sandbox sandbox; /* first: what lua_sandbox_of finds */
	struct policy description;
	struct lua_load *load;      /* while the file is being loaded */
	struct lua_rule *rules;     /* as description.rules */
	size_t rule_capacity;
	int things, states, metatables[THING_KIND_COUNT], list_metatable; /* registry */
	struct asking *asking;
	struct vm_entry **entries;  /* sorted by identity */
	size_t entry_count, entry_capacity;
	struct vm_entry host;
	uint64_t state_hash;        /* of what lua_policy_state_append gave last */
	/* Of this turn. */
	const struct turn *turn;
	unsigned turn_number;
	int vms;                    /* registry: the list of all VMs; 0: not made yet */
	/* Of this run of a rule. */
	uint64_t run_number;
	unsigned rule;
	struct vm_entry *subject;   /* &host in the host's scope; NULL: no rule runs */
	struct request *pending;
	size_t pending_count, pending_capacity;
	struct vm_entry *others[2]; /* other VMs that were read, the last first */
	struct aggregate_note aggregates[AGGREGATES_MAX];
	unsigned aggregate_count;
	struct str state;           /* of the run, until it is known to be good */
};

struct lua_policy *lua_policy_of(lua_State *L);
/* lua_entries.c: VMs from one turn to the next. NULL where there is none. */
struct vm_entry *lua_entry_find(const struct lua_policy *lua, const struct vm_identity *identity);
/* Finds or makes it, the host's too, with its slots; NULL: no memory. */
struct vm_entry *lua_entry_add(struct lua_policy *lua, const struct vm_identity *identity);
/* Entries for the VMs of the turn, and for no other; outcomes to where they belong. -ENOMEM. */
int lua_entries_begin_turn(struct lua_policy *lua);
void lua_entries_free(struct lua_policy *lua);
bool lua_entry_take_outcome(struct vm_entry *entry, const struct outcome *outcome);
/* The slot's table is made again from its bytes when it is next wanted. */
void lua_slot_forget(struct lua_policy *lua, struct slot *slot);

/* lua_asks.c: set, release, asked, setting, outcome into the table of methods on top. */
void lua_asks_open(lua_State *L);
/* The inputs of this run for a request to that VM. */
void lua_inputs_fill(const struct lua_policy *lua, struct request *request);

/* lua_state.c: plain values as bytes. Raises an error for what is not plain or too much. */
enum { LUA_STATE_VM_BYTES = 4096, LUA_STATE_HOST_BYTES = 65536 };
void lua_state_encode(lua_State *L, int at, size_t limit, struct str *out);
/* Pushes the table; false: these are no such bytes. Raises nothing but memory errors. */
bool lua_state_decode(lua_State *L, const char *bytes, size_t size);

/* lua_helpers.c: hysteresis, aimd, ... into the table of words on top. */
void lua_helpers_open(lua_State *L);

/* lua_load.c: policy, class, rule, ... into the table of words on top. */
void lua_load_open(lua_State *L);

#endif
