/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a rule asks for, and what came of it: set, release, asked, setting, outcome. */
#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "base/suggest.h"
#include "base/text.h"
#include "base/vec.h"
#include "decide/lua_run.h"
#include "decide/lua_text.h"
#include "decide/nice.h"
#include "model/snapshot.h"

#include <math.h>
#include <string.h>

/* -- inputs ----------------------------------------------------------------------------- */

static void append_place(struct str *name, const struct noted *noted)
{
	switch ((enum thing_kind)noted->kind) {
	case THING_THREAD: {
		const struct thread *thread = noted->object;

		str_appendf(name, "%s %d ", thread_role_name(thread->role), thread->index);
		break;
	}
	case THING_CPU:
		str_appendf(name, "cpu %d ", ((const struct cpu *)noted->object)->number);
		break;
	case THING_DISK:
		str_appendf(name, "disk %s ", ((const struct disk *)noted->object)->name);
		break;
	case THING_NIC:
		str_appendf(name, "nic %s ", ((const struct nic *)noted->object)->name);
		break;
	case THING_HOST:
		str_append(name, "host ");
		break;
	default:
		break;
	}
}

static void append_reading(struct str *name, const struct noted *noted)
{
	static const char *const over_time[] = {
		[READ_RATE] = "rate of ", [READ_GROWTH] = "growth of ", [READ_BEFORE] = "before ",
	};

	if (noted->reading.of <= READ_BEFORE && over_time[noted->reading.of] != NULL)
		str_append(name, over_time[noted->reading.of]);
	str_append(name, lua_reading_name((enum thing_kind)noted->kind, noted->reading));
}

static struct cause_input *add_input(struct cause *cause)
{
	if (cause->input_count == CAUSE_INPUTS_MAX)
		return NULL;
	return &cause->inputs[cause->input_count++];
}

/* A str that memory failed is cut or empty: an input is worth no error. */
static void give_text(struct str *str, char *to, size_t size)
{
	text_copy(to, size, str->data != NULL ? str->data : "", str->length);
	str_clear(str);
}

static void add_noted(struct cause *cause, const struct vm *other, const struct noted *noted)
{
	struct cause_input *input = add_input(cause);
	struct str str;

	if (input == NULL)
		return;
	str_init(&str);
	if (other != NULL && other->text[VM_TEXT_NAME] != NULL) {
		text_append_safe(&str, other->text[VM_TEXT_NAME],
				 strnlen(other->text[VM_TEXT_NAME], 24));
		str_append_char(&str, ' ');
	}
	append_place(&str, noted);
	append_reading(&str, noted);
	give_text(&str, input->name, sizeof input->name);
	if (noted->reading.of == READ_TEXT)
		text_append_safe(&str, noted->text, strlen(noted->text));
	else
		quantity_append(&str, noted->value);
	give_text(&str, input->value, sizeof input->value);
	str_done(&str);
}

static void add_notes(const struct lua_policy *lua, struct cause *cause,
		      const struct vm_entry *entry, const struct vm *other, unsigned from,
		      unsigned to)
{
	unsigned i;

	if (entry == NULL || entry->notes.run != lua->run_number)
		return;
	for (i = from; i < to && i < entry->notes.count; i++)
		add_noted(cause, other, &entry->notes.items[i]);
}

static void add_aggregate(struct cause *cause, const struct aggregate_note *note)
{
	struct cause_input *input = add_input(cause);
	struct str str;

	if (input == NULL)
		return;
	text_copy(input->name, sizeof input->name, note->name, strlen(note->name));
	str_init(&str);
	quantity_append(&str, note->value);
	give_text(&str, input->value, sizeof input->value);
	str_done(&str);
}

/* The VM's own figures, but not so many that nothing of the host and of the others is there. */
void lua_inputs_fill(const struct lua_policy *lua, struct request *request)
{
	struct cause *cause = &request->cause;
	const struct vm_entry *own = request->vm.pid != 0 ? lua_entry_find(lua, &request->vm) : NULL;
	unsigned i;

	cause->input_count = 0;
	add_notes(lua, cause, own, NULL, 0, 4);
	for (i = 0; i < lua->aggregate_count; i++)
		add_aggregate(cause, &lua->aggregates[i]);
	add_notes(lua, cause, &lua->host, NULL, 0, CAUSE_INPUTS_MAX);
	add_notes(lua, cause, own, NULL, 4, CAUSE_INPUTS_MAX);
	for (i = 0; i < 2; i++)
		if (lua->others[i] != NULL && lua->others[i] != own)
			add_notes(lua, cause, lua->others[i], lua->others[i]->vm, 0, 2);
}

/* -- asking ----------------------------------------------------------------------------- */

/* Upvalues of each method: names of settings -> numbers, kind of thing. */
static struct thing *self(lua_State *L)
{
	return lua_thing_check(L, 1, (enum thing_kind)lua_tointeger(L, lua_upvalueindex(2)));
}

static int fail_setting_name(lua_State *L, const char *what)
{
	struct suggest suggest;
	const char *name;
	int i;

	if (lua_type(L, 2) != LUA_TSTRING)
		return luaL_error(L, "%s takes the name of a setting, as \"cpu.shares\", not %s", what,
				  lua_text_push_described(L, 2));
	name = lua_tostring(L, 2);
	suggest_init(&suggest, name);
	for (i = 0; i < SETTING_COUNT; i++)
		suggest_offer(&suggest, setting_info[i].name);
	if (suggest.nearest == NULL)
		return luaL_error(L, "%s(\"%s\"): there is no such setting", what, name);
	return luaL_error(L, "%s(\"%s\"): there is no such setting: did you mean %s?", what, name,
			  suggest.nearest);
}

static enum setting setting_at(lua_State *L, const struct thing *thing, const char *what)
{
	bool of_host = thing->kind == THING_HOST;
	int number;

	lua_pushvalue(L, 2);
	if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNUMBER)
		fail_setting_name(L, what);
	number = (int)lua_tointeger(L, -1);
	lua_pop(L, 1);
	if ((setting_info[number].scope == SETTING_SCOPE_HOST) != of_host)
		luaL_error(L, "%s(\"%s\"): that is a setting of %s", what, setting_info[number].name,
			   of_host ? "VMs, as vm:set" : "the host, as host:set");
	return (enum setting)number;
}

/* A rule of scope vm asks for its own VM alone: its error costs nobody else's turn. */
static void check_scope(lua_State *L, const struct lua_policy *lua, const struct thing *thing,
			const char *what)
{
	if (lua->subject == NULL)
		luaL_error(L, "%s is said in a rule", what);
	if (lua->subject != &lua->host && thing->entry != lua->subject)
		luaL_error(L, "%s: a rule of scope vm asks for its own VM alone: give it scope = "
			   "\"host\"", what);
}

static int line_of_call(lua_State *L)
{
	lua_Debug about;

	if (lua_getstack(L, 1, &about) == 0 || lua_getinfo(L, "l", &about) == 0)
		return 0;
	return about.currentline > 0 ? about.currentline : 0;
}

static struct request *find_pending(const struct lua_policy *lua, const struct vm_entry *entry,
				    enum setting setting)
{
	size_t i;

	for (i = 0; i < lua->pending_count; i++)
		if (lua->pending[i].setting == setting &&
		    vm_identity_compare(&lua->pending[i].vm, &entry->identity) == 0)
			return &lua->pending[i];
	return NULL;
}

static bool is_asked_already(const struct lua_policy *lua, const struct vm_entry *entry,
			     const struct request *request)
{
	const struct setting_value *asked = asking_find(lua->asking, lua->rule, &entry->identity,
							request->setting);

	if (request->release || asked == NULL)
		return request->release && asked == NULL;
	return setting_value_equal(request->setting, asked, &request->value);
}

static void copy_name(char *to, size_t size, const char *from)
{
	text_copy(to, size, from, strlen(from));
}

static void fill_cause(lua_State *L, const struct lua_policy *lua, struct request *request,
		       int because_at)
{
	struct cause *cause = &request->cause;
	struct str str;
	size_t size;

	copy_name(cause->policy, sizeof cause->policy, lua->description.name);
	copy_name(cause->path, sizeof cause->path, lua->description.path);
	copy_name(cause->rule, sizeof cause->rule, lua->description.rules[lua->rule].name);
	cause->line = line_of_call(L);
	if (lua_type(L, because_at) == LUA_TSTRING) {
		const char *because = lua_tolstring(L, because_at, &size);

		str_init(&str);
		text_append_printable(&str, because, size < CAUSE_TEXT_SIZE ? size : CAUSE_TEXT_SIZE);
		give_text(&str, cause->because, sizeof cause->because);
		str_done(&str);
	}
	lua_inputs_fill(lua, request);
}

/* What is asked for as it was is no news, and costs nothing further. */
static void ask(lua_State *L, const struct thing *thing, const struct request *wanted,
		int because_at)
{
	struct lua_policy *lua = lua_policy_of(L);
	struct request *pending = find_pending(lua, thing->entry, wanted->setting);

	if (pending == NULL) {
		if (is_asked_already(lua, thing->entry, wanted))
			return;
		if (!VEC_RESERVE(lua->pending, lua->pending_capacity, lua->pending_count + 1))
			luaL_error(L, "no memory for another request");
		pending = &lua->pending[lua->pending_count++];
	}
	memset(pending, 0, sizeof *pending);
	pending->vm = thing->entry->identity;
	pending->setting = wanted->setting;
	pending->release = wanted->release;
	pending->value = wanted->value;
	fill_cause(L, lua, pending, because_at);
}

static void check_because(lua_State *L, int at, const char *what)
{
	if (!lua_isnoneornil(L, at) && lua_type(L, at) != LUA_TSTRING)
		luaL_error(L, "%s: the reason is a text, not %s", what, lua_text_push_described(L, at));
}

static int method_set(lua_State *L)
{
	struct lua_policy *lua = lua_policy_of(L);
	struct thing *thing = self(L);
	struct request wanted;
	struct error err;

	wanted.release = false;
	wanted.setting = setting_at(L, thing, "set");
	check_scope(L, lua, thing, "set");
	check_because(L, 4, "set");
	if (lua_isnoneornil(L, 3))
		return luaL_error(L, "set(\"%s\"): the value is nothing (nil)%s; release gives it "
				  "back", setting_info[wanted.setting].name, lua_text_hint_absent(L));
	if (!quantity_take_setting(L, 3, wanted.setting, &wanted.value, &err))
		return luaL_error(L, "set: %s", err.text);
	ask(L, thing, &wanted, 4);
	return 0;
}

static int method_release(lua_State *L)
{
	struct lua_policy *lua = lua_policy_of(L);
	struct thing *thing = self(L);
	struct request wanted = { .release = true };

	wanted.setting = setting_at(L, thing, "release");
	check_scope(L, lua, thing, "release");
	check_because(L, 3, "release");
	ask(L, thing, &wanted, 3);
	return 0;
}

/* What this rule asks for at the moment, what it just said included. */
static int method_asked(lua_State *L)
{
	struct lua_policy *lua = lua_policy_of(L);
	struct thing *thing = self(L);
	enum setting setting = setting_at(L, thing, "asked");
	const struct request *pending;
	const struct setting_value *value;

	if (lua->subject == NULL)
		return luaL_error(L, "asked is said in a rule");
	pending = find_pending(lua, thing->entry, setting);
	value = pending != NULL ? (pending->release ? NULL : &pending->value) :
		asking_find(lua->asking, lua->rule, &thing->entry->identity, setting);
	if (value == NULL)
		lua_pushnil(L);
	else
		quantity_push_setting(L, setting, value);
	return 1;
}

/* -- what is ---------------------------------------------------------------------------- */

static const struct outcome *find_outcome(const struct vm_entry *entry, enum setting setting)
{
	size_t i;

	for (i = 0; i < entry->outcome_count; i++)
		if (entry->outcomes[i].setting == setting)
			return &entry->outcomes[i];
	return NULL;
}

static bool value_by_figure(const struct thing *thing, enum setting setting,
			    struct setting_value *ret)
{
	const struct vm *vm = thing->object;
	int figure = setting_info[setting].figure, nice;

	ret->text[0] = '\0';
	if (setting == SETTING_CPU_NICE && nice_of_vm(vm, &nice)) {
		ret->number = nice;
		return true;
	}
	if (setting == SETTING_CPU_WEIGHT && vm->state[VM_WEIGHT_RELATIVE] == FIGURE_PRESENT) {
		ret->number = (vm->value[VM_WEIGHT_RELATIVE] + 50) / 100;
		return true;
	}
	if (setting == SETTING_CPU_AFFINITY && vm->text[VM_TEXT_AFFINITY] != NULL) {
		copy_name(ret->text, sizeof ret->text, vm->text[VM_TEXT_AFFINITY]);
		return true;
	}
	if (figure < 0 || thing->now.state[figure] != FIGURE_PRESENT)
		return false;
	ret->number = thing->now.value[figure];
	return true;
}

static bool value_by_outcome(const struct thing *thing, enum setting setting,
			     struct setting_value *ret)
{
	const struct outcome *outcome = find_outcome(thing->entry, setting);

	if (outcome == NULL || (outcome->status != OUTCOME_APPLIED &&
				outcome->status != OUTCOME_DRIFT &&
				outcome->status != OUTCOME_RESTORED))
		return false;
	*ret = outcome->to;
	return true;
}

static struct quantity quantity_for_note(lua_State *L, int at)
{
	struct quantity quantity = { 0, QUANTITY_PLAIN };

	quantity_at(L, at, &quantity);
	return quantity;
}

/* What is in force: as sampled, else as it was set last. */
static int method_setting(lua_State *L)
{
	struct lua_policy *lua = lua_policy_of(L);
	struct thing *thing = self(L);
	enum setting setting = setting_at(L, thing, "setting");
	struct reading reading = { READ_SETTING, (uint8_t)setting };
	struct setting_value value;
	bool known;

	if (thing->kind == THING_HOST)
		known = setting_info[setting].figure >= 0 &&
			thing->now.state[setting_info[setting].figure] == FIGURE_PRESENT;
	else
		known = value_by_figure(thing, setting, &value);
	if (known && thing->kind == THING_HOST)
		value.number = thing->now.value[setting_info[setting].figure];
	if (!known && !value_by_outcome(thing, setting, &value)) {
		lua_pushnil(L);
		return 1;
	}
	quantity_push_setting(L, setting, &value);
	if (setting_info[setting].unit != SETTING_UNIT_TEXT)
		lua_note(lua, thing, reading, quantity_for_note(L, -1), NULL);
	return 1;
}

static void set_text(lua_State *L, const char *name, const char *text)
{
	if (text[0] == '\0')
		return;
	lua_pushstring(L, text);
	lua_setfield(L, -2, name);
}

/* The last outcome of our own adjustments of that setting, or nil. */
static int method_outcome(lua_State *L)
{
	struct thing *thing = self(L);
	enum setting setting = setting_at(L, thing, "outcome");
	const struct outcome *outcome = find_outcome(thing->entry, setting);
	uint64_t now = lua_policy_of(L)->turn->now->realtime_usec;

	if (outcome == NULL) {
		lua_pushnil(L);
		return 1;
	}
	lua_createtable(L, 0, 6);
	set_text(L, "status", outcome_status_name(outcome->status));
	set_text(L, "where", outcome->where);
	set_text(L, "text", outcome->text);
	quantity_push(L, outcome->realtime_usec < now ? (double)(now - outcome->realtime_usec) : 0,
		      QUANTITY_TIME);
	lua_setfield(L, -2, "age");
	if (outcome->from_known) {
		quantity_push_setting(L, setting, &outcome->from);
		lua_setfield(L, -2, "from");
	}
	quantity_push_setting(L, setting, &outcome->to);
	lua_setfield(L, -2, "to");
	return 1;
}

static const luaL_Reg methods[] = {
	{ "set", method_set }, { "release", method_release }, { "asked", method_asked },
	{ "setting", method_setting }, { "outcome", method_outcome },
};

/* The table of names on top is a host's where it has "vms". */
void lua_asks_open(lua_State *L)
{
	enum thing_kind kind = lua_getfield(L, -1, "vms") != LUA_TNIL ? THING_HOST : THING_VM;
	size_t i;

	lua_pop(L, 1);
	lua_createtable(L, 0, SETTING_COUNT);
	for (i = 0; i < SETTING_COUNT; i++) {
		lua_pushinteger(L, (lua_Integer)i);
		lua_setfield(L, -2, setting_info[i].name);
	}
	for (i = 0; i < ARRAY_SIZE(methods); i++) {
		lua_pushvalue(L, -1);
		lua_pushinteger(L, kind);
		lua_pushcclosure(L, methods[i].func, 2);
		lua_setfield(L, -3, methods[i].name);
	}
	lua_pop(L, 1);
}
