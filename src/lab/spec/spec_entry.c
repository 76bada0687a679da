/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/spec/spec_entry.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "base/vec.h"
#include "decide/lua_sandbox.h"
#include "decide/lua_text.h"
#include "lab/spec/spec_load.h"

#include <ctype.h>
#include <errno.h>
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

enum {
	MEMORY_BYTES = 16 << 20,
	STEPS = 3000000,
	DEPTH_MOST = 6,
	ENTRIES_MOST = 4000,
	PATH_MOST = 90,
};

/* -- paths ------------------------------------------------------------------------------------ */

/* As texts, but runs of digits by their number: vary.2 before vary.10. */
int spec_path_compare(const char *a, const char *b)
{
	while (*a != '\0' && *b != '\0') {
		if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
			char *end_a, *end_b;
			unsigned long x = strtoul(a, &end_a, 10), y = strtoul(b, &end_b, 10);

			if (x != y)
				return x < y ? -1 : 1;
			a = end_a;
			b = end_b;
		} else if (*a != *b) {
			return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
		} else {
			a++;
			b++;
		}
	}
	return (*a != '\0') - (*b != '\0');
}

bool spec_path_is_below(const char *path, const char *above)
{
	size_t size = strlen(above);

	return strncmp(path, above, size) == 0 && (path[size] == '\0' || path[size] == '.');
}

bool spec_value_equal(const struct spec_value *a, const struct spec_value *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == SPEC_TEXT)
		return strcmp(a->text, b->text) == 0;
	if (a->kind == SPEC_SWITCH)
		return a->on == b->on;
	return a->quantity.number == b->quantity.number && a->quantity.unit == b->quantity.unit;
}

/* -- the list --------------------------------------------------------------------------------- */

void spec_entries_done(struct spec_entries *entries)
{
	free(entries->items);
	*entries = (struct spec_entries){ 0 };
}

static size_t place_of(const struct spec_entries *entries, const char *path, bool *ret_there)
{
	size_t low = 0, high = entries->count;

	*ret_there = false;
	while (low < high && !*ret_there) {
		size_t middle = (low + high) / 2;
		int order = spec_path_compare(entries->items[middle].path, path);

		if (order < 0)
			low = middle + 1;
		else
			high = middle;
		if (order == 0) {
			low = middle;
			*ret_there = true;
		}
	}
	return low;
}

struct spec_entry *spec_entries_find(const struct spec_entries *entries, const char *path)
{
	bool there;
	size_t at = place_of(entries, path, &there);

	return there ? &entries->items[at] : NULL;
}

int spec_entries_set(struct spec_entries *entries, const char *path, const char *place,
		     const struct spec_value *value)
{
	bool there;
	size_t at = place_of(entries, path, &there);

	if (!there) {
		if (!VEC_RESERVE(entries->items, entries->capacity, entries->count + 1))
			return -ENOMEM;
		memmove(&entries->items[at + 1], &entries->items[at],
			(entries->count - at) * sizeof *entries->items);
		entries->count++;
	}
	entries->items[at] = (struct spec_entry){ path, place, *value };
	return 0;
}

void spec_entries_remove(struct spec_entries *entries, const char *path)
{
	size_t i, kept = 0;

	for (i = 0; i < entries->count; i++)
		if (!spec_path_is_below(entries->items[i].path, path))
			entries->items[kept++] = entries->items[i];
	entries->count = kept;
}

int spec_entries_copy(struct spec_entries *to, const struct spec_entries *from)
{
	if (!VEC_RESERVE(to->items, to->capacity, from->count))
		return -ENOMEM;
	if (from->count > 0)
		memcpy(to->items, from->items, from->count * sizeof *from->items);
	to->count = from->count;
	return 0;
}

/* -- from Lua --------------------------------------------------------------------------------- */

struct flatten {
	struct spec_load_state *load;
	struct spec_entries *entries;
	const void *open[DEPTH_MOST]; /* tables on the way down: none is inside itself */
};

static void flatten_table(lua_State *L, struct flatten *flatten, const char *path, unsigned depth);

/* "vms" and the key at `at`: NULL where it is none, with the problem told. */
static const char *push_path(lua_State *L, struct flatten *flatten, const char *path, int at)
{
	const char *name, *dot = *path != '\0' ? "." : "";
	size_t size;

	if (lua_isinteger(L, at)) {
		name = lua_pushfstring(L, "%s%s%I", path, dot, (LUAI_UACINT)lua_tointeger(L, at));
		return name;
	}
	if (lua_type(L, at) != LUA_TSTRING) {
		spec_problem(flatten->load, path, "an entry's name is a text or a place in a list");
		return NULL;
	}
	name = lua_tolstring(L, at, &size);
	if (size == 0 || strlen(name) != size || strlen(path) + size > PATH_MOST) {
		spec_problem(flatten->load, path, "an entry's name has 1 to 30 bytes");
		return NULL;
	}
	return lua_pushfstring(L, "%s%s%s", path, dot, name);
}

static void add_value(lua_State *L, struct flatten *flatten, const char *path,
		      const struct spec_value *value)
{
	const char *kept = spec_keep(flatten->load, path, strlen(path));

	if (flatten->entries->count == ENTRIES_MOST)
		luaL_error(L, "the experiment has more than %d entries", ENTRIES_MOST);
	if (spec_entries_set(flatten->entries, kept, kept, value) < 0)
		flatten->load->out_of_memory = true;
}

static void flatten_value(lua_State *L, struct flatten *flatten, const char *path, unsigned depth)
{
	struct spec_value value = { 0 };
	size_t size;
	const char *text;

	if (lua_type(L, -1) == LUA_TTABLE) {
		flatten_table(L, flatten, path, depth + 1);
		return;
	}
	if (lua_type(L, -1) == LUA_TSTRING) {
		text = lua_tolstring(L, -1, &size);
		if (strlen(text) != size || size > 4000) {
			spec_problem(flatten->load, path, "a text has no NUL, and 4000 bytes at most");
			return;
		}
		value.text = spec_keep(flatten->load, text, size);
	} else if (lua_type(L, -1) == LUA_TBOOLEAN) {
		value.kind = SPEC_SWITCH;
		value.on = lua_toboolean(L, -1);
	} else if (quantity_at(L, -1, &value.quantity)) {
		value.kind = SPEC_NUMBER;
	} else {
		spec_problem(flatten->load, path, "is %s: an experiment has texts, numbers, switches "
			     "and tables of them", lua_text_push_described(L, -1));
		lua_pop(L, 1);
		return;
	}
	add_value(L, flatten, path, &value);
}

/* The table at the top of the stack. */
static void flatten_table(lua_State *L, struct flatten *flatten, const char *path, unsigned depth)
{
	int table = lua_gettop(L);
	unsigned i;

	luaL_checkstack(L, 10, "the experiment's tables are nested too deeply");
	if (depth == DEPTH_MOST)
		luaL_error(L, "the experiment's tables are nested too deeply, at %s", path);
	flatten->open[depth] = lua_topointer(L, table);
	for (i = 0; i < depth; i++)
		if (flatten->open[i] == flatten->open[depth])
			luaL_error(L, "%s is a table inside itself", path);
	lua_pushnil(L);
	while (lua_next(L, table) != 0) {
		const char *below = push_path(L, flatten, path, -2);

		if (below != NULL) {
			lua_insert(L, -2);
			flatten_value(L, flatten, below, depth);
			lua_pop(L, 1);
		}
		lua_pop(L, 1);
	}
}

/* The word: gives the table back, so that `return experiment { ... }` reads well. */
static int say_experiment(lua_State *L)
{
	if (lua_type(L, 1) != LUA_TTABLE)
		return luaL_error(L, "experiment takes a table, as experiment { name = \"...\" }, not %s",
				  lua_text_push_described(L, 1));
	lua_pushvalue(L, 1);
	lua_setfield(L, LUA_REGISTRYINDEX, "experiment");
	lua_settop(L, 1);
	return 1;
}

static int open_words(lua_State *L)
{
	lua_sandbox_push_names(L);
	lua_pushcfunction(L, say_experiment);
	lua_setfield(L, -2, "experiment");
	quantity_push(L, 1e6, QUANTITY_TIME);
	lua_setfield(L, -2, "s");
	return 0;
}

static int flatten_all(lua_State *L)
{
	struct flatten *flatten = lua_touserdata(L, 1);

	if (lua_getfield(L, LUA_REGISTRYINDEX, "experiment") != LUA_TTABLE || !lua_rawequal(L, 2, -1))
		return luaL_error(L, "the file ends with: return experiment { ... }");
	flatten_table(L, flatten, "", 0);
	return 0;
}

/* The sandbox is that of policies, and its sentences are about them. */
static void append_of_experiments(struct str *to, const char *text)
{
	static const char *const words[][2] = { { "policies", "experiments" },
						{ "a policy's", "an experiment's" },
						{ "a policy", "an experiment" },
						{ "the policy", "the experiment" } };
	size_t i;

	while (*text != '\0') {
		for (i = 0; i < ARRAY_SIZE(words); i++)
			if (strncmp(text, words[i][0], strlen(words[i][0])) == 0)
				break;
		if (i < ARRAY_SIZE(words)) {
			str_append(to, words[i][1]);
			text += strlen(words[i][0]);
		} else {
			str_append_char(to, *text++);
		}
	}
}

/* "PATH:LINE: sentence" of the sandbox becomes a problem with a column. */
static void note_failure(struct spec_load_state *load, const struct error *err, int line)
{
	const struct spec *spec = load->spec;
	const char *text = err->text, *near;
	size_t size = strlen(spec->path);
	struct str said;
	int column = 1;

	if (strncmp(text, spec->path, size) == 0 && text[size] == ':') {
		char *end;
		long number = strtol(text + size + 1, &end, 10);

		if (strncmp(end, ": ", 2) == 0) {
			line = (int)number;
			text = end + 2;
		}
	}
	/* What it is about stands in quotes, in Lua's sentences and in ours. */
	near = strchr(text, '\'');
	if (near != NULL && strchr(near + 1, '\'') != NULL)
		column = spec_places_column(spec->bytes, spec->size, line, near + 1,
					    (size_t)(strchr(near + 1, '\'') - near - 1));
	str_init(&said);
	append_of_experiments(&said, text);
	spec_problem_at(load, line > 0 ? line : 1, column, "%s", said.data != NULL ? said.data : text);
	str_done(&said);
}

static int run_file(struct spec_load_state *load, struct lua_sandbox *sandbox,
		    struct flatten *flatten, int *ret_line, struct error *err)
{
	int r;

	lua_pushcfunction(sandbox->L, open_words);
	r = lua_sandbox_call(sandbox, 0, 0, STEPS, 0, NULL, err);
	if (r == 0)
		r = lua_sandbox_compile(sandbox, load->spec->bytes, load->spec->size, err);
	if (r == 0)
		r = lua_sandbox_call(sandbox, 0, 1, STEPS, 1, ret_line, err);
	if (r < 0)
		return r;
	lua_pushcfunction(sandbox->L, flatten_all);
	lua_insert(sandbox->L, -2);
	lua_pushlightuserdata(sandbox->L, flatten);
	lua_insert(sandbox->L, -2);
	return lua_sandbox_call(sandbox, 2, 0, STEPS, load->places.line, ret_line, err);
}

int spec_entries_read(struct spec_load_state *load, struct spec_entries *ret)
{
	struct flatten flatten = { .load = load, .entries = ret };
	struct lua_sandbox sandbox;
	struct error failure = { 0 };
	int line = 1;
	int r = lua_sandbox_init(&sandbox, MEMORY_BYTES, load->spec->path, &failure);

	if (r == 0)
		r = run_file(load, &sandbox, &flatten, &line, &failure);
	lua_sandbox_done(&sandbox);
	if (r < 0)
		note_failure(load, &failure, line);
	return r;
}
