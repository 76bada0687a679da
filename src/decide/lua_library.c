/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/lua_library.h"

#include "base/cleanup.h"
#include "decide/lua_sandbox.h"
#include "decide/lua_text.h"

#include <lauxlib.h>
#include <lualib.h>
#include <string.h>

enum { REPEAT_BYTES_MAX = 1 << 20 };

static const char *const plain_functions[] = {
	"assert", "error", "ipairs", "select", "tonumber", NULL,
};
static const char *const string_functions[] = {
	"byte", "char", "find", "gmatch", "gsub", "len", "lower", "match", "reverse", "sub",
	"upper", NULL,
};
static const char *const table_functions[] = {
	"concat", "insert", "pack", "remove", "unpack", NULL,
};
static const char *const math_functions[] = {
	"ceil", "exp", "floor", "fmod", "huge", "log", "maxinteger", "mininteger", "modf", "pi",
	"sqrt", "tointeger", "type", NULL,
};

/* -- pairs ------------------------------------------------------------------------------ */

/* Numbers before texts. */
static bool key_less(lua_State *L, int a, int b)
{
	int type_a = lua_type(L, a), type_b = lua_type(L, b);

	if (type_a != type_b)
		return type_a == LUA_TNUMBER;
	return lua_compare(L, a, b, LUA_OPLT) != 0;
}

enum { BY_KEY = 0, BY_VALUE = -1 }; /* else where a function of two stands */

static bool is_less(lua_State *L, int less, int a, int b)
{
	bool result;

	if (less == BY_KEY)
		return key_less(L, a, b);
	if (less == BY_VALUE)
		return lua_compare(L, a, b, LUA_OPLT) != 0;
	lua_pushvalue(L, less);
	lua_pushvalue(L, a);
	lua_pushvalue(L, b);
	lua_call(L, 2, 1);
	result = lua_toboolean(L, -1) != 0;
	lua_pop(L, 1);
	return result;
}

/* The sorted runs [from, middle) and [middle, to) of the list at `list` into the one at `merged`. */
static void merge(lua_State *L, int list, int merged, int less, lua_Integer from,
		  lua_Integer middle, lua_Integer to)
{
	lua_Integer left = from, right = middle, at;

	for (at = from; at < to; at++) {
		bool take_right = left >= middle;

		if (!take_right && right < to) {
			lua_rawgeti(L, list, right);
			lua_rawgeti(L, list, left);
			take_right = is_less(L, less, lua_gettop(L) - 1, lua_gettop(L));
			lua_pop(L, 2);
		}
		lua_rawgeti(L, list, take_right ? right++ : left++);
		lua_rawseti(L, merged, at);
	}
}

/* Stable, and the same each time: Lua's own draws its pivots from the clock. The list is plain,
 * at the top; leaves a sorted one in its place. */
static void sort_list(lua_State *L, int less, lua_Integer count)
{
	int list = lua_gettop(L);
	lua_Integer width, from;

	luaL_checkstack(L, 8, "no room to sort");
	lua_createtable(L, (int)(count < 100000 ? count : 100000), 0);
	for (width = 1; width < count; width *= 2) {
		for (from = 1; from <= count; from += 2 * width) {
			lua_Integer middle = from + width, to = from + 2 * width;

			merge(L, list, list + 1, less, from,
			      middle > count + 1 ? count + 1 : middle,
			      to > count + 1 ? count + 1 : to);
		}
		lua_insert(L, list);
	}
	lua_pop(L, 1);
}

/* Pushes the keys of the table at `at` in order. */
static lua_Integer push_sorted_keys(lua_State *L, int at)
{
	lua_Integer count = 0;

	lua_newtable(L);
	lua_pushnil(L);
	while (lua_next(L, at) != 0) {
		int type = lua_type(L, -2);

		if (type != LUA_TNUMBER && type != LUA_TSTRING)
			luaL_error(L, "pairs: a key that is no number and no text has no order");
		lua_pop(L, 1);
		lua_pushvalue(L, -1);
		lua_rawseti(L, -3, ++count);
	}
	sort_list(L, BY_KEY, count);
	return count;
}

/* Upvalues: the sorted keys, how many were told. */
static int next_pair(lua_State *L)
{
	for (;;) {
		lua_Integer at = lua_tointeger(L, lua_upvalueindex(2)) + 1;

		lua_pushinteger(L, at);
		lua_replace(L, lua_upvalueindex(2));
		if (lua_rawgeti(L, lua_upvalueindex(1), at) == LUA_TNIL)
			return 1;
		lua_pushvalue(L, -1);
		if (lua_gettable(L, 1) != LUA_TNIL)
			return 2;
		lua_pop(L, 2);
	}
}

static int library_pairs(lua_State *L)
{
	if (lua_type(L, 1) == LUA_TUSERDATA)
		return luaL_error(L, "pairs: a list of VMs is gone through with ipairs");
	if (lua_type(L, 1) != LUA_TTABLE)
		return luaL_error(L, "pairs: %s is no table%s", lua_text_push_described(L, 1),
				  lua_text_hint_absent(L));
	lua_settop(L, 1);
	lua_pushvalue(L, 1);
	lua_sandbox_uncover(L, 2);
	push_sorted_keys(L, 2);
	lua_pushinteger(L, 0);
	lua_pushcclosure(L, next_pair, 2);
	lua_pushvalue(L, 1);
	return 2;
}

static int library_is_empty(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 1);
	lua_sandbox_uncover(L, 1);
	lua_pushnil(L);
	lua_pushboolean(L, lua_next(L, 1) == 0);
	return 1;
}

/* -- table ------------------------------------------------------------------------------ */

static int library_sort(lua_State *L)
{
	lua_Integer count, i;
	bool has_less = !lua_isnoneornil(L, 2);

	luaL_checktype(L, 1, LUA_TTABLE);
	if (has_less)
		luaL_checktype(L, 2, LUA_TFUNCTION);
	lua_settop(L, 2);
	count = luaL_len(L, 1);
	lua_newtable(L);
	for (i = 1; i <= count; i++) {
		lua_geti(L, 1, i);
		lua_rawseti(L, 3, i);
	}
	sort_list(L, has_less ? 2 : BY_VALUE, count);
	for (i = 1; i <= count; i++) {
		lua_rawgeti(L, 3, i);
		lua_seti(L, 1, i);
	}
	return 0;
}

/* -- text ------------------------------------------------------------------------------- */

static int library_type(lua_State *L)
{
	luaL_checkany(L, 1);
	if (lua_type(L, 1) == LUA_TLIGHTUSERDATA)
		lua_pushliteral(L, "quantity");
	else if (lua_type(L, 1) != LUA_TUSERDATA || luaL_getmetafield(L, 1, "__name") == LUA_TNIL)
		lua_pushstring(L, luaL_typename(L, 1));
	return 1;
}

static int library_tostring(lua_State *L)
{
	luaL_checkany(L, 1);
	if (lua_type(L, 1) == LUA_TTABLE || lua_type(L, 1) == LUA_TFUNCTION)
		lua_pushstring(L, luaL_typename(L, 1));
	else
		luaL_tolstring(L, 1, NULL);
	return 1;
}

/* The first upvalue is Lua's own. */
static int library_format(lua_State *L)
{
	const char *format = luaL_checkstring(L, 1);
	int at, count = lua_gettop(L);

	for (; *format != '\0'; format++) {
		if (*format != '%' || *++format == '%')
			continue;
		format += strspn(format, "-+ #0123456789.");
		if (*format == 'p')
			return luaL_error(L, "format: %%p shows an address, which is another each time");
		if (*format == '\0')
			break;
	}
	for (at = 2; at <= count; at++) {
		if (lua_type(L, at) == LUA_TTABLE || lua_type(L, at) == LUA_TFUNCTION)
			return luaL_error(L, "format: %s has no text", lua_text_push_described(L, at));
	}
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_call(L, count, 1);
	return 1;
}

static int library_rep(lua_State *L)
{
	size_t size, gap;
	lua_Integer times;

	luaL_checklstring(L, 1, &size);
	times = luaL_checkinteger(L, 2);
	luaL_optlstring(L, 3, "", &gap);
	if (times > 0 && size + gap > 0 && times > REPEAT_BYTES_MAX / (lua_Integer)(size + gap))
		return luaL_error(L, "rep: a text of more than 1 MiB is no text of a policy");
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_call(L, lua_gettop(L) - 1, 1);
	return 1;
}

/* -- all of it -------------------------------------------------------------------------- */

/* Copies what is named from the table at the top into the one below it, and pops it. */
static void copy_named(lua_State *L, const char *const *names)
{
	for (; *names != NULL; names++) {
		lua_getfield(L, -1, *names);
		lua_setfield(L, -3, *names);
	}
	lua_pop(L, 1);
}

static int refuse_write(lua_State *L)
{
	return luaL_error(L, "this table is not a policy's to change");
}

/* The table at the top gets an empty one before it that passes reading on and refuses writing. */
static void cover(lua_State *L)
{
	lua_newtable(L);
	lua_createtable(L, 0, 2);
	lua_pushvalue(L, -3);
	lua_setfield(L, -2, "__index");
	lua_pushcfunction(L, refuse_write);
	lua_setfield(L, -2, "__newindex");
	lua_setmetatable(L, -2);
	lua_replace(L, -2);
}

static void wrap(lua_State *L, const char *name, lua_CFunction function)
{
	lua_getfield(L, -1, name);
	lua_pushcclosure(L, function, 1);
	lua_setfield(L, -3, name);
}

static void open_string(lua_State *L)
{
	lua_newtable(L);
	lua_pushcfunction(L, luaopen_string);
	lua_call(L, 0, 1);
	wrap(L, "format", library_format);
	wrap(L, "rep", library_rep);
	copy_named(L, string_functions);
	lua_pushliteral(L, "");
	lua_createtable(L, 0, 1);
	lua_pushvalue(L, -3);
	lua_setfield(L, -2, "__index");
	lua_setmetatable(L, -2);
	lua_pop(L, 1);
	cover(L);
	lua_setfield(L, -2, "string");
}

static void open_math(lua_State *L)
{
	static const char *const aware[] = { "abs", "max", "min", NULL };

	lua_newtable(L);
	lua_pushcfunction(L, luaopen_math);
	lua_call(L, 0, 1);
	copy_named(L, math_functions);
	/* These know units, and are the language's words as well. */
	lua_pushvalue(L, -2);
	copy_named(L, aware);
	cover(L);
	lua_setfield(L, -2, "math");
}

static void open_table(lua_State *L)
{
	lua_newtable(L);
	lua_pushcfunction(L, luaopen_table);
	lua_call(L, 0, 1);
	copy_named(L, table_functions);
	lua_pushcfunction(L, library_sort);
	lua_setfield(L, -2, "sort");
	cover(L);
	lua_setfield(L, -2, "table");
}

static const luaL_Reg own_functions[] = {
	{ "pairs", library_pairs }, { "is_empty", library_is_empty }, { "type", library_type },
	{ "tostring", library_tostring }, { NULL, NULL },
};

void lua_library_open(lua_State *L)
{
	/* luaopen_base writes into the table of globals, which is then thrown away. */
	lua_pushcfunction(L, luaopen_base);
	lua_call(L, 0, 1);
	copy_named(L, plain_functions);
	lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
	lua_pushnil(L);
	while (lua_next(L, -2) != 0) {
		lua_pop(L, 1);
		lua_pushvalue(L, -1);
		lua_pushnil(L);
		lua_settable(L, -4);
	}
	lua_pop(L, 1);
	luaL_setfuncs(L, own_functions, 0);
	open_string(L);
	open_table(L);
	open_math(L);
}
