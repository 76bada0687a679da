/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/lua_load.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "base/suggest.h"
#include "base/text.h"
#include "base/vec.h"
#include "decide/lua_run.h"
#include "decide/lua_text.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- problems --------------------------------------------------------------------------- */

void load_problem(struct lua_policy *lua, int line, bool is_error, const char *format, ...)
{
	struct lua_load *load = lua->load;
	struct load_problem *problem;
	va_list arguments;

	if (load->problem_count == LOAD_PROBLEMS_MAX)
		return;
	problem = &load->problems[load->problem_count++];
	problem->line = line;
	problem->is_error = is_error;
	va_start(arguments, format);
	vsnprintf(problem->text, sizeof problem->text, format, arguments);
	va_end(arguments);
}

void load_note(struct lua_policy *lua, int line, const char *format, ...)
{
	char text[sizeof lua->load->problems[0].text];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	load_problem(lua, line, false, "%s", text);
	policy_add_note(&lua->description, line, text);
}

static int compare_problems(const void *a, const void *b)
{
	const struct load_problem *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	if (x->is_error != y->is_error)
		return x->is_error ? -1 : 1;
	return strcmp(x->text, y->text);
}

/* The first error as the sentence, the others behind it as far as they fit whole. */
static int fail_with_errors(const struct lua_policy *lua, const struct load_problem *first,
			    struct error *err)
{
	const struct lua_load *load = lua->load;
	int r = error_set(err, -EINVAL, "%s:%d: %s", lua->sandbox.path, first->line, first->text);
	const struct load_problem *problem;

	for (problem = first + 1; problem < load->problems + load->problem_count; problem++) {
		size_t used = err != NULL ? strlen(err->text) : 0;
		char more[sizeof problem->text + 32];

		snprintf(more, sizeof more, "; also line %d: %s", problem->line, problem->text);
		if (problem->is_error && err != NULL && used + strlen(more) < sizeof err->text)
			memcpy(err->text + used, more, strlen(more) + 1);
	}
	return r;
}

int load_report(struct lua_policy *lua, struct str *out, struct error *err)
{
	struct lua_load *load = lua->load;
	const struct load_problem *first = NULL;
	size_t i;

	qsort(load->problems, load->problem_count, sizeof load->problems[0], compare_problems);
	for (i = 0; i < load->problem_count; i++) {
		const struct load_problem *problem = &load->problems[i];

		if (problem->is_error && first == NULL)
			first = problem;
		if (out == NULL)
			continue;
		str_appendf(out, "%s:%d: %s: ", lua->sandbox.path, problem->line,
			    problem->is_error ? "error" : "warning");
		text_append_printable(out, problem->text, strlen(problem->text));
		str_append_char(out, '\n');
	}
	if (first == NULL)
		return 0;
	return fail_with_errors(lua, first, err);
}

static bool is_word_byte(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '.';
}

static bool line_has_word(const char *line, const char *end, const char *word)
{
	size_t size = strlen(word);
	const char *at = line;

	while ((at = memmem(at, (size_t)(end - at), word, size)) != NULL) {
		bool begins = at == line || !is_word_byte(at[-1]);

		if (begins && (at + size == end || !is_word_byte(at[size])))
			return true;
		at++;
	}
	return false;
}

int load_line_of(const struct lua_load *load, int line, const char *word)
{
	const char *at = load->bytes, *end = load->bytes + load->size;
	int number;

	for (number = 1; at < end; number++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *line_end = newline != NULL ? newline : end;

		if (number >= line && line_has_word(at, line_end, word))
			return number;
		at = line_end + 1;
	}
	return line;
}

/* -- what all declarations do ----------------------------------------------------------- */

static int line_of_caller(lua_State *L)
{
	lua_Debug about;

	if (lua_getstack(L, 1, &about) == 0 || lua_getinfo(L, "l", &about) == 0)
		return 0;
	return about.currentline > 0 ? about.currentline : 0;
}

static struct lua_policy *loading(lua_State *L, const char *word)
{
	struct lua_policy *lua = lua_policy_of(L);

	if (lua->load == NULL)
		luaL_error(L, "%s is said when the file is loaded, not in a rule", word);
	return lua;
}

/* A name of 1 to 63 printable bytes at `at`; NULL, with the problem told. */
static const char *take_name(lua_State *L, struct lua_policy *lua, int at, int line,
			     const char *what)
{
	size_t size, i;
	const char *name;

	if (lua_type(L, at) != LUA_TSTRING) {
		load_problem(lua, line, true, "%s takes a name, as %s \"name\", not %s", what, what,
			     lua_text_push_described(L, at));
		return NULL;
	}
	name = lua_tolstring(L, at, &size);
	for (i = 0; i < size && (unsigned char)name[i] >= ' ' && name[i] != 0x7f; i++)
		;
	if (size == 0 || size > 63 || i < size) {
		load_problem(lua, line, true, "%s %s: a name has 1 to 63 bytes and no control "
			     "characters", what, lua_text_push_described(L, at));
		return NULL;
	}
	return name;
}

/* The second half of `class "gold" { ... }`: upvalues are the name (or nil) and the line. */
static int push_second_half(lua_State *L, lua_CFunction function, const char *name, int line)
{
	if (name != NULL)
		lua_pushstring(L, name);
	else
		lua_pushnil(L);
	lua_pushinteger(L, line);
	lua_pushcclosure(L, function, 2);
	return 1;
}

/* The table of a second half; false where it is none. */
static bool take_table(lua_State *L, struct lua_policy *lua, const char *word)
{
	int line = (int)lua_tointeger(L, lua_upvalueindex(2));

	if (lua_type(L, 1) == LUA_TTABLE)
		return true;
	load_problem(lua, line, true, "%s \"name\" takes a table, as %s \"name\" { ... }, not %s",
		     word, word, lua_text_push_described(L, 1));
	return false;
}

static const char *nearest(const char *wrong, const char *const *words)
{
	struct suggest suggest;

	suggest_init(&suggest, wrong);
	for (; *words != NULL; words++)
		suggest_offer(&suggest, *words);
	return suggest.nearest;
}

static bool is_one_of(const char *name, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcmp(*words, name) == 0)
			return true;
	return false;
}

/* Keys of the table at 1 that are none of these words. */
static void check_keys(lua_State *L, struct lua_policy *lua, int line, const char *what,
		       const char *const *words)
{
	lua_pushnil(L);
	while (lua_next(L, 1) != 0) {
		const char *name, *near;

		lua_pop(L, 1);
		if (lua_type(L, -1) != LUA_TSTRING) {
			load_problem(lua, line, true, "%s: every entry has a name", what);
			continue;
		}
		name = lua_tostring(L, -1);
		if (is_one_of(name, words))
			continue;
		near = nearest(name, words);
		load_problem(lua, load_line_of(lua->load, line, name), true,
			     "%s: '%.60s' is not known%s%s%s", what, name,
			     near != NULL ? ": did you mean " : "", near != NULL ? near : "",
			     near != NULL ? "?" : "");
	}
}

/* -- the policy as a whole -------------------------------------------------------------- */

static int load_policy(lua_State *L)
{
	struct lua_policy *lua = loading(L, "policy");
	const char *name = take_name(L, lua, 1, line_of_caller(L), "policy");

	if (name != NULL)
		text_copy(lua->description.name, sizeof lua->description.name, name, strlen(name));
	return 0;
}

/* A time between two bounds; false with the problem told. */
static bool take_time(lua_State *L, struct lua_policy *lua, int at, const char *what,
		      double least, double most, uint64_t *ret)
{
	struct quantity time;
	int line = line_of_caller(L);

	if (!quantity_at(L, at, &time) || time.unit != QUANTITY_TIME) {
		load_problem(lua, line, true, "%s takes a time, as 1 * second, not %s", what,
			     lua_type(L, at) == LUA_TNUMBER ? "a plain number" :
			     lua_type(L, at) == LUA_TLIGHTUSERDATA ? "another unit" :
			     lua_text_push_described(L, at));
		return false;
	}
	if (time.number < least || time.number > most) {
		load_problem(lua, line, true, "%s is between %g s and %g s, not %g s", what,
			     least / 1e6, most / 1e6, time.number / 1e6);
		return false;
	}
	*ret = (uint64_t)(time.number + 0.5);
	return true;
}

static int load_interval(lua_State *L)
{
	struct lua_policy *lua = loading(L, "interval");

	take_time(L, lua, 1, "interval", 100e3, 3600e6, &lua->description.interval_usec);
	return 0;
}

static int load_vm_interval(lua_State *L)
{
	struct lua_policy *lua = loading(L, "vm_interval");

	take_time(L, lua, 1, "vm_interval", 1e3, 3600e6, &lua->description.vm_interval_usec);
	return 0;
}

static int load_needs(lua_State *L)
{
	static const char *const words[] = { "maps", "owner", "pressure", NULL };
	static const unsigned bits[] = { POLICY_NEED_MAPS, POLICY_NEED_OWNER, POLICY_NEED_PRESSURE };
	struct lua_policy *lua = loading(L, "needs");
	int line = line_of_caller(L), i, word;

	if (lua_type(L, 1) != LUA_TTABLE) {
		load_problem(lua, line, true, "needs takes a list, as needs { \"pressure\" }, not %s",
			     lua_text_push_described(L, 1));
		return 0;
	}
	for (i = 1; lua_rawgeti(L, 1, i) != LUA_TNIL; i++) {
		const char *name = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "?";

		for (word = 0; words[word] != NULL && strcmp(words[word], name) != 0; word++)
			;
		if (words[word] != NULL)
			lua->description.needs |= bits[word];
		else
			load_problem(lua, load_line_of(lua->load, line, name), true,
				     "needs \"%.60s\": there are maps, owner and pressure", name);
		lua_pop(L, 1);
	}
	return 0;
}

static int load_drift(lua_State *L)
{
	struct lua_policy *lua = loading(L, "drift");
	const char *what = lua_type(L, 1) == LUA_TSTRING ? lua_tostring(L, 1) : "";

	if (strcmp(what, "reassert") == 0)
		lua->description.drift = POLICY_DRIFT_REASSERT;
	else if (strcmp(what, "leave") == 0)
		lua->description.drift = POLICY_DRIFT_LEAVE;
	else
		load_problem(lua, line_of_caller(L), true, "drift is \"reassert\" or \"leave\", not %s",
			     lua_text_push_described(L, 1));
	return 0;
}

static int load_changes_per_minute(lua_State *L)
{
	struct lua_policy *lua = loading(L, "changes_per_minute");
	double number = lua_type(L, 1) == LUA_TNUMBER ? lua_tonumber(L, 1) : 0;

	if (number >= 1 && number <= 1e6 && number == floor(number))
		lua->description.changes_per_minute = (unsigned)number;
	else
		load_problem(lua, line_of_caller(L), true,
			     "changes_per_minute takes a whole number from 1 on");
	return 0;
}

static int load_canary(lua_State *L)
{
	struct lua_policy *lua = loading(L, "canary");
	struct quantity part = { 0, QUANTITY_TIME };

	quantity_at(L, 1, &part);
	if ((part.unit != QUANTITY_SHARE && part.unit != QUANTITY_PLAIN) ||
	    !(part.number > 0 && part.number <= 1)) {
		load_problem(lua, line_of_caller(L), true, "canary takes the part of each class that "
			     "goes first, as canary(percent(25), 10 * minutes)");
		return 0;
	}
	if (take_time(L, lua, 2, "canary", 1e6, 7 * 86400e6, &lua->description.canary_usec))
		lua->description.canary_permyriad = (int)(part.number * 10000 + 0.5);
	return 0;
}

/* -- classes ---------------------------------------------------------------------------- */

static const char *const match_words[] = {
	"name", "cgroup", "uuid", "metadata", "owner", "vmm", "any", NULL,
};

static const char *match_name(enum policy_match_by by)
{
	return match_words[by];
}

static void add_pattern(lua_State *L, struct lua_policy *lua, struct policy_class *class,
			enum policy_match_by by, int line)
{
	size_t size;
	const char *pattern;

	if (lua_type(L, -1) != LUA_TSTRING) {
		load_problem(lua, line, true, "class \"%s\": %s is a pattern or a list of them, not %s",
			     class->name, match_name(by), lua_text_push_described(L, -1));
		lua_pop(L, 1);
		return;
	}
	pattern = lua_tolstring(L, -1, &size);
	if (size == 0 || size >= sizeof class->matches->pattern || strlen(pattern) != size) {
		load_problem(lua, line, true, "class \"%s\": a pattern of %s has 1 to %zu bytes",
			     class->name, match_name(by), sizeof class->matches->pattern - 1);
		return;
	}
	if (class->match_count == POLICY_MATCHES_MAX)
		luaL_error(L, "class \"%s\" has more than %d patterns", class->name, POLICY_MATCHES_MAX);
	if (policy_class_add_match(class, by, pattern) == NULL)
		luaL_error(L, "no memory for another pattern");
}

/* What stands under the name of that kind of match: a text, or a list of texts. */
static void add_patterns(lua_State *L, struct lua_policy *lua, struct policy_class *class,
			 enum policy_match_by by, int line)
{
	lua_Integer i;

	if (lua_getfield(L, 1, match_name(by)) == LUA_TNIL)
		return;
	line = load_line_of(lua->load, line, match_name(by));
	if (lua_type(L, -1) != LUA_TTABLE) {
		add_pattern(L, lua, class, by, line);
		return;
	}
	for (i = 1; lua_rawgeti(L, -1, i) != LUA_TNIL; i++) {
		add_pattern(L, lua, class, by, line);
		lua_pop(L, 1);
	}
	if (i == 1)
		load_problem(lua, line, true, "class \"%s\": the list of %s is empty", class->name,
			     match_name(by));
}

static int load_class_table(lua_State *L)
{
	struct lua_policy *lua = loading(L, "class");
	int line = (int)lua_tointeger(L, lua_upvalueindex(2)), at, by;
	const char *name = lua_tostring(L, lua_upvalueindex(1));
	size_t problems = lua->load->problem_count;
	struct policy_class *class;

	if (!take_table(L, lua, "class") || name == NULL)
		return 0;
	at = policy_find_class(&lua->description, name);
	if (at < 0)
		return 0;
	class = &lua->description.classes[at];
	check_keys(L, lua, line, "class", match_words);
	for (by = POLICY_MATCH_NAME; by < POLICY_MATCH_ANY; by++) {
		add_patterns(L, lua, class, (enum policy_match_by)by, line);
		lua_settop(L, 1);
	}
	lua_getfield(L, 1, "any");
	if (lua_toboolean(L, -1) && policy_class_add_match(class, POLICY_MATCH_ANY, "*") == NULL)
		return luaL_error(L, "no memory for another pattern");
	if (class->match_count == 0 && lua->load->problem_count == problems)
		load_problem(lua, line, true, "class \"%s\" does not say which VMs are in it: name, "
			     "cgroup, uuid, metadata, owner, vmm, or any = true", name);
	return 0;
}

static int load_class(lua_State *L)
{
	struct lua_policy *lua = loading(L, "class");
	int line = line_of_caller(L);
	const char *name = take_name(L, lua, 1, line, "class");

	if (name != NULL && policy_find_class(&lua->description, name) >= 0) {
		load_problem(lua, line, true, "class \"%s\" is declared a second time", name);
		name = NULL;
	}
	if (lua->description.class_count == POLICY_CLASSES_MAX)
		return luaL_error(L, "the policy has more than %d classes", POLICY_CLASSES_MAX);
	if (name != NULL && policy_add_class(&lua->description, name, line) == NULL)
		return luaL_error(L, "no memory for another class");
	return push_second_half(L, load_class_table, name, line);
}

/* -- intents ---------------------------------------------------------------------------- */

/* A class that is declared above; -1 with the problem told. */
static int find_class(struct lua_policy *lua, int line, const char *what, const char *name)
{
	const struct policy *policy = &lua->description;
	int class = policy_find_class(policy, name);
	struct suggest suggest;
	size_t i;

	if (class >= 0)
		return class;
	suggest_init(&suggest, name);
	for (i = 0; i < policy->class_count; i++)
		suggest_offer(&suggest, policy->classes[i].name);
	load_problem(lua, line, true, "%s: no class \"%.60s\" is declared above%s%s%s", what,
		     name, suggest.nearest != NULL ? ": did you mean " : "",
		     suggest.nearest != NULL ? suggest.nearest : "",
		     suggest.nearest != NULL ? "?" : "");
	return -1;
}

static bool has_intent(const struct policy *policy, size_t class, enum setting setting)
{
	size_t i;

	for (i = 0; i < policy->intent_count; i++)
		if (policy->intents[i].class_index == class && policy->intents[i].setting == setting)
			return true;
	return false;
}

/* The value is on top. `key` is what the file says, for its line. */
static void add_intent(lua_State *L, struct lua_policy *lua, size_t class, int line,
		       const char *name, const char *key)
{
	struct policy *policy = &lua->description;
	struct policy_intent *intent;
	struct setting_value value;
	struct suggest suggest;
	struct error err;
	int setting = setting_find(name), i;

	line = load_line_of(lua->load, line, key);
	if (setting < 0) {
		suggest_init(&suggest, name);
		for (i = 0; i < SETTING_COUNT; i++)
			if (setting_info[i].scope == SETTING_SCOPE_VM)
				suggest_offer(&suggest, setting_info[i].name);
		load_problem(lua, line, true, "'%.80s' is no setting%s%s%s", name,
			     suggest.nearest != NULL ? ": did you mean " : "",
			     suggest.nearest != NULL ? suggest.nearest : "",
			     suggest.nearest != NULL ? "?" : "");
		return;
	}
	if (setting_info[setting].scope != SETTING_SCOPE_VM) {
		load_problem(lua, line, true, "%s is a setting of the host: a rule of scope host sets "
			     "it, a class does not have it", name);
		return;
	}
	if (has_intent(policy, class, (enum setting)setting)) {
		load_problem(lua, line, true, "class \"%s\" has %s already",
			     policy->classes[class].name, name);
		return;
	}
	if (!quantity_take_setting(L, -1, (enum setting)setting, &value, &err)) {
		load_problem(lua, line, true, "%s", err.text);
		return;
	}
	intent = policy->intent_count < POLICY_INTENTS_MAX ? policy_add_intent(policy, class) : NULL;
	if (intent == NULL)
		luaL_error(L, "no memory for another intent");
	intent->setting = (enum setting)setting;
	intent->value = value;
	intent->line = line;
}

/* `cpu = { shares = 400 }` with the inner table on top. */
static void add_nested(lua_State *L, struct lua_policy *lua, size_t class, int line,
		       const char *resource)
{
	int table = lua_gettop(L);

	line = load_line_of(lua->load, line, resource);
	lua_pushnil(L);
	while (lua_next(L, table) != 0) {
		char name[96];

		if (lua_type(L, -2) == LUA_TSTRING) {
			snprintf(name, sizeof name, "%.40s.%.50s", resource, lua_tostring(L, -2));
			add_intent(L, lua, class, line, name, lua_tostring(L, -2));
		} else {
			load_problem(lua, line, true, "intent: every entry of '%.40s' has a name",
				     resource);
		}
		lua_pop(L, 1);
	}
}

static int compare_intents(const void *a, const void *b)
{
	const struct policy_intent *x = a, *y = b;

	if (x->class_index != y->class_index)
		return x->class_index < y->class_index ? -1 : 1;
	return (int)x->setting - (int)y->setting;
}

static int load_intent_table(lua_State *L)
{
	struct lua_policy *lua = loading(L, "intent");
	int line = (int)lua_tointeger(L, lua_upvalueindex(2)), class;
	const char *name = lua_tostring(L, lua_upvalueindex(1));

	if (!take_table(L, lua, "intent") || name == NULL)
		return 0;
	class = find_class(lua, line, "intent", name);
	if (class < 0)
		return 0;
	lua_pushnil(L);
	while (lua_next(L, 1) != 0) {
		if (lua_type(L, -2) != LUA_TSTRING)
			load_problem(lua, line, true, "intent \"%s\": every entry has the name of a "
				     "setting, as [\"cpu.shares\"] = 400", name);
		else if (lua_type(L, -1) == LUA_TTABLE)
			add_nested(L, lua, (size_t)class, line, lua_tostring(L, -2));
		else
			add_intent(L, lua, (size_t)class, line, lua_tostring(L, -2),
				   lua_tostring(L, -2));
		lua_pop(L, 1);
	}
	return 0;
}

static int load_intent(lua_State *L)
{
	struct lua_policy *lua = loading(L, "intent");
	int line = line_of_caller(L);
	const char *name = take_name(L, lua, 1, line, "intent");

	return push_second_half(L, load_intent_table, name, line);
}

/* -- rules ------------------------------------------------------------------------------ */

static const char *text_field(lua_State *L, struct lua_policy *lua, int line, const char *name,
			      const char *otherwise)
{
	int type = lua_getfield(L, 1, name);

	if (type == LUA_TNIL)
		return otherwise;
	if (type == LUA_TSTRING)
		return lua_tostring(L, -1);
	load_problem(lua, load_line_of(lua->load, line, name), true, "rule: %s is a text, not %s",
		     name, lua_text_push_described(L, -1));
	return otherwise;
}

static unsigned on_of_word(struct lua_policy *lua, int line, const char *word)
{
	if (strcmp(word, "tick") == 0)
		return ON_TICK;
	if (strcmp(word, "birth") == 0)
		return ON_BIRTH;
	load_problem(lua, load_line_of(lua->load, line, "on"), true,
		     "rule: on is \"tick\" or \"birth\" or a list of both, not \"%.40s\"", word);
	return ON_TICK;
}

static unsigned take_on(lua_State *L, struct lua_policy *lua, int line)
{
	unsigned on = 0;
	int i;

	if (lua_getfield(L, 1, "on") != LUA_TTABLE) {
		lua_pop(L, 1);
		return on_of_word(lua, line, text_field(L, lua, line, "on", "tick"));
	}
	for (i = 1; lua_rawgeti(L, -1, i) != LUA_TNIL; i++) {
		on |= on_of_word(lua, line, lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "?");
		lua_pop(L, 1);
	}
	return on != 0 ? on : ON_TICK;
}

static enum setting_scope take_scope(lua_State *L, struct lua_policy *lua, int line)
{
	const char *scope = text_field(L, lua, line, "scope", "vm");

	if (strcmp(scope, "host") == 0)
		return SETTING_SCOPE_HOST;
	if (strcmp(scope, "vm") != 0)
		load_problem(lua, load_line_of(lua->load, line, "scope"), true,
			     "rule: scope is \"vm\" or \"host\", not \"%.40s\"", scope);
	return SETTING_SCOPE_VM;
}

static int take_rule_class(lua_State *L, struct lua_policy *lua, const struct policy_rule *rule)
{
	const char *name = text_field(L, lua, rule->line, "class", NULL);

	if (name == NULL)
		return -1;
	if (rule->scope == SETTING_SCOPE_HOST) {
		load_problem(lua, load_line_of(lua->load, rule->line, "class"), true,
			     "rule: one of scope host has no class: vms:class(\"%.40s\") gives its VMs",
			     name);
		return -1;
	}
	return find_class(lua, load_line_of(lua->load, rule->line, "class"), "rule", name);
}

static void take_function(lua_State *L, struct lua_policy *lua, const struct policy_rule *rule,
			  struct lua_rule *ret)
{
	lua_Debug about;

	ret->function = LUA_NOREF;
	if (lua_getfield(L, 1, "run") != LUA_TFUNCTION || lua_iscfunction(L, -1)) {
		load_problem(lua, load_line_of(lua->load, rule->line, "run"), true,
			     "rule \"%s\": run is a function, as run = function(vm, state, host) ... "
			     "end, not %s", rule->name, lua_text_push_described(L, -1));
		return;
	}
	lua_pushvalue(L, -1);
	lua_getinfo(L, ">u", &about);
	ret->has_state = about.nparams >= 2 || about.isvararg;
	ret->function = luaL_ref(L, LUA_REGISTRYINDEX);
}

static bool is_rule(const struct policy *policy, const char *name)
{
	size_t i;

	for (i = 0; i < policy->rule_count; i++)
		if (strcmp(policy->rules[i].name, name) == 0)
			return true;
	return false;
}

static int load_rule_table(lua_State *L)
{
	static const char *const words[] = { "scope", "class", "on", "run", NULL };
	struct lua_policy *lua = loading(L, "rule");
	int line = (int)lua_tointeger(L, lua_upvalueindex(2));
	const char *name = lua_tostring(L, lua_upvalueindex(1));
	struct policy_rule *rule;
	struct lua_rule *run;

	if (!take_table(L, lua, "rule") || name == NULL)
		return 0;
	check_keys(L, lua, line, "rule", words);
	if (is_rule(&lua->description, name)) {
		load_problem(lua, line, true, "rule \"%s\" is there already: its name is what its "
			     "state and its requests are found by", name);
		return 0;
	}
	if (lua->description.rule_count == POLICY_RULES_MAX)
		return luaL_error(L, "the policy has more than %d rules", POLICY_RULES_MAX);
	if (!VEC_RESERVE(lua->rules, lua->rule_capacity, lua->description.rule_count + 1))
		return luaL_error(L, "no memory for another rule");
	run = &lua->rules[lua->description.rule_count];
	rule = policy_add_rule(&lua->description, name, line);
	if (rule == NULL)
		return luaL_error(L, "no memory for another rule");
	memset(run, 0, sizeof *run);
	rule->scope = take_scope(L, lua, line);
	rule->class_index = take_rule_class(L, lua, rule);
	run->on = take_on(L, lua, line);
	rule->at_birth = (run->on & ON_BIRTH) != 0;
	if (rule->scope == SETTING_SCOPE_HOST && (run->on & ON_BIRTH) != 0)
		load_problem(lua, load_line_of(lua->load, line, "on"), true,
			     "rule \"%s\": births are of VMs: give it scope = \"vm\"", name);
	take_function(L, lua, rule, run);
	return 0;
}

static int load_rule(lua_State *L)
{
	struct lua_policy *lua = loading(L, "rule");
	int line = line_of_caller(L);
	const char *name = take_name(L, lua, 1, line, "rule");

	return push_second_half(L, load_rule_table, name, line);
}

/* warn("sentence"): at load a warning of the file, in a rule one of that turn. */
static int load_warn(lua_State *L)
{
	struct lua_policy *lua = lua_policy_of(L);
	struct str text;
	int line = line_of_caller(L);

	luaL_tolstring(L, 1, NULL);
	if (lua->load != NULL) {
		load_note(lua, line, "%.300s", lua_tostring(L, -1));
		return 0;
	}
	if (lua->turn == NULL || lua->subject == NULL)
		return 0;
	str_init(&text);
	str_appendf(&text, "%s:%d: ", lua->sandbox.path, line);
	text_append_printable(&text, lua_tostring(L, -1), strnlen(lua_tostring(L, -1), 300));
	if (!text.failed)
		lua->turn->sink.warning(lua->turn->sink.context, &lua->subject->identity, text.data);
	str_done(&text);
	return 0;
}

static const luaL_Reg words[] = {
	{ "policy", load_policy }, { "interval", load_interval },
	{ "vm_interval", load_vm_interval }, { "needs", load_needs }, { "drift", load_drift },
	{ "changes_per_minute", load_changes_per_minute }, { "canary", load_canary },
	{ "class", load_class }, { "intent", load_intent }, { "rule", load_rule },
	{ "warn", load_warn }, { NULL, NULL },
};

void lua_load_open(lua_State *L)
{
	luaL_setfuncs(L, words, 0);
}

/* -- the whole file --------------------------------------------------------------------- */

static const struct policy_intent *intent_of(const struct policy *policy, size_t class,
					     enum setting setting)
{
	size_t i;

	for (i = 0; i < policy->intent_count; i++)
		if (policy->intents[i].class_index == class && policy->intents[i].setting == setting)
			return &policy->intents[i];
	return NULL;
}

static void check_reserve(struct lua_policy *lua, size_t class, enum setting reserve,
			  enum setting limit)
{
	const struct policy_intent *least = intent_of(&lua->description, class, reserve);
	const struct policy_intent *most = intent_of(&lua->description, class, limit);

	if (least == NULL || most == NULL || least->value.number <= most->value.number)
		return;
	load_problem(lua, least->line > most->line ? least->line : most->line, true,
		     "class \"%s\": %s is more than %s", lua->description.classes[class].name,
		     setting_info[reserve].name, setting_info[limit].name);
}

/* A class's name is said again somewhere: in an intent, a rule, or a rule's code. */
static bool is_used(const struct lua_load *load, const struct policy_class *class)
{
	const char *at = load->bytes, *end = load->bytes + load->size;
	size_t size = strlen(class->name);
	unsigned times = 0;

	while ((at = memmem(at, (size_t)(end - at), class->name, size)) != NULL) {
		bool quoted = at > load->bytes && (at[-1] == '"' || at[-1] == '\'') &&
			      at + size < end && at[size] == at[-1];

		times += quoted;
		at += size;
	}
	return times > 1;
}

static bool is_covered_by(const struct policy_match *match, const struct policy_class *earlier)
{
	size_t i;

	for (i = 0; i < earlier->match_count; i++) {
		const struct policy_match *other = &earlier->matches[i];

		if (other->by == POLICY_MATCH_ANY ||
		    (other->by == match->by && strcmp(other->pattern, match->pattern) == 0))
			return true;
	}
	return false;
}

static void check_overlap(struct lua_policy *lua, const struct policy_class *earlier,
			  const struct policy_class *class)
{
	size_t i;

	for (i = 0; i < class->match_count; i++) {
		const struct policy_match *match = &class->matches[i];

		if (!is_covered_by(match, earlier))
			continue;
		load_problem(lua, class->line, false, "class \"%s\": %s \"%.80s\" is in class \"%s\" "
			     "already, which comes first and has those VMs", class->name,
			     match_name(match->by), match->pattern, earlier->name);
		return;
	}
}

void load_check(struct lua_policy *lua)
{
	struct policy *policy = &lua->description;
	size_t i, j;

	if (policy->intent_count > 0)
		qsort(policy->intents, policy->intent_count, sizeof policy->intents[0],
		      compare_intents);
	for (i = 0; i < policy->class_count; i++) {
		const struct policy_class *class = &policy->classes[i];

		check_reserve(lua, i, SETTING_CPU_RESERVE, SETTING_CPU_LIMIT);
		check_reserve(lua, i, SETTING_MEMORY_RESERVE, SETTING_MEMORY_LIMIT);
		check_reserve(lua, i, SETTING_NET_RESERVE, SETTING_NET_LIMIT);
		for (j = 0; j < i; j++)
			check_overlap(lua, &policy->classes[j], class);
		if (!is_used(lua->load, class))
			load_problem(lua, class->line, false, "class \"%s\" is declared, and nothing "
				     "uses it", class->name);
		else if (class->match_count == 0 && lua->load->problem_count == 0)
			load_problem(lua, class->line, true, "class \"%s\" does not say which VMs are "
				     "in it", class->name);
	}
	if (policy->intent_count == 0 && policy->rule_count == 0 && lua->load->problem_count == 0)
		load_note(lua, 1, "the policy asks for nothing: it has no intent and no rule");
}
