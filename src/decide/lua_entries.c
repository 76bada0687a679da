/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a policy knows of each VM from one turn to the next. */
#include "base/vec.h"
#include "decide/lua_run.h"
#include "model/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void lua_slot_forget(struct lua_policy *lua, struct slot *slot)
{
	lua_State *L = lua->sandbox.L;

	if (slot->ref == 0 || L == NULL)
		return;
	lua_rawgeti(L, LUA_REGISTRYINDEX, lua->states);
	luaL_unref(L, -1, slot->ref);
	lua_pop(L, 1);
	slot->ref = 0;
}

static void clear_entry(struct lua_policy *lua, struct vm_entry *entry)
{
	lua_State *L = lua->sandbox.L;
	size_t i;

	for (i = 0; entry->slots != NULL && i < lua->description.rule_count; i++) {
		lua_slot_forget(lua, &entry->slots[i]);
		free(entry->slots[i].bytes);
	}
	free(entry->slots);
	free(entry->outcomes);
	if (entry->ref != 0 && L != NULL) {
		entry->thing->turn = 0; /* no turn has this number */
		entry->thing->entry = NULL;
		lua_rawgeti(L, LUA_REGISTRYINDEX, lua->things);
		luaL_unref(L, -1, entry->ref);
		lua_pop(L, 1);
	}
}

void lua_entries_free(struct lua_policy *lua)
{
	size_t i;

	for (i = 0; i < lua->entry_count; i++) {
		clear_entry(lua, lua->entries[i]);
		free(lua->entries[i]);
	}
	free(lua->entries);
	clear_entry(lua, &lua->host);
	lua->entries = NULL;
	lua->entry_count = lua->entry_capacity = 0;
	memset(&lua->host, 0, sizeof lua->host);
}

/* -- finding ---------------------------------------------------------------------------- */

static size_t position(const struct lua_policy *lua, const struct vm_identity *identity,
		       bool *ret_found)
{
	size_t low = 0, high = lua->entry_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (vm_identity_compare(&lua->entries[middle]->identity, identity) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_found = low < lua->entry_count &&
		     vm_identity_compare(&lua->entries[low]->identity, identity) == 0;
	return low;
}

struct vm_entry *lua_entry_find(const struct lua_policy *lua, const struct vm_identity *identity)
{
	bool found;
	size_t at = position(lua, identity, &found);

	return found ? lua->entries[at] : NULL;
}

static bool make_slots(const struct lua_policy *lua, struct vm_entry *entry)
{
	size_t count = lua->description.rule_count;

	if (entry->slots == NULL)
		entry->slots = calloc(count > 0 ? count : 1, sizeof entry->slots[0]);
	return entry->slots != NULL;
}

static struct vm_entry *make_entry(const struct lua_policy *lua,
				   const struct vm_identity *identity)
{
	struct vm_entry *entry = calloc(1, sizeof *entry);

	if (entry == NULL || !make_slots(lua, entry)) {
		free(entry);
		return NULL;
	}
	entry->identity = *identity;
	entry->class_index = -1;
	return entry;
}

struct vm_entry *lua_entry_add(struct lua_policy *lua, const struct vm_identity *identity)
{
	bool found;
	size_t at = position(lua, identity, &found);
	struct vm_entry *entry;

	if (identity->pid == 0)
		return make_slots(lua, &lua->host) ? &lua->host : NULL;
	if (found)
		return lua->entries[at];
	if (!VEC_RESERVE(lua->entries, lua->entry_capacity, lua->entry_count + 1))
		return NULL;
	entry = make_entry(lua, identity);
	if (entry == NULL)
		return NULL;
	memmove(&lua->entries[at + 1], &lua->entries[at],
		(lua->entry_count - at) * sizeof lua->entries[0]);
	lua->entries[at] = entry;
	lua->entry_count++;
	return entry;
}

/* -- classes ---------------------------------------------------------------------------- */

static uint64_t hash_text(uint64_t hash, const char *text)
{
	for (; text != NULL && *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
	return (hash ^ 0xff) * 0x100000001b3u;
}

/* Patterns are matched again only where a text that they look at has changed. */
static void classify(const struct lua_policy *lua, struct vm_entry *entry)
{
	static const enum vm_text texts[] = {
		VM_TEXT_NAME, VM_TEXT_CGROUP, VM_TEXT_UUID, VM_TEXT_METADATA, VM_TEXT_OWNER,
		VM_TEXT_VMM,
	};
	uint64_t hash = 0xcbf29ce484222325u;
	size_t i;

	for (i = 0; i < sizeof texts / sizeof texts[0]; i++)
		hash = hash_text(hash, entry->vm->text[texts[i]]);
	hash |= 1; /* never that of an entry that is new */
	if (hash == entry->texts_hash)
		return;
	entry->texts_hash = hash;
	entry->class_index = policy_classify(&lua->description, entry->vm);
}

/* -- the turn --------------------------------------------------------------------------- */

/* Both are sorted: one pass drops who is gone, and makes room for who is new. */
static int keep_alive(struct lua_policy *lua, const struct snapshot *now)
{
	size_t from = 0, kept = 0, vm = 0;

	for (from = 0; from < lua->entry_count; from++) {
		struct vm_entry *entry = lua->entries[from];
		int order = 1;

		while (vm < now->vm_count &&
		       (order = vm_identity_compare(&now->vms[vm]->identity, &entry->identity)) < 0)
			vm++;
		if (vm < now->vm_count && order == 0) {
			lua->entries[kept++] = entry;
		} else {
			clear_entry(lua, entry);
			free(entry);
		}
	}
	lua->entry_count = kept;
	for (vm = 0; vm < now->vm_count; vm++) {
		if (vm < lua->entry_count &&
		    vm_identity_compare(&lua->entries[vm]->identity, &now->vms[vm]->identity) == 0)
			continue;
		if (lua_entry_add(lua, &now->vms[vm]->identity) == NULL)
			return -ENOMEM;
	}
	return 0;
}

static void bind_all(struct lua_policy *lua)
{
	const struct snapshot *now = lua->turn->now, *before = lua->turn->before;
	size_t i, old = 0;

	for (i = 0; i < lua->entry_count; i++) {
		struct vm_entry *entry = lua->entries[i];
		int order = 1;

		entry->vm = now->vms[i];
		entry->before = NULL;
		while (before != NULL && old < before->vm_count &&
		       (order = vm_identity_compare(&before->vms[old]->identity,
						    &entry->identity)) < 0)
			old++;
		if (before != NULL && old < before->vm_count && order == 0)
			entry->before = before->vms[old];
		classify(lua, entry);
		lua_entry_bind(lua, entry);
	}
	lua_entry_bind(lua, &lua->host);
}

bool lua_entry_take_outcome(struct vm_entry *entry, const struct outcome *outcome)
{
	size_t at;

	for (at = 0; at < entry->outcome_count; at++)
		if (entry->outcomes[at].setting >= outcome->setting)
			break;
	if (at == entry->outcome_count || entry->outcomes[at].setting != outcome->setting) {
		if (!VEC_RESERVE(entry->outcomes, entry->outcome_capacity,
				 entry->outcome_count + 1))
			return false;
		memmove(&entry->outcomes[at + 1], &entry->outcomes[at],
			(entry->outcome_count - at) * sizeof entry->outcomes[0]);
		entry->outcome_count++;
	}
	entry->outcomes[at] = *outcome;
	return true;
}

int lua_entries_begin_turn(struct lua_policy *lua)
{
	const struct turn *turn = lua->turn;
	size_t i;
	int r;

	if (!make_slots(lua, &lua->host))
		return -ENOMEM;
	r = keep_alive(lua, turn->now);
	if (r < 0)
		return r;
	asking_keep_alive(lua->asking, turn->now);
	bind_all(lua);
	for (i = 0; i < turn->outcome_count; i++) {
		const struct outcome *outcome = &turn->outcomes[i];
		struct vm_entry *entry = outcome->vm.pid == 0 ? &lua->host :
			lua_entry_find(lua, &outcome->vm);

		if (entry != NULL && (unsigned)outcome->setting < SETTING_COUNT &&
		    !lua_entry_take_outcome(entry, outcome))
			return -ENOMEM;
	}
	return 0;
}
