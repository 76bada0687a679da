/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/lua_sandbox.h"

#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/str.h"
#include "base/text.h"
#include "decide/lua_library.h"
#include "decide/lua_quantity.h"
#include "decide/lua_text.h"

#include <errno.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS_AT_ONCE = 1000, INIT_STEPS = 1000000 };

/* Lua 5.4.4 calls nothing (nil) where its stack grows while a chain of `..` is in a __concat, as
 * that of quantities. Room that belongs to the outermost frame is never taken back. */
enum { STACK_ROOM = 2000 };

/* What the chunk is called inside: short, so that Lua never cuts it, and replaced by the path. */
#define CHUNK "policy"

/* -- memory and steps ------------------------------------------------------------------- */

static void *allocate(void *context, void *old, size_t old_size, size_t size)
{
	struct lua_sandbox *sandbox = context;
	void *fresh;

	if (old == NULL)
		old_size = 0; /* then it is the kind of the object */
	if (size == 0) {
		free(old);
		sandbox->memory_used -= old_size;
		return NULL;
	}
	if (size > old_size && size - old_size > sandbox->memory_limit - sandbox->memory_used)
		return NULL;
	fresh = realloc(old, size);
	if (fresh != NULL)
		sandbox->memory_used += size - old_size;
	return fresh;
}

struct lua_sandbox *lua_sandbox_of(lua_State *L)
{
	return *(struct lua_sandbox **)lua_getextraspace(L);
}

static void count_steps(lua_State *L, lua_Debug *about)
{
	struct lua_sandbox *sandbox = lua_sandbox_of(L);

	if (sandbox->steps_left > STEPS_AT_ONCE) {
		sandbox->steps_left -= STEPS_AT_ONCE;
		return;
	}
	sandbox->steps_left = 0;
	sandbox->overran = true;
	luaL_error(L, "does not come to an end: so many steps are not for one run");
}

/* -- words ------------------------------------------------------------------------------ */

static const struct {
	const char *name, *why;
} withheld[] = {
	{ "io", "a policy opens nothing" },
	{ "os", "a policy starts nothing; `now` and host.time_of_day are its clocks" },
	{ "debug", "a policy sees itself alone" },
	{ "package", "a policy is one file" },
	{ "require", "a policy is one file" },
	{ "dofile", "a policy is one file" },
	{ "loadfile", "a policy is one file" },
	{ "load", "a policy runs no text" },
	{ "loadstring", "a policy runs no text" },
	{ "print", "warn(text) is seen in the log" },
	{ "pcall", "an error costs this VM's turn alone" },
	{ "xpcall", "an error costs this VM's turn alone" },
	{ "coroutine", "a rule runs from its beginning to its end" },
	{ "setmetatable", "a policy's tables are plain" },
	{ "getmetatable", "a policy's tables are plain" },
	{ "rawget", "a policy's tables are plain" },
	{ "rawset", "a policy's tables are plain" },
	{ "rawequal", "a policy's tables are plain" },
	{ "rawlen", "a policy's tables are plain" },
	{ "next", "is_empty(t) tells whether there is a first" },
	{ "collectgarbage", "memory is taken care of" },
	{ "utf8", "names are compared as they are" },
	{ "_G", "globals have no table" },
};

static const char *why_withheld(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(withheld); i++)
		if (strcmp(withheld[i].name, name) == 0)
			return withheld[i].why;
	return NULL;
}

static bool has_key(lua_State *L, int table, const char *name)
{
	bool there;

	lua_rawgeti(L, LUA_REGISTRYINDEX, table);
	lua_pushstring(L, name);
	there = lua_rawget(L, -2) != LUA_TNIL;
	lua_pop(L, 2);
	return there;
}

bool lua_sandbox_knows(lua_State *L, const char *name)
{
	const struct lua_sandbox *sandbox = lua_sandbox_of(L);

	return has_key(L, sandbox->globals, name) || has_key(L, sandbox->names, name);
}

const char *lua_sandbox_push_unknown(lua_State *L, const char *name)
{
	const struct lua_sandbox *sandbox = lua_sandbox_of(L);
	const char *why = why_withheld(name), *near;
	int top = lua_gettop(L);

	if (why != NULL)
		return lua_pushfstring(L, "'%s' is not offered to policies: %s", name, why);
	lua_rawgeti(L, LUA_REGISTRYINDEX, sandbox->globals);
	lua_rawgeti(L, LUA_REGISTRYINDEX, sandbox->names);
	near = lua_text_nearest(L, name, top + 1, top + 2);
	if (near != NULL)
		return lua_pushfstring(L, "'%s' is not known: did you mean %s?", name, near);
	return lua_pushfstring(L, "'%s' is not known", name);
}

/* __index of the last table of names: there is no such word. */
static int read_unknown(lua_State *L)
{
	const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "?";

	return luaL_error(L, "%s", lua_sandbox_push_unknown(L, name));
}

static int write_global(lua_State *L)
{
	const struct lua_sandbox *sandbox = lua_sandbox_of(L);
	const char *name;

	if (lua_type(L, 2) != LUA_TSTRING)
		return luaL_error(L, "a global has a name");
	name = lua_tostring(L, 2);
	if (sandbox->frozen)
		return luaL_error(L, "writes the global '%s': nothing but `state` lives from one turn "
				  "to the next; say `local %s`, or state.%s", name, name, name);
	lua_rawgeti(L, LUA_REGISTRYINDEX, sandbox->names);
	lua_pushvalue(L, 2);
	if (lua_rawget(L, -2) != LUA_TNIL)
		return luaL_error(L, "'%s' is a word of the language and stays what it is", name);
	lua_rawgeti(L, LUA_REGISTRYINDEX, sandbox->globals);
	lua_pushvalue(L, 2);
	lua_pushvalue(L, 3);
	lua_rawset(L, -3);
	return 0;
}

static void set_metatable(lua_State *L, int at, const char *event, int value_at)
{
	at = lua_absindex(L, at);
	value_at = lua_absindex(L, value_at);
	lua_createtable(L, 0, 1);
	lua_pushvalue(L, value_at);
	lua_setfield(L, -2, event);
	lua_setmetatable(L, at);
}

/* _ENV is empty; what it lacks is in the file's globals, then in the language's words. */
static int open_all(lua_State *L)
{
	struct lua_sandbox *sandbox = lua_sandbox_of(L);

	lua_newtable(L);
	quantity_open(L);
	lua_library_open(L);
	lua_pushcfunction(L, read_unknown);
	set_metatable(L, 1, "__index", -1);
	lua_pop(L, 1);
	lua_newtable(L);
	set_metatable(L, 2, "__index", 1);
	lua_newtable(L);
	lua_createtable(L, 0, 2);
	lua_pushvalue(L, 2);
	lua_setfield(L, -2, "__index");
	lua_pushcfunction(L, write_global);
	lua_setfield(L, -2, "__newindex");
	lua_setmetatable(L, 3);
	sandbox->environment = luaL_ref(L, LUA_REGISTRYINDEX);
	sandbox->globals = luaL_ref(L, LUA_REGISTRYINDEX);
	sandbox->names = luaL_ref(L, LUA_REGISTRYINDEX);
	lua_newtable(L);
	sandbox->locals = luaL_ref(L, LUA_REGISTRYINDEX);
	return 0;
}

void lua_sandbox_push_names(lua_State *L)
{
	lua_rawgeti(L, LUA_REGISTRYINDEX, lua_sandbox_of(L)->names);
}

int lua_sandbox_init(struct lua_sandbox *sandbox, size_t memory_limit, const char *path,
		     struct error *err)
{
	memset(sandbox, 0, sizeof *sandbox);
	sandbox->memory_limit = memory_limit;
	sandbox->path = path;
	sandbox->L = lua_newstate(allocate, sandbox);
	if (sandbox->L == NULL)
		return error_set(err, -ENOMEM, "%s: %zu bytes of memory are not enough to begin with",
				 path, memory_limit);
	*(struct lua_sandbox **)lua_getextraspace(sandbox->L) = sandbox;
	lua_pushcfunction(sandbox->L, open_all);
	return lua_sandbox_call(sandbox, 0, 0, INIT_STEPS, 0, NULL, err);
}

void lua_sandbox_done(struct lua_sandbox *sandbox)
{
	if (sandbox->L != NULL)
		lua_close(sandbox->L);
	sandbox->L = NULL;
}

/* -- errors ----------------------------------------------------------------------------- */

/* "policy:31: sentence" -> the line, and the cursor at the sentence. */
static int take_line(struct cursor *c)
{
	struct cursor at = *c;
	uint64_t line;

	if (!cursor_take_text(&at, CHUNK ":") || !cursor_take_u64(&at, &line) ||
	    !cursor_take_text(&at, ": ") || line > INT32_MAX)
		return 0;
	*c = at;
	return (int)line;
}

/* Lua's own words for what a reader of the language calls otherwise. */
static void append_translated(struct str *str, struct cursor c)
{
	while (!cursor_at_end(&c)) {
		if (cursor_take_text(&c, "light userdata")) {
			str_append(str, "quantity");
		} else if (cursor_take_text(&c, CHUNK ":")) {
			str_append(str, "line ");
		} else {
			str_append_char(str, *c.at);
			c.at++;
		}
	}
}

static const char *mega(size_t bytes, char *text, size_t size)
{
	if (bytes % (1 << 20) == 0)
		snprintf(text, size, "%zu MiB", bytes >> 20);
	else
		snprintf(text, size, "%zu KiB", bytes >> 10);
	return text;
}

static int fail_memory(struct lua_sandbox *sandbox, int line, struct error *err)
{
	char limit[32];
	bool of_rule = sandbox->subject != NULL;

	return error_set(err, -ENOMEM, "%s:%d: %s%s%s uses more than %s of memory", sandbox->path,
			 line, of_rule ? "rule \"" : "the policy", of_rule ? sandbox->subject : "",
			 of_rule ? "\"" : "", mega(sandbox->memory_limit, limit, sizeof limit));
}

static int fail_with_message(struct lua_sandbox *sandbox, int line, int *ret_line,
			     struct error *err)
{
	size_t size;
	const char *message = lua_tolstring(sandbox->L, -1, &size);
	struct cursor c = cursor_over(message != NULL ? message : "", size);
	struct str said, safe;
	int found = take_line(&c), r;

	if (found > 0)
		line = found;
	str_init(&said);
	str_init(&safe);
	if (memmem(c.at, cursor_left(&c), "stack overflow", 14) != NULL)
		str_append(&said, "calls itself too deeply (stack overflow)");
	else
		append_translated(&said, c);
	text_append_printable(&safe, said.data != NULL ? said.data : "", said.length);
	r = error_set(err, sandbox->overran ? -ELOOP : -EINVAL, "%s:%d: %s", sandbox->path, line,
		      safe.data != NULL ? safe.data : "no memory left for the sentence");
	str_done(&said);
	str_done(&safe);
	if (ret_line != NULL)
		*ret_line = line;
	return r;
}

static int fail(struct lua_sandbox *sandbox, int status, int line, int *ret_line,
		struct error *err)
{
	int r;

	if (ret_line != NULL)
		*ret_line = line;
	r = status == LUA_ERRMEM ? fail_memory(sandbox, line, err) :
				   fail_with_message(sandbox, line, ret_line, err);
	lua_pop(sandbox->L, 1);
	return r;
}

/* The line of the innermost function that has lines, for an error that is no text. */
static int line_of_error(lua_State *L)
{
	lua_Debug about;
	int level;

	for (level = 1; lua_getstack(L, level, &about); level++)
		if (lua_getinfo(L, "l", &about) != 0 && about.currentline > 0)
			return about.currentline;
	return 0;
}

static int handle_error(lua_State *L)
{
	if (lua_type(L, 1) == LUA_TSTRING) {
		struct cursor c = cursor_over(lua_tostring(L, 1), lua_rawlen(L, 1));

		if (take_line(&c) > 0)
			return 1;
		lua_pushfstring(L, CHUNK ":%d: %s", line_of_error(L), lua_tostring(L, 1));
		return 1;
	}
	lua_pushfstring(L, CHUNK ":%d: error(%s): an error is a sentence, a text",
			line_of_error(L), lua_typename(L, lua_type(L, 1)));
	return 1;
}

int lua_sandbox_compile(struct lua_sandbox *sandbox, const char *bytes, size_t size,
			struct error *err)
{
	lua_State *L = sandbox->L;
	int status;

	if (size > 0 && bytes[0] == LUA_SIGNATURE[0])
		return error_set(err, -EINVAL, "%s:1: is bytecode: a policy is text", sandbox->path);
	status = luaL_loadbufferx(L, bytes, size, "=" CHUNK, "t");
	if (status != LUA_OK)
		return fail(sandbox, status, 0, NULL, err);
	lua_rawgeti(L, LUA_REGISTRYINDEX, sandbox->environment);
	lua_setupvalue(L, -2, 1);
	return 0;
}

int lua_sandbox_call(struct lua_sandbox *sandbox, int arguments, int results, uint64_t steps,
		     int line, int *ret_line, struct error *err)
{
	lua_State *L = sandbox->L;
	int base = lua_gettop(L) - arguments, status;

	if (!lua_checkstack(L, STACK_ROOM))
		return error_set(err, -ENOMEM, "%s: out of memory", sandbox->path);
	sandbox->steps_left = steps;
	sandbox->overran = false;
	sandbox->absent_name = NULL;
	lua_pushcfunction(L, handle_error);
	lua_insert(L, base);
	lua_sethook(L, count_steps, LUA_MASKCOUNT, STEPS_AT_ONCE);
	status = lua_pcall(L, arguments, results, base);
	lua_sethook(L, NULL, 0, 0);
	lua_remove(L, base);
	return status == LUA_OK ? 0 : fail(sandbox, status, line, ret_line, err);
}
