/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a policy finds again after a restart. The magic line, then numbers as varints and texts
 * with their size before them:
 *
 *     entries (identity, slots (rule, met, bytes)*, outcomes (...)*)*
 *     what rules ask for (decide/asking.h)
 */
#include "base/cursor.h"
#include "base/error.h"
#include "base/varint.h"
#include "decide/lua_run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC "truce-lua-state 1\n"

/* -- out -------------------------------------------------------------------------------- */

static void append_bytes(struct str *out, const char *bytes, size_t size)
{
	varint_append(out, size);
	str_append_bytes(out, bytes, size);
}

static void append_text(struct str *out, const char *text)
{
	append_bytes(out, text, strlen(text));
}

static void append_value(struct str *out, const struct setting_value *value)
{
	varint_append(out, varint_fold(value->number));
	append_text(out, value->text);
}

static void append_outcome(struct str *out, const struct outcome *outcome)
{
	append_text(out, setting_info[outcome->setting].name);
	varint_append(out, outcome->status);
	varint_append(out, outcome->realtime_usec);
	varint_append(out, outcome->from_known);
	append_value(out, &outcome->from);
	append_value(out, &outcome->to);
	append_text(out, outcome->where);
	append_text(out, outcome->text);
}

static void append_slots(const struct lua_policy *lua, const struct vm_entry *entry,
			 struct str *out)
{
	uint64_t count = 0;
	size_t i;

	for (i = 0; i < lua->description.rule_count; i++)
		count += entry->slots[i].met || entry->slots[i].size > 0;
	varint_append(out, count);
	for (i = 0; i < lua->description.rule_count; i++) {
		const struct slot *slot = &entry->slots[i];

		if (!slot->met && slot->size == 0)
			continue;
		append_text(out, lua->description.rules[i].name);
		varint_append(out, slot->met);
		append_bytes(out, slot->bytes != NULL ? slot->bytes : "", slot->size);
	}
}

static void append_entry(const struct lua_policy *lua, const struct vm_entry *entry,
			 struct str *out)
{
	size_t i;

	varint_append(out, (uint64_t)entry->identity.pid);
	varint_append(out, entry->identity.start_ticks);
	varint_append(out, entry->identity.ordinal);
	append_slots(lua, entry, out);
	varint_append(out, entry->outcome_count);
	for (i = 0; i < entry->outcome_count; i++)
		append_outcome(out, &entry->outcomes[i]);
}

static uint64_t hash_bytes(const char *bytes, size_t size)
{
	uint64_t hash = 0xcbf29ce484222325u, word;

	for (; size >= sizeof word; bytes += sizeof word, size -= sizeof word) {
		memcpy(&word, bytes, sizeof word);
		hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
		hash ^= hash >> 29;
	}
	for (; size > 0; bytes++, size--)
		hash = (hash ^ (unsigned char)*bytes) * 0x100000001b3u;
	return hash;
}

bool lua_policy_state_append(struct lua_policy *lua, struct str *out)
{
	size_t begin = out->length, i;
	uint64_t hash;
	bool changed;

	str_append(out, MAGIC);
	varint_append(out, lua->entry_count + (lua->host.slots != NULL));
	if (lua->host.slots != NULL)
		append_entry(lua, &lua->host, out);
	for (i = 0; i < lua->entry_count; i++)
		append_entry(lua, lua->entries[i], out);
	asking_append(lua->asking, &lua->description, out);
	if (out->failed)
		return false;
	hash = hash_bytes(out->data + begin, out->length - begin);
	changed = hash != lua->state_hash;
	lua->state_hash = hash;
	return changed;
}

/* -- in --------------------------------------------------------------------------------- */

static bool take_bytes(struct cursor *c, struct cursor *ret)
{
	uint64_t size;

	if (!varint_take(c, &size) || size > cursor_left(c))
		return false;
	*ret = cursor_over(c->at, size);
	c->at += size;
	return true;
}

static bool take_text(struct cursor *c, char *ret, size_t ret_size)
{
	struct cursor text;

	if (!take_bytes(c, &text) || cursor_left(&text) >= ret_size ||
	    memchr(text.at, '\0', cursor_left(&text)) != NULL)
		return false;
	memcpy(ret, text.at, cursor_left(&text));
	ret[cursor_left(&text)] = '\0';
	return true;
}

static bool take_value(struct cursor *c, struct setting_value *ret)
{
	uint64_t folded;

	if (!varint_take(c, &folded) || !take_text(c, ret->text, sizeof ret->text))
		return false;
	ret->number = varint_unfold(folded);
	return true;
}

/* 1; 0: of a setting that is no more; -EBADMSG. */
static int take_outcome(struct cursor *c, struct outcome *ret)
{
	uint64_t status, known;
	char name[64];
	int setting;

	memset(ret, 0, sizeof *ret);
	if (!take_text(c, name, sizeof name) || !varint_take(c, &status) ||
	    !varint_take(c, &ret->realtime_usec) || !varint_take(c, &known) ||
	    !take_value(c, &ret->from) || !take_value(c, &ret->to) ||
	    !take_text(c, ret->where, sizeof ret->where) ||
	    !take_text(c, ret->text, sizeof ret->text) || status >= OUTCOME_STATUS_COUNT ||
	    known > 1)
		return -EBADMSG;
	setting = setting_find(name);
	ret->setting = (enum setting)setting;
	ret->status = (enum outcome_status)status;
	ret->from_known = known != 0;
	return setting >= 0;
}

static struct slot *slot_of_name(const struct lua_policy *lua, const struct vm_entry *entry,
				 const char *name)
{
	size_t i;

	for (i = 0; i < lua->description.rule_count; i++)
		if (strcmp(lua->description.rules[i].name, name) == 0)
			return &entry->slots[i];
	return NULL;
}

static int take_slot(const struct lua_policy *lua, const struct vm_entry *entry, struct cursor *c)
{
	struct cursor bytes;
	struct slot *slot;
	uint64_t met;
	char name[64];

	if (!take_text(c, name, sizeof name) || !varint_take(c, &met) || met > 1 ||
	    !take_bytes(c, &bytes) || cursor_left(&bytes) > LUA_STATE_HOST_BYTES + 16)
		return -EBADMSG;
	slot = slot_of_name(lua, entry, name);
	if (slot == NULL || slot->bytes != NULL)
		return 0;
	slot->met = met != 0;
	if (cursor_left(&bytes) == 0)
		return 0;
	slot->size = cursor_left(&bytes);
	slot->bytes = malloc(slot->size);
	if (slot->bytes == NULL)
		return -ENOMEM;
	memcpy(slot->bytes, bytes.at, slot->size);
	return 0;
}

static int take_parts(struct lua_policy *lua, struct vm_entry *entry, struct cursor *c)
{
	struct outcome outcome;
	uint64_t count;
	int r;

	if (!varint_take(c, &count) || count > cursor_left(c))
		return -EBADMSG;
	for (; count > 0; count--) {
		r = take_slot(lua, entry, c);
		if (r < 0)
			return r;
	}
	if (!varint_take(c, &count) || count > cursor_left(c))
		return -EBADMSG;
	for (; count > 0; count--) {
		r = take_outcome(c, &outcome);
		if (r < 0)
			return r;
		outcome.vm = entry->identity;
		if (r > 0 && !lua_entry_take_outcome(entry, &outcome))
			return -ENOMEM;
	}
	return 0;
}

static int take_entry(struct lua_policy *lua, struct cursor *c)
{
	struct vm_identity identity;
	struct vm_entry *entry;
	uint64_t pid, ordinal;

	if (!varint_take(c, &pid) || !varint_take(c, &identity.start_ticks) ||
	    !varint_take(c, &ordinal) || pid > INT32_MAX || ordinal > UINT32_MAX)
		return -EBADMSG;
	identity.pid = (pid_t)pid;
	identity.ordinal = (uint32_t)ordinal;
	entry = lua_entry_add(lua, &identity);
	return entry == NULL ? -ENOMEM : take_parts(lua, entry, c);
}

static int take_all(struct lua_policy *lua, struct cursor *c)
{
	uint64_t count;
	int r;

	if (!cursor_take_text(c, MAGIC) || !varint_take(c, &count) || count > cursor_left(c))
		return -EBADMSG;
	for (; count > 0; count--) {
		r = take_entry(lua, c);
		if (r < 0)
			return r;
	}
	r = asking_take(lua->asking, &lua->description, c);
	if (r < 0)
		return r;
	return cursor_at_end(c) ? 0 : -EBADMSG;
}

/* The state's bytes are one thing and the Lua values in them another: both are believed only as
 * far as they can be read. */
static int check_slots(lua_State *L)
{
	struct lua_policy *lua = lua_policy_of(L);
	size_t i, rule;

	for (i = 0; i <= lua->entry_count; i++) {
		struct vm_entry *entry = i == lua->entry_count ? &lua->host : lua->entries[i];

		for (rule = 0; entry->slots != NULL && rule < lua->description.rule_count; rule++) {
			struct slot *slot = &entry->slots[rule];

			if (!lua_state_decode(L, slot->bytes, slot->size))
				return luaL_error(L, "the state of a rule cannot be read");
			lua_settop(L, 0);
		}
	}
	return 0;
}

int lua_policy_state_take(struct lua_policy *lua, const char *bytes, size_t size,
			  struct error *err)
{
	struct cursor c = cursor_over(bytes, size);
	struct error unreadable;
	int r = take_all(lua, &c);

	if (r == 0) {
		lua_pushcfunction(lua->sandbox.L, check_slots);
		if (lua_sandbox_call(&lua->sandbox, 0, 0, 1000000, 0, NULL, &unreadable) < 0)
			r = -EBADMSG;
	}
	if (r == 0)
		return 0;
	lua_entries_free(lua);
	asking_free(lua->asking);
	lua->asking = asking_new();
	if (lua->asking == NULL || r == -ENOMEM)
		return error_set(err, -ENOMEM, "%s: no memory for its state", lua->sandbox.path);
	return error_set(err, r, "%s: its kept state cannot be read, and it begins without one",
			 lua->sandbox.path);
}
