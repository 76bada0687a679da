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
#include "model/object.h"

#include <lauxlib.h>

struct lua_load;
struct str;

enum thing_kind {
	THING_VM, THING_HOST, THING_THREAD, THING_CPU, THING_DISK, THING_NIC, THING_KIND_COUNT,
};

/* What was read of a thing; the index is a figure's, a setting's or of the enums below. */
enum read_of {
	READ_FIGURE, READ_RATE, READ_GROWTH, READ_BEFORE, READ_DERIVED, READ_SETTING, READ_TEXT,
	READ_OBJECTS,
};
struct reading {
	uint8_t of;
	uint8_t index;
};

/* A figure that the run has looked at: an input of what it asks for. */
struct noted {
	uint8_t kind;
	struct reading reading;
	const void *object; /* of the snapshot */
	struct quantity value;
	char text[24];      /* of READ_TEXT */
};
struct notes {
	uint64_t run; /* else they are of another run, and forgotten */
	unsigned count;
	struct noted items[CAUSE_INPUTS_MAX];
};
struct aggregate_note {
	char name[48];
	struct quantity value;
};

/* A userdata of Lua: the host, a VM, or a part of them. */
struct thing {
	enum thing_kind kind;
	unsigned turn; /* that its pointers are of */
	struct object_view now, before;         /* before.value NULL: not there then */
	const uint64_t *sampled, *sampled_before;
	const void *object;
	struct vm_entry *entry;
};

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

/* lua_things.c: the objects. Metatables, once; in protected mode. */
void lua_things_open(lua_State *L);
/* A new userdata on the stack. */
struct thing *lua_thing_push(lua_State *L, enum thing_kind kind);
struct thing *lua_thing_check(lua_State *L, int at, enum thing_kind kind);
/* Pushes the VM of the entry or the host; makes it at its first use. */
void lua_entry_push(lua_State *L, struct vm_entry *entry);
/* Points the entry's object, where it has one, at this turn's snapshots. */
void lua_entry_bind(struct lua_policy *lua, struct vm_entry *entry);
/* A number of the thing, or why there is none. */
enum figure_state lua_thing_read(const struct lua_policy *lua, const struct thing *thing,
				 struct reading reading, struct quantity *ret);
/* Resolves a name of figures and derived numbers; raises an error with a suggestion. */
struct reading lua_thing_name(lua_State *L, enum thing_kind kind, int at, const char *what);
const char *lua_reading_name(enum thing_kind kind, struct reading reading);
void lua_note(struct lua_policy *lua, const struct thing *thing, struct reading reading,
	      struct quantity value, const char *text);
/* The list of VMs. */
void lua_vms_open(lua_State *L);
void lua_vms_push_all(lua_State *L);

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
