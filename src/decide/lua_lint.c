/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looks through the text of a policy for names that its rules would stumble over in a turn:
 * figures after `vm.` and `host.`, methods after `vm:` and `host:`, settings in the calls that
 * take one, and globals that are called or looked into and that nobody has (`os.time()`). Comments
 * and texts are skipped as Lua does. Where a word may be a local one it is not judged: it is, once
 * it stands anywhere without being called or looked into.
 */
#include "base/cursor.h"
#include "base/suggest.h"
#include "decide/lua_load.h"
#include "decide/lua_run.h"
#include "decide/lua_text.h"

#include <ctype.h>
#include <string.h>

struct lint {
	struct lua_policy *lua;
	struct cursor c;
	int line;
	bool judges;          /* the second time through; the first one notes what may be declared */
	bool behind_function; /* the last word was `function` */
	bool concatenates;    /* the last two characters were ".." */
};

static char look(const struct lint *lint, size_t ahead)
{
	return cursor_left(&lint->c) > ahead ? lint->c.at[ahead] : '\0';
}

static void step(struct lint *lint)
{
	lint->line += *lint->c.at == '\n';
	lint->c.at++;
}

static void skip_blanks(struct lint *lint)
{
	while (!cursor_at_end(&lint->c) && isspace((unsigned char)*lint->c.at))
		step(lint);
}

/* "[[", "[==[": how many signs of equality; -1 where there is no long bracket. */
static int level_of_bracket(const struct lint *lint)
{
	size_t level = 0;

	if (look(lint, 0) != '[')
		return -1;
	while (look(lint, 1 + level) == '=')
		level++;
	return look(lint, 1 + level) == '[' ? (int)level : -1;
}

static bool closes(const struct lint *lint, int level)
{
	int i;

	for (i = 0; i < level; i++)
		if (look(lint, 1 + (size_t)i) != '=')
			return false;
	return look(lint, 0) == ']' && look(lint, 1 + (size_t)level) == ']';
}

static void skip_long(struct lint *lint, int level)
{
	while (!cursor_at_end(&lint->c) && !closes(lint, level))
		step(lint);
	while (level-- > -2 && !cursor_at_end(&lint->c))
		step(lint);
}

static void skip_comment(struct lint *lint)
{
	int level;

	lint->c.at += 2;
	level = level_of_bracket(lint);
	if (level >= 0) {
		skip_long(lint, level);
		return;
	}
	while (!cursor_at_end(&lint->c) && *lint->c.at != '\n')
		step(lint);
}

static void skip_text(struct lint *lint)
{
	char quote = *lint->c.at;

	step(lint);
	while (!cursor_at_end(&lint->c) && *lint->c.at != quote && *lint->c.at != '\n') {
		if (*lint->c.at == '\\' && cursor_left(&lint->c) > 1)
			step(lint);
		step(lint);
	}
	if (!cursor_at_end(&lint->c))
		step(lint);
}

static bool begins_word(char c)
{
	return isalpha((unsigned char)c) || c == '_';
}

/* False, and the cursor past it, for one that is too long to be of interest. */
static bool take_word(struct lint *lint, char *ret, size_t size)
{
	const char *begin = lint->c.at;
	size_t length;

	while (begins_word(look(lint, 0)) || isdigit((unsigned char)look(lint, 0)))
		lint->c.at++;
	length = (size_t)(lint->c.at - begin);
	if (length == 0 || length >= size)
		return false;
	memcpy(ret, begin, length);
	ret[length] = '\0';
	return true;
}

static void check_setting(struct lint *lint, const char *object, const char *method)
{
	struct suggest suggest;
	const char *begin, *end;
	char name[64];
	size_t size;
	int i;

	skip_blanks(lint);
	if (look(lint, 0) == '(') {
		step(lint);
		skip_blanks(lint);
	}
	if (look(lint, 0) != '"' && look(lint, 0) != '\'')
		return;
	begin = lint->c.at + 1;
	end = memchr(begin, lint->c.at[0], cursor_left(&lint->c) - 1);
	size = end != NULL ? (size_t)(end - begin) : sizeof name;
	if (size >= sizeof name)
		return;
	memcpy(name, begin, size);
	name[size] = '\0';
	if (strchr(name, '\\') != NULL || strlen(name) != size || setting_find(name) >= 0)
		return;
	suggest_init(&suggest, name);
	for (i = 0; i < SETTING_COUNT; i++)
		suggest_offer(&suggest, setting_info[i].name);
	load_note(lint->lua, lint->line, "%s:%s(\"%s\"): there is no such setting%s%s%s",
		     object, method, name, suggest.nearest != NULL ? ": did you mean " : "",
		     suggest.nearest != NULL ? suggest.nearest : "",
		     suggest.nearest != NULL ? "?" : "");
}

static bool takes_setting(const char *method)
{
	static const char *const methods[] = { "set", "release", "asked", "setting", "outcome" };
	size_t i;

	for (i = 0; i < sizeof methods / sizeof methods[0]; i++)
		if (strcmp(methods[i], method) == 0)
			return true;
	return false;
}

static void check_name(struct lint *lint, enum thing_kind kind, const char *object,
		       char separator)
{
	lua_State *L = lint->lua->sandbox.L;
	int line = lint->line;
	const char *near;
	char name[64];

	if (!take_word(lint, name, sizeof name))
		return;
	lua_settop(L, 1);
	lua_rawgeti(L, LUA_REGISTRYINDEX, lint->lua->metatables[kind]);
	lua_getfield(L, -1, "names");
	if (lua_getfield(L, -1, name) == LUA_TNIL) {
		lua_pop(L, 1);
		near = lua_text_nearest(L, name, lua_gettop(L), 0);
		load_note(lint->lua, line, "%s%c%s: there is no such %s%s%s%s", object,
			     separator, name, separator == ':' ? "method" : "figure",
			     near != NULL ? ": did you mean " : "", near != NULL ? near : "",
			     near != NULL ? "?" : "");
	} else if (separator == ':' && takes_setting(name)) {
		check_setting(lint, object, name);
	}
	lua_settop(L, 1);
}

static bool is_keyword(const char *word)
{
	static const char *const keywords[] = {
		"and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if",
		"in", "local", "nil", "not", "or", "repeat", "return", "then", "true", "until", "while",
	};
	size_t i;

	for (i = 0; i < sizeof keywords / sizeof keywords[0]; i++)
		if (strcmp(keywords[i], word) == 0)
			return true;
	return false;
}

/* What stands behind a word decides: `word.`, `word:`, `word(`, `word[`, `word{`, `word "text"`. */
static bool is_used(const struct lint *lint)
{
	size_t ahead = 0;

	while (look(lint, ahead) == ' ' || look(lint, ahead) == '\t')
		ahead++;
	return look(lint, ahead) != '\0' && strchr(".:([{\"'", look(lint, ahead)) != NULL;
}

/* At index 1 of the stack: the words that may have been declared. */
static void note_word(struct lint *lint, const char *word)
{
	lua_State *L = lint->lua->sandbox.L;

	if (is_used(lint) && !lint->behind_function)
		return;
	lua_pushboolean(L, 1);
	lua_setfield(L, 1, word);
}

static void judge_word(struct lint *lint, const char *word)
{
	lua_State *L = lint->lua->sandbox.L;
	bool declared;

	if (!is_used(lint) || lua_sandbox_knows(L, word))
		return;
	declared = lua_getfield(L, 1, word) != LUA_TNIL;
	if (!declared)
		load_note(lint->lua, lint->line, "%s", lua_sandbox_push_unknown(L, word));
	lua_settop(L, 1);
}

static void check_object(struct lint *lint, const char *word)
{
	bool is_vm = strcmp(word, "vm") == 0;
	char separator = look(lint, 0);

	if (!is_vm && strcmp(word, "host") != 0)
		return;
	if ((separator != '.' && separator != ':') || !begins_word(look(lint, 1)))
		return;
	step(lint);
	check_name(lint, is_vm ? THING_VM : THING_HOST, word, separator);
}

/* A word that stands by itself: `host`, not `x.host`. */
static void check_word(struct lint *lint, bool by_itself)
{
	char word[64];

	if (!take_word(lint, word, sizeof word) || !by_itself)
		return;
	if (is_keyword(word)) {
		lint->behind_function = strcmp(word, "function") == 0;
		return;
	}
	if (lint->judges) {
		judge_word(lint, word);
		check_object(lint, word);
	} else {
		note_word(lint, word);
	}
	lint->behind_function = false;
}

static void go_through(struct lint *lint)
{
	char before = '\n';

	while (!cursor_at_end(&lint->c)) {
		char c = look(lint, 0);
		bool by_itself = before != ':' && !isdigit((unsigned char)before) && before != '.';

		if (c == '-' && look(lint, 1) == '-')
			skip_comment(lint);
		else if (c == '"' || c == '\'')
			skip_text(lint);
		else if (level_of_bracket(lint) >= 0)
			skip_long(lint, level_of_bracket(lint));
		else if (begins_word(c))
			check_word(lint, by_itself || lint->concatenates);
		else
			step(lint);
		lint->concatenates = before == '.' && c == '.';
		before = c;
	}
}

void load_lint(struct lua_policy *lua)
{
	struct lint lint = { .lua = lua, .judges = false };

	lua_settop(lua->sandbox.L, 0);
	lua_newtable(lua->sandbox.L);
	do {
		lint.c = cursor_over(lua->load->bytes, lua->load->size);
		lint.line = 1;
		go_through(&lint);
		lint.judges = !lint.judges;
	} while (lint.judges);
	lua_settop(lua->sandbox.L, 0);
}
