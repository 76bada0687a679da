/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plain values as bytes: what a rule keeps between two turns. The same value gives the same
 * bytes. A value is a letter and what belongs to it:
 *
 *     f t              false, true
 *     i folded         a whole number
 *     d 8 bytes        another number, never NaN
 *     q 8 bytes        a quantity
 *     s size bytes     a text
 *     T count (key value)*   a table: keys i before s, each in order
 */
#include "base/cursor.h"
#include "base/str.h"
#include "base/varint.h"
#include "decide/lua_run.h"
#include "decide/lua_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 8, TABLES_MAX = 2048 };

struct encoder {
	lua_State *L;
	struct str *out;
	size_t limit;
	size_t table_count;
	const void *tables[TABLES_MAX]; /* to find one that is in it twice */
};

static void encode_value(struct encoder *e, int depth);

/* -- out -------------------------------------------------------------------------------- */

/* Errors leave by longjmp: `out` is the caller's to free. */
static void check_room(struct encoder *e)
{
	if (e->out->failed)
		luaL_error(e->L, "no memory for the state");
	if (e->out->length > e->limit)
		luaL_error(e->L, "the state is larger than %d bytes", (int)e->limit);
}

static void append_double(struct str *out, char letter, double number)
{
	str_append_char(out, letter);
	str_append_bytes(out, &number, sizeof number);
}

static void encode_number(struct encoder *e)
{
	if (lua_isinteger(e->L, -1)) {
		str_append_char(e->out, 'i');
		varint_append(e->out, varint_fold(lua_tointeger(e->L, -1)));
		return;
	}
	if (isnan(lua_tonumber(e->L, -1)))
		luaL_error(e->L, "the state holds what is not a number (NaN: 0/0 somewhere)");
	append_double(e->out, 'd', lua_tonumber(e->L, -1));
}

static void encode_text(struct encoder *e)
{
	size_t size;
	const char *text = lua_tolstring(e->L, -1, &size);

	str_append_char(e->out, 's');
	varint_append(e->out, size);
	str_append_bytes(e->out, text, size);
}

static void note_table(struct encoder *e, int depth)
{
	const void *table = lua_topointer(e->L, -1);
	size_t i;

	if (depth > DEPTH_MAX)
		luaL_error(e->L, "the state is deeper than %d tables, or holds itself", DEPTH_MAX);
	for (i = 0; i < e->table_count; i++)
		if (e->tables[i] == table)
			luaL_error(e->L, "the state holds one table in two places: after a restart "
				   "they would be two");
	if (e->table_count == TABLES_MAX)
		luaL_error(e->L, "the state holds more than %d tables", TABLES_MAX);
	e->tables[e->table_count++] = table;
}

/* The keys of the table at `at`, as a list on the stack. */
static lua_Integer push_keys(struct encoder *e, int at)
{
	lua_State *L = e->L;
	lua_Integer count = 0;

	lua_newtable(L);
	lua_pushnil(L);
	while (lua_next(L, at) != 0) {
		if (!lua_isinteger(L, -2) && lua_type(L, -2) != LUA_TSTRING)
			luaL_error(L, "a key of the state is %s: keys are texts and whole numbers",
				   lua_text_push_described(L, -2));
		lua_pop(L, 1);
		lua_pushvalue(L, -1);
		lua_rawseti(L, -3, ++count);
		if (count > (lua_Integer)e->limit)
			luaL_error(L, "the state is larger than %d bytes", (int)e->limit);
	}
	return count;
}

/* Whole numbers before texts. */
static bool key_before(lua_State *L, int list, lua_Integer a, lua_Integer b)
{
	int type_a, type_b;
	bool before;

	type_a = lua_rawgeti(L, list, a);
	type_b = lua_rawgeti(L, list, b);
	before = type_a != type_b ? type_a == LUA_TNUMBER : lua_compare(L, -2, -1, LUA_OPLT) != 0;
	lua_pop(L, 2);
	return before;
}

static void swap(lua_State *L, int list, lua_Integer a, lua_Integer b)
{
	lua_rawgeti(L, list, a);
	lua_rawgeti(L, list, b);
	lua_rawseti(L, list, a);
	lua_rawseti(L, list, b);
}

static void sift(lua_State *L, int list, lua_Integer at, lua_Integer count)
{
	lua_Integer child;

	for (; (child = 2 * at) <= count; at = child) {
		if (child < count && key_before(L, list, child, child + 1))
			child++;
		if (!key_before(L, list, at, child))
			return;
		swap(L, list, at, child);
	}
}

/* Keys are never equal, so that a sort by heap gives the one order. */
static void sort_keys(lua_State *L, int list, lua_Integer count)
{
	lua_Integer at;

	for (at = count / 2; at >= 1; at--)
		sift(L, list, at, count);
	for (at = count; at > 1; at--) {
		swap(L, list, 1, at);
		sift(L, list, 1, at - 1);
	}
}

static void encode_table(struct encoder *e, int depth)
{
	lua_State *L = e->L;
	lua_Integer count, i;
	int table, keys;

	luaL_checkstack(L, 10, "the state is too deep");
	if (lua_getmetatable(L, -1) != 0)
		luaL_error(L, "the state holds a table of the file: copy what it needs");
	note_table(e, depth);
	table = lua_gettop(L);
	count = push_keys(e, table);
	keys = lua_gettop(L);
	sort_keys(L, keys, count);
	str_append_char(e->out, 'T');
	varint_append(e->out, (uint64_t)count);
	for (i = 1; i <= count; i++) {
		lua_rawgeti(L, keys, i);
		encode_value(e, depth + 1);
		lua_rawget(L, table);
		encode_value(e, depth + 1);
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
}

static void encode_value(struct encoder *e, int depth)
{
	lua_State *L = e->L;

	check_room(e);
	switch (lua_type(L, -1)) {
	case LUA_TBOOLEAN:
		str_append_char(e->out, lua_toboolean(L, -1) ? 't' : 'f');
		break;
	case LUA_TNUMBER:
		encode_number(e);
		break;
	case LUA_TLIGHTUSERDATA: {
		uint64_t bits = (uint64_t)(uintptr_t)lua_touserdata(L, -1);

		str_append_char(e->out, 'q');
		str_append_bytes(e->out, &bits, sizeof bits);
		break;
	}
	case LUA_TSTRING:
		encode_text(e);
		break;
	case LUA_TTABLE:
		encode_table(e, depth);
		break;
	default:
		luaL_error(L, "the state holds %s: numbers, quantities, texts, true, false and "
			   "tables of them can be kept", lua_text_push_described(L, -1));
	}
	check_room(e);
}

void lua_state_encode(lua_State *L, int at, size_t limit, struct str *out)
{
	struct encoder e;
	int top = lua_gettop(L);

	lua_pushvalue(L, at);
	/* The usual case: nothing is kept. */
	lua_pushnil(L);
	if (lua_next(L, -2) == 0) {
		lua_pop(L, 1);
		return;
	}
	lua_pop(L, 2);
	e.L = L;
	e.out = out;
	e.limit = limit;
	e.table_count = 0;
	encode_value(&e, 1);
	lua_settop(L, top);
}

/* -- in --------------------------------------------------------------------------------- */

static bool decode_value(lua_State *L, struct cursor *c, int depth);

static bool take_bytes(struct cursor *c, void *ret, size_t size)
{
	if (cursor_left(c) < size)
		return false;
	memcpy(ret, c->at, size);
	c->at += size;
	return true;
}

static bool decode_whole(lua_State *L, struct cursor *c)
{
	uint64_t folded;

	if (!varint_take(c, &folded))
		return false;
	lua_pushinteger(L, varint_unfold(folded));
	return true;
}

static bool decode_number(lua_State *L, struct cursor *c)
{
	double number;

	if (!take_bytes(c, &number, sizeof number) || isnan(number))
		return false;
	lua_pushnumber(L, number);
	return true;
}

static bool decode_quantity(lua_State *L, struct cursor *c)
{
	struct quantity quantity;
	uint64_t bits;

	if (!take_bytes(c, &bits, sizeof bits))
		return false;
	quantity = quantity_of_bits(bits);
	if (quantity.unit >= QUANTITY_UNIT_COUNT || isnan(quantity.number) ||
	    quantity_bits(quantity.number, quantity.unit) != bits)
		return false;
	quantity_push(L, quantity.number, quantity.unit);
	return true;
}

static bool decode_text(lua_State *L, struct cursor *c)
{
	uint64_t size;

	if (!varint_take(c, &size) || size > cursor_left(c))
		return false;
	lua_pushlstring(L, c->at, size);
	c->at += size;
	return true;
}

static bool decode_table(lua_State *L, struct cursor *c, int depth)
{
	uint64_t count;

	if (depth > DEPTH_MAX || !varint_take(c, &count) || count > cursor_left(c) / 2 ||
	    !lua_checkstack(L, 6))
		return false;
	lua_newtable(L);
	for (; count > 0; count--) {
		if (!decode_value(L, c, depth + 1))
			return false;
		if (!lua_isinteger(L, -1) && lua_type(L, -1) != LUA_TSTRING)
			return false;
		if (!decode_value(L, c, depth + 1))
			return false;
		lua_rawset(L, -3);
	}
	return true;
}

static bool decode_value(lua_State *L, struct cursor *c, int depth)
{
	char letter;

	if (!take_bytes(c, &letter, 1))
		return false;
	switch (letter) {
	case 'f':
	case 't':
		lua_pushboolean(L, letter == 't');
		return true;
	case 'i':
		return decode_whole(L, c);
	case 'd':
		return decode_number(L, c);
	case 'q':
		return decode_quantity(L, c);
	case 's':
		return decode_text(L, c);
	case 'T':
		return decode_table(L, c, depth);
	default:
		return false;
	}
}

bool lua_state_decode(lua_State *L, const char *bytes, size_t size)
{
	struct cursor c = cursor_over(bytes, size);
	int top = lua_gettop(L);

	if (size == 0) {
		lua_newtable(L);
		return true;
	}
	if (decode_value(L, &c, 1) && cursor_at_end(&c) && lua_type(L, -1) == LUA_TTABLE)
		return true;
	lua_settop(L, top);
	return false;
}
