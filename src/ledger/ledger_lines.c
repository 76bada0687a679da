/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ledger/ledger_lines.h"

#include "base/str.h"
#include "report/json.h"
#include "report/plan_json.h"

#include <stdio.h>

static void put_text(struct json *json, const char *key, const char *text)
{
	json_key(json, key);
	json_text(json, text);
}

static void put_vm(struct json *json, const struct vm_identity *vm)
{
	char id[VM_ID_SIZE];

	json_key(json, "vm");
	if (vm == NULL || vm->pid == 0) {
		json_nothing(json);
		return;
	}
	vm_identity_format(vm, id);
	json_text(json, id);
}

/* As a person writes it, and as a number in the setting's own unit, which is exact. */
static void put_value(struct json *json, const char *key, enum setting setting, bool known,
		      const struct setting_value *value)
{
	char number_key[32];
	struct str text;

	json_key(json, key);
	if (!known) {
		json_nothing(json);
		return;
	}
	str_init(&text);
	setting_append(&text, setting, value);
	json_text_bytes(json, text.data != NULL ? text.data : "", text.length);
	str_done(&text);
	if (setting_info[setting].unit == SETTING_UNIT_TEXT)
		return;
	snprintf(number_key, sizeof number_key, "%s_number", key);
	json_key(json, number_key);
	json_int(json, value->number);
}

static void put_head(struct json *json, const struct ledger_head *head, const char *kind)
{
	json_object_begin(json);
	if (head->first)
		put_text(json, "schema", LEDGER_SCHEMA);
	put_text(json, "kind", kind);
	json_key(json, "id");
	json_uint(json, head->id);
	json_key(json, "time");
	json_time(json, head->realtime_usec);
	json_key(json, "time_usec");
	json_uint(json, head->realtime_usec);
	put_text(json, "boot", head->boot);
}

void ledger_append_item(struct str *out, const struct ledger_head *head,
			const struct plan_item *item, bool dry_run)
{
	struct json json;

	json_begin(&json, out);
	put_head(&json, head, "adjustment");
	put_vm(&json, &item->vm);
	put_text(&json, "name", item->vm_name);
	put_text(&json, "class", item->class_name);
	put_text(&json, "verdict", plan_verdict_name(item->verdict));
	put_text(&json, "asked", setting_info[item->asked].name);
	put_text(&json, "setting", setting_info[item->setting].name);
	put_value(&json, "from", item->setting, item->from_known, &item->from);
	/* What a released knob goes back to is only known when it is there again. */
	put_value(&json, "to", item->setting, item->verdict != PLAN_RELEASE, &item->to);
	put_text(&json, "where", item->where);
	put_text(&json, "predicted", item->predicted);
	put_text(&json, "reason", item->reason);
	json_key(&json, "dry_run");
	json_bool(&json, dry_run);
	plan_json_cause(&json, &item->cause);
	json_object_end(&json);
}

void ledger_append_outcome(struct str *out, uint64_t id, const struct outcome *outcome)
{
	struct json json;
	/* What was not set is not known to be there. */
	bool to_known = outcome->status == OUTCOME_APPLIED || outcome->status == OUTCOME_DRIFT ||
			outcome->status == OUTCOME_RESTORED;

	json_begin(&json, out);
	json_object_begin(&json);
	put_text(&json, "kind", "outcome");
	json_key(&json, "id");
	json_uint(&json, id);
	json_key(&json, "time");
	json_time(&json, outcome->realtime_usec);
	json_key(&json, "time_usec");
	json_uint(&json, outcome->realtime_usec);
	put_vm(&json, &outcome->vm);
	put_text(&json, "setting", setting_info[outcome->setting].name);
	put_text(&json, "status", outcome_status_name(outcome->status));
	put_value(&json, "from", outcome->setting, outcome->from_known, &outcome->from);
	put_value(&json, "to", outcome->setting, to_known, &outcome->to);
	put_text(&json, "where", outcome->where);
	put_text(&json, "text", outcome->text);
	json_object_end(&json);
}

static void put_figures(struct json *json, const char *key, const bool *known,
			const int64_t *values)
{
	unsigned i;

	json_key(json, key);
	json_object_begin(json);
	for (i = 0; i < EFFECT_COUNT; i++) {
		json_key(json, effect_figure_name(i));
		if (known[i])
			json_int(json, values[i]);
		else
			json_nothing(json);
	}
	json_object_end(json);
}

void ledger_append_effect(struct str *out, uint64_t id, const struct effect *effect)
{
	struct json json;

	json_begin(&json, out);
	json_object_begin(&json);
	put_text(&json, "kind", "effect");
	json_key(&json, "id");
	json_uint(&json, id);
	json_key(&json, "before_usec");
	json_uint(&json, effect->before_usec);
	json_key(&json, "after_usec");
	json_uint(&json, effect->after_usec);
	put_figures(&json, "before", effect->before_known, effect->before);
	put_figures(&json, "after", effect->after_known, effect->after);
	json_object_end(&json);
}

void ledger_append_note(struct str *out, const struct ledger_head *head,
			const struct vm_identity *vm, const char *vm_name, const char *policy,
			const char *note)
{
	struct json json;

	json_begin(&json, out);
	put_head(&json, head, "note");
	put_vm(&json, vm);
	put_text(&json, "name", vm_name != NULL ? vm_name : "");
	put_text(&json, "policy", policy);
	put_text(&json, "note", note);
	json_object_end(&json);
}
