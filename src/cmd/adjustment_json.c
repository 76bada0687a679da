/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/adjustment_text.h"

#include "ledger/ledger.h"
#include "report/json.h"
#include "report/plan_json.h"

static void put_text(struct json *json, const char *key, const char *text)
{
	json_key(json, key);
	json_text(json, text);
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
	plan_json_value(json, "from", outcome->setting, outcome->from_known ? &outcome->from : NULL);
	plan_json_value(json, "to", outcome->setting, &outcome->to);
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
	put_text(json, "kind", adjustment->note[0] != '\0' ? "note" : "adjustment");
	json_key(json, "id");
	json_uint(json, adjustment->id);
	json_key(json, "time");
	json_time(json, adjustment->realtime_usec);
	put_text(json, "boot", adjustment->boot);
	plan_json_vm(json, &adjustment->item);
}

static void put_item(struct json *json, const struct adjustment *adjustment)
{
	plan_json_item(json, &adjustment->item);
	json_key(json, "dry_run");
	json_bool(json, adjustment->dry_run);
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
