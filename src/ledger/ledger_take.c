/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading back: a ledger may have been cut, mixed up or written by another version. */
#include "ledger/ledger_lines.h"

#include "base/cursor.h"
#include "base/text.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

static void take_text(const json_t *json, const char *key, char *ret, size_t size)
{
	const json_t *value = json_object_get(json, key);

	ret[0] = '\0';
	if (json_is_string(value))
		text_copy(ret, size, json_string_value(value), json_string_length(value));
}

static uint64_t take_uint(const json_t *json, const char *key)
{
	json_int_t number = json_integer_value(json_object_get(json, key));

	return number > 0 ? (uint64_t)number : 0;
}

static void take_vm(const json_t *json, struct vm_identity *ret)
{
	const char *id = json_string_value(json_object_get(json, "vm"));
	struct cursor c = cursor_over(id != NULL ? id : "", id != NULL ? strlen(id) : 0);
	uint64_t pid, start, ordinal;

	memset(ret, 0, sizeof *ret);
	if (!cursor_take_u64(&c, &pid) || !cursor_take_text(&c, "-") || !cursor_take_u64(&c, &start) ||
	    !cursor_take_text(&c, "-") || !cursor_take_u64(&c, &ordinal) || pid > INT32_MAX ||
	    ordinal > UINT32_MAX)
		return;
	ret->pid = (pid_t)pid;
	ret->start_ticks = start;
	ret->ordinal = (uint32_t)ordinal;
}

static bool take_setting(const json_t *json, const char *key, enum setting *ret)
{
	const char *name = json_string_value(json_object_get(json, key));
	int found = name != NULL ? setting_find(name) : -1;

	*ret = found >= 0 ? (enum setting)found : 0;
	return found >= 0;
}

static bool take_value(const json_t *json, const char *key, enum setting setting,
		       struct setting_value *ret)
{
	char number_key[32];
	const json_t *number;

	memset(ret, 0, sizeof *ret);
	if (!json_is_string(json_object_get(json, key)))
		return false;
	if (setting_info[setting].unit == SETTING_UNIT_TEXT) {
		take_text(json, key, ret->text, sizeof ret->text);
		return true;
	}
	snprintf(number_key, sizeof number_key, "%s_number", key);
	number = json_object_get(json, number_key);
	ret->number = json_integer_value(number);
	return json_is_integer(number);
}

static void take_inputs(const json_t *inputs, struct cause *ret)
{
	size_t i, count = json_array_size(inputs);

	for (i = 0; i < count && i < CAUSE_INPUTS_MAX; i++) {
		const json_t *input = json_array_get(inputs, i);

		take_text(input, "name", ret->inputs[i].name, sizeof ret->inputs[i].name);
		take_text(input, "value", ret->inputs[i].value, sizeof ret->inputs[i].value);
		ret->input_count = i + 1;
	}
}

static void take_cause(const json_t *json, struct cause *ret)
{
	json_int_t line = json_integer_value(json_object_get(json, "line"));

	take_text(json, "policy", ret->policy, sizeof ret->policy);
	take_text(json, "path", ret->path, sizeof ret->path);
	ret->line = line > 0 && line < INT32_MAX ? (int)line : 0;
	take_text(json, "rule", ret->rule, sizeof ret->rule);
	take_text(json, "because", ret->because, sizeof ret->because);
	take_inputs(json_object_get(json, "inputs"), ret);
}

static bool take_verdict(const json_t *json, enum plan_verdict *ret)
{
	const char *name = json_string_value(json_object_get(json, "verdict"));
	unsigned i;

	for (i = 0; name != NULL && i < PLAN_VERDICT_COUNT; i++) {
		if (strcmp(plan_verdict_name(i), name) == 0) {
			*ret = i;
			return true;
		}
	}
	return false;
}

static void take_head(const json_t *json, struct adjustment *ret)
{
	memset(ret, 0, sizeof *ret);
	ret->id = take_uint(json, "id");
	ret->realtime_usec = take_uint(json, "time_usec");
	take_text(json, "boot", ret->boot, sizeof ret->boot);
	take_vm(json, &ret->item.vm);
	take_text(json, "name", ret->item.vm_name, sizeof ret->item.vm_name);
}

static bool take_item(const json_t *json, struct adjustment *ret)
{
	struct plan_item *item = &ret->item;

	take_head(json, ret);
	if (!take_verdict(json, &item->verdict) || !take_setting(json, "setting", &item->setting) ||
	    !take_setting(json, "asked", &item->asked))
		return false;
	take_text(json, "class", item->class_name, sizeof item->class_name);
	item->from_known = take_value(json, "from", item->setting, &item->from);
	take_value(json, "to", item->setting, &item->to);
	take_text(json, "where", item->where, sizeof item->where);
	take_text(json, "predicted", item->predicted, sizeof item->predicted);
	take_text(json, "reason", item->reason, sizeof item->reason);
	ret->dry_run = json_is_true(json_object_get(json, "dry_run"));
	take_cause(json_object_get(json, "cause"), &item->cause);
	return true;
}

static bool take_outcome(const json_t *json, struct adjustment *ret)
{
	const char *status = json_string_value(json_object_get(json, "status"));
	struct outcome outcome = { .realtime_usec = take_uint(json, "time_usec") };
	unsigned i;

	for (i = 0; status != NULL && i < OUTCOME_STATUS_COUNT; i++)
		if (strcmp(outcome_status_name(i), status) == 0)
			break;
	if (status == NULL || i == OUTCOME_STATUS_COUNT || !take_setting(json, "setting", &outcome.setting))
		return false;
	outcome.status = i;
	take_vm(json, &outcome.vm);
	outcome.from_known = take_value(json, "from", outcome.setting, &outcome.from);
	take_value(json, "to", outcome.setting, &outcome.to);
	take_text(json, "where", outcome.where, sizeof outcome.where);
	take_text(json, "text", outcome.text, sizeof outcome.text);
	ret->outcome = outcome;
	ret->has_outcome = true;
	return true;
}

static void take_figures(const json_t *json, bool *known, int64_t *values)
{
	unsigned i;

	for (i = 0; i < EFFECT_COUNT; i++) {
		const json_t *value = json_object_get(json, effect_figure_name(i));

		known[i] = json_is_integer(value);
		values[i] = json_integer_value(value);
	}
}

static bool take_effect(const json_t *json, struct adjustment *ret)
{
	struct effect *effect = &ret->effect;

	effect->before_usec = take_uint(json, "before_usec");
	effect->after_usec = take_uint(json, "after_usec");
	take_figures(json_object_get(json, "before"), effect->before_known, effect->before);
	take_figures(json_object_get(json, "after"), effect->after_known, effect->after);
	ret->has_effect = true;
	return true;
}

static bool take_note(const json_t *json, struct adjustment *ret)
{
	take_head(json, ret);
	take_text(json, "policy", ret->item.cause.policy, sizeof ret->item.cause.policy);
	take_text(json, "note", ret->note, sizeof ret->note);
	return ret->note[0] != '\0';
}

static const struct {
	const char *name;
	bool (*take)(const json_t *json, struct adjustment *ret);
} kinds[] = {
	[LEDGER_ITEM] = { "adjustment", take_item },
	[LEDGER_OUTCOME] = { "outcome", take_outcome },
	[LEDGER_EFFECT] = { "effect", take_effect },
	[LEDGER_NOTE] = { "note", take_note },
};

static int take_kind(const json_t *json, enum ledger_kind *ret_kind, uint64_t *ret_id,
		     struct adjustment *ret)
{
	const char *kind = json_string_value(json_object_get(json, "kind"));
	unsigned i;

	*ret_id = take_uint(json, "id");
	if (kind == NULL || *ret_id == 0)
		return -EBADMSG;
	for (i = 0; i < LEDGER_OTHER; i++) {
		if (strcmp(kinds[i].name, kind) == 0) {
			*ret_kind = i;
			return kinds[i].take(json, ret) ? 0 : -EBADMSG;
		}
	}
	*ret_kind = LEDGER_OTHER;
	return 0;
}

int ledger_take_line(const char *line, size_t size, enum ledger_kind *ret_kind, uint64_t *ret_id,
		     struct adjustment *ret)
{
	json_t *json = json_loadb(line, size, 0, NULL);
	int r = json_is_object(json) ? take_kind(json, ret_kind, ret_id, ret) : -EBADMSG;

	json_decref(json);
	return r;
}
