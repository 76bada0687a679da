/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/lua_text.h"

#include "base/str.h"
#include "base/suggest.h"
#include "base/text.h"
#include "decide/lua_sandbox.h"

#include <lauxlib.h>
#include <string.h>
#include <strings.h>

enum { SENTENCE_SIZE = 1024, TOKEN_SIZE = 60 };

const char *lua_text_push(lua_State *L, struct str *str)
{
	char sentence[SENTENCE_SIZE];

	/* Pushing may leave by longjmp, and must not leave the str behind. */
	text_copy(sentence, sizeof sentence, str->data != NULL ? str->data : "", str->length);
	str_done(str);
	return lua_pushstring(L, sentence);
}

void lua_text_append_token(struct str *str, const char *bytes, size_t size)
{
	if (size > TOKEN_SIZE) {
		text_append_printable(str, bytes, TOKEN_SIZE);
		str_append(str, "...");
	} else {
		text_append_printable(str, bytes, size);
	}
}

static const char *kind_of(lua_State *L, int at)
{
	switch (lua_type(L, at)) {
	case LUA_TNONE:
	case LUA_TNIL:
		return "nothing (nil)";
	case LUA_TBOOLEAN:
		return lua_toboolean(L, at) ? "true" : "false";
	case LUA_TTABLE:
		return "a table";
	case LUA_TFUNCTION:
		return "a function";
	case LUA_TNUMBER:
		return "a number";
	case LUA_TLIGHTUSERDATA:
		return "a quantity";
	default:
		return "an object";
	}
}

const char *lua_text_push_described(lua_State *L, int at)
{
	struct str text;
	size_t size;
	const char *bytes;

	if (lua_type(L, at) != LUA_TSTRING)
		return lua_pushstring(L, kind_of(L, at));
	bytes = lua_tolstring(L, at, &size);
	str_init(&text);
	str_append_char(&text, '"');
	lua_text_append_token(&text, bytes, size);
	str_append_char(&text, '"');
	return lua_text_push(L, &text);
}

const char *lua_text_hint_absent(lua_State *L)
{
	const struct lua_sandbox *sandbox = lua_sandbox_of(L);

	if (sandbox->absent_name == NULL)
		return "";
	return lua_pushfstring(L, "; %s.%s was absent (%s): ask for it with `if`, or say what "
			       "then with `or`", sandbox->absent_of, sandbox->absent_name,
			       sandbox->absent_why);
}

/* Nearer, or as near and earlier in the alphabet: tables have no order of their own. */
static bool is_nearer(const struct suggest *a, const struct suggest *b)
{
	if (b->nearest == NULL || a->distance != b->distance)
		return b->nearest == NULL || a->distance < b->distance;
	return strcmp(a->nearest, b->nearest) < 0;
}

const char *lua_text_nearest(lua_State *L, const char *wrong, int first, int second)
{
	struct suggest best, one;
	int tables[] = { first, second }, i;

	suggest_init(&best, wrong);
	for (i = 0; i < 2 && tables[i] != 0; i++) {
		lua_pushnil(L);
		while (lua_next(L, tables[i]) != 0) {
			lua_pop(L, 1);
			if (lua_type(L, -1) != LUA_TSTRING)
				continue;
			/* Only the case is wrong: nothing is nearer. */
			if (strcasecmp(lua_tostring(L, -1), wrong) == 0)
				return lua_tostring(L, -1);
			suggest_init(&one, wrong);
			suggest_offer(&one, lua_tostring(L, -1));
			if (one.nearest != NULL && is_nearer(&one, &best))
				best = one;
		}
	}
	return best.nearest;
}
