/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/asking.h"

#include "base/cursor.h"
#include "base/str.h"
#include "base/varint.h"
#include "base/vec.h"
#include "model/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Sorted by VM, rule, setting. Released ones stay as long as the VM, so that a release that is
 * said each tick is news once. */
struct asked {
	struct vm_identity vm;
	unsigned rule;
	enum setting setting;
	bool released;
	struct setting_value value;
	uint64_t order; /* of two rules that ask for one setting the one that asked last is heard */
};

struct asking {
	struct asked *items;
	size_t count, capacity;
	uint64_t order;
};

struct asking *asking_new(void)
{
	return calloc(1, sizeof(struct asking));
}

void asking_free(struct asking *asking)
{
	if (asking == NULL)
		return;
	free(asking->items);
	free(asking);
}

static int compare(const struct asked *item, const struct vm_identity *vm, unsigned rule,
		   enum setting setting)
{
	int order = vm_identity_compare(&item->vm, vm);

	if (order != 0)
		return order;
	if (item->rule != rule)
		return item->rule < rule ? -1 : 1;
	return item->setting < setting ? -1 : item->setting > setting;
}

/* Where it is, or would be. */
static size_t position(const struct asking *asking, const struct vm_identity *vm, unsigned rule,
		       enum setting setting, bool *ret_found)
{
	size_t low = 0, high = asking->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (compare(&asking->items[middle], vm, rule, setting) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_found = low < asking->count &&
		     compare(&asking->items[low], vm, rule, setting) == 0;
	return low;
}

static struct asked *insert(struct asking *asking, size_t at)
{
	if (!VEC_RESERVE(asking->items, asking->capacity, asking->count + 1))
		return NULL;
	memmove(&asking->items[at + 1], &asking->items[at],
		(asking->count - at) * sizeof asking->items[0]);
	asking->count++;
	memset(&asking->items[at], 0, sizeof asking->items[at]);
	return &asking->items[at];
}

static bool is_olds(const struct asked *item, const struct request *request)
{
	if (item->released || request->release)
		return item->released == request->release;
	return setting_value_equal(item->setting, &item->value, &request->value);
}

/* Whether another rule has asked for the same setting of the VM since: then to ask for what one
 * asked for before is to ask anew. */
static bool is_overtaken(const struct asking *asking, size_t at)
{
	const struct asked *item = &asking->items[at];
	size_t i = at;

	while (i > 0 && vm_identity_compare(&asking->items[i - 1].vm, &item->vm) == 0)
		i--;
	for (; i < asking->count; i++) {
		const struct asked *other = &asking->items[i];

		if (vm_identity_compare(&other->vm, &item->vm) != 0)
			return false;
		if (other->setting == item->setting && !other->released &&
		    other->order > item->order)
			return true;
	}
	return false;
}

int asking_note(struct asking *asking, unsigned rule, const struct request *request)
{
	bool found;
	size_t at = position(asking, &request->vm, rule, request->setting, &found);
	struct asked *item;

	if (!found && request->release)
		return 0;
	if (found && is_olds(&asking->items[at], request) &&
	    (request->release || !is_overtaken(asking, at)))
		return 0;
	item = found ? &asking->items[at] : insert(asking, at);
	if (item == NULL)
		return -ENOMEM;
	item->vm = request->vm;
	item->rule = rule;
	item->setting = request->setting;
	item->released = request->release;
	item->value = request->value;
	item->order = ++asking->order;
	return 1;
}

const struct setting_value *asking_find(const struct asking *asking, unsigned rule,
					const struct vm_identity *vm, enum setting setting)
{
	bool found;
	size_t at = position(asking, vm, rule, setting, &found);

	return found && !asking->items[at].released ? &asking->items[at].value : NULL;
}

void asking_keep_alive(struct asking *asking, const struct snapshot *snapshot)
{
	size_t i, vm = 0, kept = 0;

	for (i = 0; i < asking->count; i++) {
		const struct vm_identity *identity = &asking->items[i].vm;
		int order = 1;

		while (vm < snapshot->vm_count &&
		       (order = vm_identity_compare(&snapshot->vms[vm]->identity, identity)) < 0)
			vm++;
		if (identity->pid != 0 && (vm == snapshot->vm_count || order != 0))
			continue;
		if (kept != i)
			asking->items[kept] = asking->items[i];
		kept++;
	}
	asking->count = kept;
}

/* -- bytes ------------------------------------------------------------------------------ */

static void append_text(struct str *out, const char *text)
{
	size_t size = strlen(text);

	varint_append(out, size);
	str_append_bytes(out, text, size);
}

static bool take_text(struct cursor *c, char *ret, size_t ret_size)
{
	uint64_t size;

	if (!varint_take(c, &size) || size >= ret_size || size > cursor_left(c) ||
	    memchr(c->at, '\0', size) != NULL)
		return false;
	memcpy(ret, c->at, size);
	ret[size] = '\0';
	c->at += size;
	return true;
}

static void append_item(const struct asked *item, const struct policy *policy, struct str *out)
{
	varint_append(out, (uint64_t)item->vm.pid);
	varint_append(out, item->vm.start_ticks);
	varint_append(out, item->vm.ordinal);
	append_text(out, policy->rules[item->rule].name);
	append_text(out, setting_info[item->setting].name);
	varint_append(out, varint_fold(item->value.number));
	append_text(out, item->value.text);
}

void asking_append(const struct asking *asking, const struct policy *policy, struct str *out)
{
	uint64_t count = 0;
	size_t i;

	for (i = 0; i < asking->count; i++)
		count += !asking->items[i].released && asking->items[i].rule < policy->rule_count;
	varint_append(out, count);
	for (i = 0; i < asking->count; i++)
		if (!asking->items[i].released && asking->items[i].rule < policy->rule_count)
			append_item(&asking->items[i], policy, out);
}

static int rule_of_name(const struct policy *policy, const char *name)
{
	size_t i;

	for (i = 0; i < policy->rule_count; i++)
		if (strcmp(policy->rules[i].name, name) == 0)
			return (int)i;
	return -1;
}

static bool take_identity(struct cursor *c, struct vm_identity *ret)
{
	uint64_t pid, ticks, ordinal;

	if (!varint_take(c, &pid) || !varint_take(c, &ticks) || !varint_take(c, &ordinal) ||
	    pid > INT32_MAX || ordinal > UINT32_MAX)
		return false;
	*ret = (struct vm_identity){ .pid = (pid_t)pid, .ordinal = (uint32_t)ordinal,
				     .start_ticks = ticks };
	return true;
}

/* 1: a request in force; 0: of a rule or setting that is no more; -EBADMSG. */
static int take_item(struct cursor *c, const struct policy *policy, unsigned *ret_rule,
		     struct request *ret)
{
	char rule[64], setting[64];
	int rule_at, setting_at;
	uint64_t folded;

	memset(ret, 0, sizeof *ret);
	if (!take_identity(c, &ret->vm) || !take_text(c, rule, sizeof rule) ||
	    !take_text(c, setting, sizeof setting) || !varint_take(c, &folded) ||
	    !take_text(c, ret->value.text, sizeof ret->value.text))
		return -EBADMSG;
	ret->value.number = varint_unfold(folded);
	rule_at = rule_of_name(policy, rule);
	setting_at = setting_find(setting);
	if (rule_at < 0 || setting_at < 0)
		return 0;
	if (setting_info[setting_at].unit != SETTING_UNIT_TEXT &&
	    setting_check((enum setting)setting_at, ret->value.number, NULL) < 0)
		return -EBADMSG;
	*ret_rule = (unsigned)rule_at;
	ret->setting = (enum setting)setting_at;
	return 1;
}

int asking_take(struct asking *asking, const struct policy *policy, struct cursor *bytes)
{
	struct request request;
	uint64_t count;
	unsigned rule;
	int r;

	if (!varint_take(bytes, &count) || count > cursor_left(bytes))
		return -EBADMSG;
	for (; count > 0; count--) {
		r = take_item(bytes, policy, &rule, &request);
		if (r > 0)
			r = asking_note(asking, rule, &request);
		if (r < 0)
			return r;
	}
	return 0;
}
