/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lists of VMs, lowest identity first: all of them, those of a class, those that a function
 * chooses; and their figures taken together, at C's speed.
 */
#include "base/text.h"
#include "decide/lua_run.h"
#include "decide/lua_text.h"

#include <string.h>

struct vm_list {
	unsigned turn;
	char of[40]; /* whose: "gold" */
	size_t count;
	struct vm_entry *entries[];
};

static struct vm_list *check_list(lua_State *L)
{
	struct vm_list *list = NULL;
	struct lua_policy *lua = lua_policy_of(L);

	if (lua_type(L, 1) == LUA_TUSERDATA && lua_getmetatable(L, 1) != 0) {
		lua_rawgeti(L, LUA_REGISTRYINDEX, lua->list_metatable);
		if (lua_rawequal(L, -1, -2) != 0)
			list = lua_touserdata(L, 1);
		lua_pop(L, 2);
	}
	if (list == NULL)
		luaL_error(L, "a method is called with a colon, as vms:most(\"waiting\")");
	if (list->turn != lua->turn_number || lua->turn == NULL)
		luaL_error(L, "this list of VMs is of an earlier turn");
	return list;
}

static struct vm_list *push_list(lua_State *L, size_t room, const char *of)
{
	struct lua_policy *lua = lua_policy_of(L);
	struct vm_list *list = lua_newuserdatauv(L, sizeof *list + room * sizeof list->entries[0],
						 0);

	list->turn = lua->turn_number;
	list->count = 0;
	text_copy(list->of, sizeof list->of, of, strlen(of));
	lua_rawgeti(L, LUA_REGISTRYINDEX, lua->list_metatable);
	lua_setmetatable(L, -2);
	return list;
}

void lua_vms_push_all(lua_State *L)
{
	struct lua_policy *lua = lua_policy_of(L);
	struct vm_list *list;

	if (lua->vms != 0) {
		lua_rawgeti(L, LUA_REGISTRYINDEX, lua->vms);
		return;
	}
	list = push_list(L, lua->entry_count, "");
	list->count = lua->entry_count;
	if (list->count > 0)
		memcpy(list->entries, lua->entries, list->count * sizeof list->entries[0]);
	lua_pushvalue(L, -1);
	lua->vms = luaL_ref(L, LUA_REGISTRYINDEX);
}

/* -- choosing --------------------------------------------------------------------------- */

static int list_class(lua_State *L)
{
	struct lua_policy *lua = lua_policy_of(L);
	const struct vm_list *list = check_list(L);
	struct vm_list *chosen;
	const char *name;
	int class;
	size_t i;

	if (lua_type(L, 2) != LUA_TSTRING)
		return luaL_error(L, "class takes the name of a class, not %s",
				  lua_text_push_described(L, 2));
	name = lua_tostring(L, 2);
	class = policy_find_class(&lua->description, name);
	if (class < 0)
		return luaL_error(L, "class(\"%s\"): the policy has no such class", name);
	chosen = push_list(L, list->count, name);
	for (i = 0; i < list->count; i++)
		if (list->entries[i]->class_index == class)
			chosen->entries[chosen->count++] = list->entries[i];
	return 1;
}

static int list_where(lua_State *L)
{
	const struct vm_list *list = check_list(L);
	struct vm_list *chosen;
	size_t i;

	luaL_checktype(L, 2, LUA_TFUNCTION);
	chosen = push_list(L, list->count, list->of);
	for (i = 0; i < list->count; i++) {
		lua_pushvalue(L, 2);
		lua_entry_push(L, list->entries[i]);
		lua_call(L, 1, 1);
		if (lua_toboolean(L, -1))
			chosen->entries[chosen->count++] = list->entries[i];
		lua_pop(L, 1);
	}
	return 1;
}

/* -- taken together --------------------------------------------------------------------- */

static void note_aggregate(struct lua_policy *lua, const char *what, const struct vm_list *list,
			   const char *figure, struct quantity value)
{
	struct aggregate_note *note;
	unsigned i;
	char name[sizeof note->name];
	struct str str;

	str_init(&str);
	str_appendf(&str, "%s %s of %zu %s%sVMs", what, figure, list->count, list->of,
		    list->of[0] != '\0' ? " " : "");
	text_copy(name, sizeof name, str.data != NULL ? str.data : "", str.length);
	str_done(&str);
	for (i = 0; i < lua->aggregate_count; i++)
		if (strcmp(lua->aggregates[i].name, name) == 0)
			return;
	if (lua->aggregate_count == AGGREGATES_MAX)
		return;
	note = &lua->aggregates[lua->aggregate_count++];
	memcpy(note->name, name, sizeof name);
	note->value = value;
}

static bool read_of(lua_State *L, struct lua_policy *lua, struct vm_entry *entry,
		    struct reading reading, struct quantity *ret)
{
	if (entry->thing == NULL) {
		lua_entry_push(L, entry);
		lua_pop(L, 1);
	}
	return lua_thing_read(lua, entry->thing, reading, ret) == FIGURE_PRESENT;
}

/* The figure whose name is the first argument; "rate" or "growth" may be the second. */
static struct reading reading_of(lua_State *L, const char *what)
{
	struct reading reading = lua_thing_name(L, THING_VM, 2, what);
	const char *over = lua_type(L, 3) == LUA_TSTRING ? lua_tostring(L, 3) : NULL;
	bool rate = over != NULL && strcmp(over, "rate") == 0;

	if (lua_isnoneornil(L, 3))
		return reading;
	if (!rate && (over == NULL || strcmp(over, "growth") != 0))
		luaL_error(L, "%s takes \"rate\" or \"growth\" after the figure's name, not %s", what,
			   lua_text_push_described(L, 3));
	if (reading.of != READ_FIGURE ||
	    (rate && vm_info.figures[reading.index].kind != KIND_COUNTER))
		luaL_error(L, "%s: '%s' has no %s", what, lua_tostring(L, 2), over);
	reading.of = rate ? READ_RATE : READ_GROWTH;
	return reading;
}

/* The figure's extreme and whose it is; VMs without it are left out, nil where all are. The
 * lowest identity of equals. */
static int list_extreme(lua_State *L, int sign, const char *what)
{
	struct lua_policy *lua = lua_policy_of(L);
	const struct vm_list *list = check_list(L);
	struct reading reading = reading_of(L, what);
	struct quantity value, best = { 0, QUANTITY_PLAIN };
	struct vm_entry *whose = NULL;
	size_t i;

	for (i = 0; i < list->count; i++) {
		if (!read_of(L, lua, list->entries[i], reading, &value))
			continue;
		if (whose == NULL || (value.number - best.number) * sign > 0) {
			whose = list->entries[i];
			best = value;
		}
	}
	if (whose == NULL) {
		lua_pushnil(L);
		return 1;
	}
	note_aggregate(lua, what, list, lua_tostring(L, 2), best);
	quantity_push(L, best.number, best.unit);
	lua_entry_push(L, whose);
	return 2;
}

static int list_most(lua_State *L)
{
	return list_extreme(L, 1, "most");
}

static int list_least(lua_State *L)
{
	return list_extreme(L, -1, "least");
}

static int list_total(lua_State *L, bool mean, const char *what)
{
	struct lua_policy *lua = lua_policy_of(L);
	const struct vm_list *list = check_list(L);
	struct reading reading = reading_of(L, what);
	struct quantity value, sum = { 0, QUANTITY_PLAIN };
	size_t i, count = 0;

	for (i = 0; i < list->count; i++) {
		if (!read_of(L, lua, list->entries[i], reading, &value))
			continue;
		sum.number += value.number;
		sum.unit = value.unit;
		count++;
	}
	if (count == 0) {
		lua_pushnil(L);
		return 1;
	}
	if (mean)
		sum.number /= (double)count;
	note_aggregate(lua, what, list, lua_tostring(L, 2), sum);
	quantity_push(L, sum.number, sum.unit);
	lua_pushinteger(L, (lua_Integer)count);
	return 2;
}

static int list_sum(lua_State *L)
{
	return list_total(L, false, "sum");
}

static int list_mean(lua_State *L)
{
	return list_total(L, true, "mean");
}

/* -- the metatable ---------------------------------------------------------------------- */

/* Upvalue: the methods. */
static int list_index(lua_State *L)
{
	struct vm_list *list;
	lua_Integer at;

	if (lua_type(L, 2) != LUA_TNUMBER) {
		lua_pushvalue(L, 2);
		if (lua_rawget(L, lua_upvalueindex(1)) == LUA_TNIL)
			return luaL_error(L, "vms.%s: a list of VMs has class, where, most, least, sum, "
					  "mean, and its VMs by number",
					  lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "?");
		return 1;
	}
	list = check_list(L);
	at = lua_tointeger(L, 2);
	if (at < 1 || (size_t)at > list->count)
		lua_pushnil(L);
	else
		lua_entry_push(L, list->entries[at - 1]);
	return 1;
}

static int list_length(lua_State *L)
{
	lua_pushinteger(L, (lua_Integer)check_list(L)->count);
	return 1;
}

static int list_write(lua_State *L)
{
	return luaL_error(L, "a list of VMs is not to be written");
}

static int list_to_text(lua_State *L)
{
	lua_pushfstring(L, "%d VMs", (int)check_list(L)->count);
	return 1;
}

static const luaL_Reg methods[] = {
	{ "class", list_class }, { "where", list_where }, { "most", list_most },
	{ "least", list_least }, { "sum", list_sum }, { "mean", list_mean }, { NULL, NULL },
};

void lua_vms_open(lua_State *L)
{
	lua_createtable(L, 0, 6);
	lua_pushliteral(L, "list of VMs");
	lua_setfield(L, -2, "__name");
	luaL_newlib(L, methods);
	lua_pushcclosure(L, list_index, 1);
	lua_setfield(L, -2, "__index");
	lua_pushcfunction(L, list_length);
	lua_setfield(L, -2, "__len");
	lua_pushcfunction(L, list_write);
	lua_setfield(L, -2, "__newindex");
	lua_pushcfunction(L, list_to_text);
	lua_setfield(L, -2, "__tostring");
	lua_policy_of(L)->list_metatable = luaL_ref(L, LUA_REGISTRYINDEX);
}
