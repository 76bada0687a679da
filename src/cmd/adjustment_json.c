/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/adjustment_text.h"

#include "base/str.h"
#include "ledger/ledger.h"
#include "report/json.h"

static void put_text(struct json *json, const char *key, const char *text)
{
	json_key(json, key);
	json_text(json, text);
}

/* As text, as the ledger and truce set write values; null where it is not known. */
static void put_value(struct json *json, const char *key, enum setting setting,
		      const struct setting_value *value)
{
	struct str text;

	json_key(json, key);
	if (value == NULL) {
		json_nothing(json);
		return;
	}
	str_init(&text);
	setting_append(&text, setting, value);
	json_text(json, text.data != NULL ? text.data : "");
	str_done(&text);
}

static void put_cause(struct json *json, const struct cause *cause)
{
	size_t i;

	json_key(json, "cause");
	json_object_begin(json);
	put_text(json, "policy", cause->policy);
	put_text(json, "path", cause->path);
	json_key(json, "line");
	json_int(json, cause->line);
	put_text(json, "rule", cause->rule);
	put_text(json, "because", cause->because);
	json_key(json, "inputs");
	json_array_begin(json);
	for (i = 0; i < cause->input_count && i < CAUSE_INPUTS_MAX; i++) {
		json_object_begin(json);
		put_text(json, "name", cause->inputs[i].name);
		put_text(json, "value", cause->inputs[i].value);
		json_object_end(json);
	}
	json_array_end(json);
	json_object_end(json);
}

static void put_outcome(struct json *json, const struct adjustment *adjustment)
{
	const struct outcome *outcome = &adjustment->outcome;

	json_key(json, "outcome");
	if (!adjustment->has_outcome) {
		json_nothing(json);
		return;
	}
	json_object_begin(json);
	put_text(json, "status", outcome_status_name(outcome->status));
	json_key(json, "time");
	json_time(json, outcome->realtime_usec);
	put_value(json, "from", outcome->setting, outcome->from_known ? &outcome->from : NULL);
	put_value(json, "to", outcome->setting, &outcome->to);
	put_text(json, "where", outcome->where);
	put_text(json, "text", outcome->text);
	json_object_end(json);
}

static void put_figures(struct json *json, const char *key, const bool known[EFFECT_COUNT],
			const int64_t value[EFFECT_COUNT])
{
	size_t i;

	json_key(json, key);
	json_object_begin(json);
	for (i = 0; i < EFFECT_COUNT; i++) {
		json_key(json, effect_figure_name((enum effect_figure)i));
		if (known[i])
			json_int(json, value[i]);
		else
			json_nothing(json);
	}
	json_object_end(json);
}

static void put_effect(struct json *json, const struct adjustment *adjustment)
{
	const struct effect *effect = &adjustment->effect;

	json_key(json, "effect");
	if (!adjustment->has_effect) {
		json_nothing(json);
		return;
	}
	json_object_begin(json);
	json_key(json, "before_usec");
	json_uint(json, effect->before_usec);
	json_key(json, "after_usec");
	json_uint(json, effect->after_usec);
	put_figures(json, "before", effect->before_known, effect->before);
	put_figures(json, "after", effect->after_known, effect->after);
	json_object_end(json);
}

static void put_head(struct json *json, const struct adjustment *adjustment)
{
	const struct plan_item *item = &adjustment->item;
	char id[VM_ID_SIZE];

	put_text(json, "kind", adjustment->note[0] != '\0' ? "note" : "adjustment");
	json_key(json, "id");
	json_uint(json, adjustment->id);
	json_key(json, "time");
	json_time(json, adjustment->realtime_usec);
	put_text(json, "boot", adjustment->boot);
	vm_identity_format(&item->vm, id);
	put_text(json, "vm", item->vm.pid != 0 ? id : NULL);
	put_text(json, "name", item->vm_name);
}

static void put_item(struct json *json, const struct adjustment *adjustment)
{
	const struct plan_item *item = &adjustment->item;
	bool released = item->verdict == PLAN_RELEASE;

	put_text(json, "class", item->class_name);
	put_text(json, "verdict", plan_verdict_name(item->verdict));
	put_text(json, "asked", setting_info[item->asked].name);
	put_text(json, "setting", setting_info[item->setting].name);
	put_value(json, "from", item->setting, item->from_known ? &item->from : NULL);
	put_value(json, "to", item->setting, released ? NULL : &item->to);
	put_text(json, "where", item->where);
	put_text(json, "predicted", item->predicted);
	put_text(json, "reason", item->reason);
	json_key(json, "dry_run");
	json_bool(json, adjustment->dry_run);
	put_cause(json, &item->cause);
	put_outcome(json, adjustment);
	put_effect(json, adjustment);
}

void adjustment_append_json(struct json *json, const struct adjustment *adjustment,
			    const char *schema)
{
	json_object_begin(json);
	if (schema != NULL)
		put_text(json, "schema", schema);
	put_head(json, adjustment);
	if (adjustment->note[0] != '\0') {
		put_text(json, "policy", adjustment->item.cause.policy);
		put_text(json, "note", adjustment->note);
	} else {
		put_item(json, adjustment);
	}
	json_object_end(json);
}
