/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/lua_policy.h"

#include "base/error.h"
#include "base/text.h"
#include "base/vec.h"
#include "decide/lua_load.h"
#include "decide/lua_run.h"
#include "model/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	LOAD_STEPS = 3000000,
	RUN_STEPS = 1000000,       /* 10 ms or so */
	RUN_STEPS_PER_VM = 5000,   /* more in the host's scope, which goes over all VMs */
	OVERRUNS_MAX = 3,          /* of steps or memory; then its other VMs wait for the next turn */
	INTERVAL_USEC = 1000000,
};

/* -- loading ---------------------------------------------------------------------------- */

static int open_words(lua_State *L)
{
	lua_things_open(L);
	lua_sandbox_push_names(L);
	lua_helpers_open(L);
	lua_load_open(L);
	lua_pop(L, 1);
	return 0;
}

static int freeze_rules(lua_State *L)
{
	const struct lua_policy *lua = lua_policy_of(L);
	size_t i;

	lua_newtable(L);
	for (i = 0; i < lua->description.rule_count; i++) {
		lua_rawgeti(L, LUA_REGISTRYINDEX, lua->rules[i].function);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	lua_sandbox_freeze(L);
	lua_pop(L, 1);
	return 0;
}

static int call_own(struct lua_policy *lua, lua_CFunction function, struct error *err)
{
	lua_pushcfunction(lua->sandbox.L, function);
	return lua_sandbox_call(&lua->sandbox, 0, 0, LOAD_STEPS, 0, NULL, err);
}

/* "PATH:LINE: sentence" of the sandbox as one of the file's problems. */
static void note_failure(struct lua_policy *lua, const struct error *err, int line)
{
	const char *text = err->text;
	size_t size = strlen(lua->sandbox.path);

	if (strncmp(text, lua->sandbox.path, size) == 0 && text[size] == ':') {
		char *end;
		long number = strtol(text + size + 1, &end, 10);

		if (strncmp(end, ": ", 2) == 0) {
			text = end + 2;
			line = (int)number;
		}
	}
	load_problem(lua, line, true, "%s", text);
}

static int lint_file(lua_State *L)
{
	load_lint(lua_policy_of(L));
	return 0;
}

/* The file's own code, and what it said. */
static int run_file(struct lua_policy *lua, struct str *problems, struct error *err)
{
	struct error failure;
	int line = 0;
	int r = lua_sandbox_compile(&lua->sandbox, lua->load->bytes, lua->load->size, &failure);

	if (r == 0)
		r = lua_sandbox_call(&lua->sandbox, 0, 0, LOAD_STEPS, 1, &line, &failure);
	if (r < 0)
		note_failure(lua, &failure, line);
	else
		load_check(lua);
	if (r == 0)
		r = call_own(lua, lint_file, err);
	if (load_report(lua, problems, err) < 0)
		return r < 0 ? r : -EINVAL;
	return r;
}

/* gold-first, of /etc/truce/policies.d/gold-first.lua. */
static void name_by_path(struct policy *policy, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
	size_t size = strlen(name);

	if (size > 4 && strcmp(name + size - 4, ".lua") == 0)
		size -= 4;
	text_copy(policy->name, sizeof policy->name, name, size);
}

static int load(struct lua_policy *lua, const char *bytes, size_t size, struct str *problems,
		struct error *err)
{
	int r = call_own(lua, open_words, err);

	if (r < 0)
		return r;
	lua->load = calloc(1, sizeof *lua->load);
	if (lua->load == NULL)
		return error_set(err, -ENOMEM, "%s: no memory to load it", lua->sandbox.path);
	lua->load->bytes = bytes;
	lua->load->size = size;
	r = run_file(lua, problems, err);
	free(lua->load);
	lua->load = NULL;
	if (r < 0)
		return r;
	lua->asking = asking_new();
	if (lua->asking == NULL)
		return error_set(err, -ENOMEM, "%s: no memory to load it", lua->sandbox.path);
	return call_own(lua, freeze_rules, err);
}

int lua_policy_new(const char *bytes, size_t size, const char *path, size_t memory_bytes,
		   struct str *problems, struct lua_policy **ret, struct error *err)
{
	struct lua_policy *lua = calloc(1, sizeof *lua);
	int r;

	if (lua == NULL)
		return error_set(err, -ENOMEM, "%s: no memory to load it", path);
	policy_init(&lua->description);
	str_init(&lua->state);
	text_copy(lua->description.path, sizeof lua->description.path, path, strlen(path));
	name_by_path(&lua->description, path);
	lua->description.interval_usec = INTERVAL_USEC;
	r = lua_sandbox_init(&lua->sandbox,
			     memory_bytes != 0 ? memory_bytes : LUA_POLICY_MEMORY_BYTES,
			     lua->description.path, err);
	if (r == 0)
		r = load(lua, bytes, size, problems, err);
	if (r < 0) {
		lua_policy_free(lua);
		return r;
	}
	*ret = lua;
	return 0;
}

void lua_policy_free(struct lua_policy *lua)
{
	if (lua == NULL)
		return;
	lua_sandbox_done(&lua->sandbox);
	lua_entries_free(lua);
	asking_free(lua->asking);
	policy_done(&lua->description);
	str_done(&lua->state);
	free(lua->pending);
	free(lua->rules);
	free(lua);
}

const struct policy *lua_policy_description(const struct lua_policy *lua)
{
	return &lua->description;
}

/* -- a run ------------------------------------------------------------------------------ */

static size_t state_limit(const struct lua_policy *lua)
{
	return lua->subject == &lua->host ? LUA_STATE_HOST_BYTES : LUA_STATE_VM_BYTES;
}

static void push_state(lua_State *L, struct lua_policy *lua, struct slot *slot)
{
	lua_rawgeti(L, LUA_REGISTRYINDEX, lua->states);
	if (slot->ref == 0) {
		if (!lua_state_decode(L, slot->bytes, slot->size))
			lua_newtable(L);
		slot->ref = luaL_ref(L, -2);
	}
	lua_rawgeti(L, -1, slot->ref);
	lua_replace(L, -2);
}

/* The rule, with its state written down behind it: all that can fail is in here. */
static int run_rule(lua_State *L)
{
	struct lua_policy *lua = lua_policy_of(L);
	struct lua_rule *rule = &lua->rules[lua->rule];
	struct slot *slot = &lua->subject->slots[lua->rule];
	int arguments = 2;

	lua_rawgeti(L, LUA_REGISTRYINDEX, rule->function);
	lua_entry_push(L, lua->subject);
	if (rule->has_state) {
		push_state(L, lua, slot);
		lua_pushvalue(L, -1);
		lua_insert(L, 1);
	} else {
		lua_pushnil(L);
	}
	if (lua->subject == &lua->host)
		lua_vms_push_all(L);
	else
		lua_entry_push(L, &lua->host);
	lua_call(L, arguments + 1, 0);
	if (rule->has_state)
		lua_state_encode(L, 1, state_limit(lua), &lua->state);
	return 0;
}

static bool keep_state(struct lua_policy *lua, struct slot *slot)
{
	if (slot->size == lua->state.length &&
	    (slot->size == 0 || memcmp(slot->bytes, lua->state.data, slot->size) == 0))
		return true;
	free(slot->bytes);
	slot->size = 0;
	slot->bytes = malloc(lua->state.length > 0 ? lua->state.length : 1);
	if (slot->bytes == NULL)
		return false;
	memcpy(slot->bytes, lua->state.data, lua->state.length);
	slot->size = lua->state.length;
	return true;
}

static int send_pending(struct lua_policy *lua)
{
	const struct turn_sink *sink = &lua->turn->sink;
	size_t i;
	int r;

	for (i = 0; i < lua->pending_count; i++) {
		r = asking_note(lua->asking, lua->rule, &lua->pending[i]);
		if (r > 0)
			r = sink->request(sink->context, &lua->pending[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

static void begin_run(struct lua_policy *lua, struct vm_entry *subject)
{
	lua->subject = subject;
	lua->run_number++;
	lua->pending_count = 0;
	lua->aggregate_count = 0;
	lua->others[0] = lua->others[1] = NULL;
	str_clear(&lua->state);
	lua->sandbox.subject = lua->description.rules[lua->rule].name;
}

static void warn(struct lua_policy *lua, const struct vm_entry *entry, const char *text)
{
	const struct turn_sink *sink = &lua->turn->sink;

	sink->warning(sink->context, &entry->identity, text);
}

/* A failed run leaves nothing: no request, and the state as it was before. How much it counts
 * as overrun: memory that was used up would be by the next VM too. */
static int run(struct lua_policy *lua, struct vm_entry *subject, uint64_t steps)
{
	struct slot *slot = &subject->slots[lua->rule];
	struct error err;
	int r;

	begin_run(lua, subject);
	lua_pushcfunction(lua->sandbox.L, run_rule);
	r = lua_sandbox_call(&lua->sandbox, 0, 0, steps,
			     lua->description.rules[lua->rule].line, NULL, &err);
	if (r == 0 && !keep_state(lua, slot))
		return -ENOMEM;
	if (r == 0) {
		slot->met = (lua->rules[lua->rule].on & ON_BIRTH) != 0;
		r = send_pending(lua);
		lua->subject = NULL;
		return r;
	}
	lua->subject = NULL;
	lua_slot_forget(lua, slot);
	warn(lua, subject, err.text);
	if (r == -ENOMEM)
		lua_gc(lua->sandbox.L, LUA_GCCOLLECT);
	return r == -ENOMEM ? OVERRUNS_MAX : r == -ELOOP ? 1 : 0;
}

/* -- a turn ----------------------------------------------------------------------------- */

static bool has_its_turn(const struct lua_policy *lua, const struct vm_entry *entry)
{
	const struct lua_rule *rule = &lua->rules[lua->rule];
	int class = lua->description.rules[lua->rule].class_index;

	if (class >= 0 && entry->class_index != class)
		return false;
	if ((rule->on & ON_TICK) != 0 && lua->turn->occasion == DECIDER_TICK)
		return true;
	return (rule->on & ON_BIRTH) != 0 && !entry->slots[lua->rule].met;
}

static int run_for_vms(struct lua_policy *lua)
{
	unsigned overruns = 0;
	size_t i;
	int r;

	for (i = 0; i < lua->entry_count; i++) {
		if (!has_its_turn(lua, lua->entries[i]))
			continue;
		r = run(lua, lua->entries[i], RUN_STEPS);
		if (r < 0)
			return r;
		overruns += (unsigned)r;
		if (overruns >= OVERRUNS_MAX)
			return 0;
	}
	return 0;
}

static int run_for_host(struct lua_policy *lua)
{
	int r;

	if (lua->turn->occasion != DECIDER_TICK)
		return 0;
	r = run(lua, &lua->host, RUN_STEPS + RUN_STEPS_PER_VM * (uint64_t)lua->entry_count);
	return r < 0 ? r : 0;
}

static int set_clock(lua_State *L)
{
	struct lua_policy *lua = lua_policy_of(L);

	lua_sandbox_push_names(L);
	quantity_push(L, (double)lua->turn->now->monotonic_usec, QUANTITY_TIME);
	lua_setfield(L, -2, "now");
	if (lua->vms != 0)
		luaL_unref(L, LUA_REGISTRYINDEX, lua->vms);
	lua->vms = 0;
	return 0;
}

static void settle(struct lua_policy *lua)
{
	const char *changed = lua_sandbox_settle(lua->sandbox.L);
	struct str text;

	if (changed == NULL)
		return;
	str_init(&text);
	str_appendf(&text, "%s:%d: a rule changed the file's local '%.60s', which is put back: nothing "
		    "but `state` lives from one turn to the next", lua->sandbox.path,
		    lua->description.rules[0].line, changed);
	if (!text.failed)
		warn(lua, &lua->host, text.data);
	str_done(&text);
}

static int run_all(struct lua_policy *lua)
{
	int r = 0;

	for (lua->rule = 0; r == 0 && lua->rule < lua->description.rule_count; lua->rule++)
		r = lua->description.rules[lua->rule].scope == SETTING_SCOPE_HOST ?
			run_for_host(lua) : run_for_vms(lua);
	return r;
}

int lua_policy_turn(struct lua_policy *lua, const struct turn *turn, struct error *err)
{
	int r;

	lua->turn = turn;
	lua->turn_number++;
	r = lua_entries_begin_turn(lua);
	if (r < 0)
		error_set(err, r, "%s: no memory for a turn", lua->sandbox.path);
	if (r == 0)
		r = call_own(lua, set_clock, err);
	if (r == 0) {
		r = run_all(lua);
		if (r < 0)
			error_errno(err, r, "%s: the turn ended early", lua->sandbox.path);
		settle(lua);
	}
	lua->turn = NULL;
	return r;
}
