/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What keeps a policy pure: a rule may read the file's locals, globals and tables, and change
 * none. A table gets a cover that passes reading on; a local is put back when it was changed.
 */
#include "decide/lua_sandbox.h"

#include <lauxlib.h>
#include <string.h>

enum { LOCALS_MAX = 100000, DEPTH_MAX = 150 };

/* Where things stand on the stack while freezing. */
enum { AT_SEEN = 1, AT_LOCALS = 2, AT_ENVIRONMENT = 3 };

static void freeze_value(lua_State *L, unsigned depth);

static int refuse_write(lua_State *L)
{
	const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "an entry";

	return luaL_error(L, "changes '%s' of a table of the file: nothing but `state` lives from "
			  "one turn to the next", name);
}

static int cover_length(lua_State *L)
{
	lua_pushinteger(L, luaL_len(L, lua_upvalueindex(1)));
	return 1;
}

/* A cover over the table at the top, beside it. */
static void push_cover(lua_State *L)
{
	lua_newtable(L);
	lua_createtable(L, 0, 4);
	lua_pushvalue(L, -3);
	lua_setfield(L, -2, "__index");
	lua_pushvalue(L, -3);
	lua_setfield(L, -2, "covered");
	lua_pushcfunction(L, refuse_write);
	lua_setfield(L, -2, "__newindex");
	lua_pushvalue(L, -3);
	lua_pushcclosure(L, cover_length, 1);
	lua_setfield(L, -2, "__len");
	lua_setmetatable(L, -2);
}

/* The values of the table at the top. */
static void freeze_content(lua_State *L, unsigned depth)
{
	int table = lua_gettop(L);

	lua_pushnil(L);
	while (lua_next(L, table) != 0) {
		freeze_value(L, depth);
		/* The key is there already: the walk goes on. */
		lua_pushvalue(L, -2);
		lua_insert(L, -2);
		lua_rawset(L, table);
	}
}

/* The cover of the table at the top in its place; each table has one. */
static void freeze_table(lua_State *L, unsigned depth)
{
	lua_pushvalue(L, -1);
	if (lua_rawget(L, AT_SEEN) != LUA_TNIL) {
		lua_replace(L, -2);
		return;
	}
	lua_pop(L, 1);
	if (lua_getmetatable(L, -1) != 0) { /* ours: covered already */
		lua_pop(L, 1);
		return;
	}
	push_cover(L);
	lua_pushvalue(L, -2);
	lua_pushvalue(L, -2);
	lua_rawset(L, AT_SEEN);
	lua_insert(L, -2);
	freeze_content(L, depth + 1);
	lua_pop(L, 1);
}

/* Writes down function, number and value of an upvalue that is at the top; pops the value. */
static void note_local(lua_State *L, int function, int number)
{
	struct lua_sandbox *sandbox = lua_sandbox_of(L);
	lua_Integer at = 3 * (lua_Integer)sandbox->local_count;

	if (sandbox->local_count >= LOCALS_MAX)
		luaL_error(L, "the policy has too many locals");
	lua_rawseti(L, AT_LOCALS, at + 3);
	lua_pushinteger(L, number);
	lua_rawseti(L, AT_LOCALS, at + 2);
	lua_pushvalue(L, function);
	lua_rawseti(L, AT_LOCALS, at + 1);
	sandbox->local_count++;
}

static void freeze_function(lua_State *L, unsigned depth)
{
	int function = lua_gettop(L), number;

	if (lua_iscfunction(L, function))
		return;
	lua_pushvalue(L, function);
	if (lua_rawget(L, AT_SEEN) != LUA_TNIL) {
		lua_pop(L, 1);
		return;
	}
	lua_pop(L, 1);
	lua_pushvalue(L, function);
	lua_pushvalue(L, function);
	lua_rawset(L, AT_SEEN);
	for (number = 1; lua_getupvalue(L, function, number) != NULL; number++) {
		if (!lua_rawequal(L, -1, AT_ENVIRONMENT)) {
			freeze_value(L, depth + 1);
			lua_pushvalue(L, -1);
			lua_setupvalue(L, function, number);
		}
		note_local(L, function, number);
	}
}

/* What may be changed of the value at the top, with the frozen one in its place. */
static void freeze_value(lua_State *L, unsigned depth)
{
	if (depth > DEPTH_MAX)
		luaL_error(L, "the tables of the file are nested too deeply");
	luaL_checkstack(L, 12, "the tables of the file are nested too deeply");
	if (lua_type(L, -1) == LUA_TTABLE)
		freeze_table(L, depth);
	else if (lua_type(L, -1) == LUA_TFUNCTION)
		freeze_function(L, depth);
}

static int freeze(lua_State *L)
{
	struct lua_sandbox *sandbox = lua_sandbox_of(L);

	lua_newtable(L);
	lua_insert(L, AT_SEEN);
	lua_rawgeti(L, LUA_REGISTRYINDEX, sandbox->locals);
	lua_insert(L, AT_LOCALS);
	lua_rawgeti(L, LUA_REGISTRYINDEX, sandbox->environment);
	lua_insert(L, AT_ENVIRONMENT);
	freeze_content(L, 0); /* of a list of functions */
	lua_rawgeti(L, LUA_REGISTRYINDEX, sandbox->globals);
	freeze_content(L, 0);
	sandbox->frozen = true;
	return 0;
}

void lua_sandbox_freeze(lua_State *L)
{
	lua_pushvalue(L, -1);
	lua_pushcfunction(L, freeze);
	lua_insert(L, -2);
	lua_call(L, 1, 0);
}

const char *lua_sandbox_settle(lua_State *L)
{
	struct lua_sandbox *sandbox = lua_sandbox_of(L);
	const char *changed = NULL;
	int locals = lua_gettop(L) + 1;
	size_t i;

	lua_rawgeti(L, LUA_REGISTRYINDEX, sandbox->locals);
	for (i = 0; i < sandbox->local_count; i++) {
		lua_Integer at = 3 * (lua_Integer)i;
		const char *name;
		int number;

		lua_rawgeti(L, locals, at + 1);
		lua_rawgeti(L, locals, at + 2);
		number = (int)lua_tointeger(L, -1);
		lua_rawgeti(L, locals, at + 3);
		name = lua_getupvalue(L, locals + 1, number);
		if (name != NULL && !lua_rawequal(L, -1, -2)) {
			changed = name;
			lua_pushvalue(L, -2);
			lua_setupvalue(L, locals + 1, number);
		}
		lua_settop(L, locals);
	}
	lua_settop(L, locals - 1);
	return changed;
}

void lua_sandbox_uncover(lua_State *L, int at)
{
	at = lua_absindex(L, at);
	if (lua_getmetatable(L, at) == 0)
		return;
	lua_pushliteral(L, "covered");
	if (lua_rawget(L, -2) == LUA_TTABLE) {
		lua_replace(L, at);
		lua_pop(L, 1);
	} else {
		lua_pop(L, 2);
	}
}
