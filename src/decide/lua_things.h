/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What rules see: the host, VMs and their parts, as objects whose figures are read by name, and
 * lists of VMs. Each reading is noted, so that a request can say what it was made of. An object
 * of an earlier turn is refused.
 */
#ifndef DECIDE_LUA_THINGS_H
#define DECIDE_LUA_THINGS_H

#include "decide/lua_quantity.h"
#include "model/object.h"
#include "model/plan.h"

struct lua_policy;
struct vm_entry;

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

/* Metatables, once; in protected mode. */
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

#endif
