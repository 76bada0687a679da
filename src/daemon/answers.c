/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/answers.h"

#include "control/control.h"
#include "daemon/policies.h"
#include "report/json.h"
#include "report/plan_json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void put_text(struct json *json, const char *key, const char *text)
{
	json_key(json, key);
	json_text(json, text);
}

static void put_uint(struct json *json, const char *key, uint64_t number)
{
	json_key(json, key);
	json_uint(json, number);
}

static void put_bool(struct json *json, const char *key, bool value)
{
	json_key(json, key);
	json_bool(json, value);
}

static void begin(struct json *json, struct str *out)
{
	json_begin(json, out);
	json_object_begin(json);
	put_bool(json, "ok", true);
}

/* -- status ------------------------------------------------------------------------------- */

static size_t count_managed(const struct daemon *daemon)
{
	struct map_slot *slot;
	size_t at, count = 0;

	for (at = 0; (slot = map_next(&daemon->records, &at)) != NULL;) {
		const struct vm_record *record = slot->value;

		count += record != daemon->host && record->managed && record->class_name[0] != '\0';
	}
	return count;
}

static void put_counts(struct json *json, const struct daemon *daemon)
{
	static const char *const names[COUNT_COUNT] = { "applied", "refused", "gone", "late", "drift",
							"restored", "held", "cannot" };
	unsigned i;

	json_key(json, "counts");
	json_object_begin(json);
	for (i = 0; i < COUNT_COUNT; i++)
		put_uint(json, names[i], daemon->counts[i]);
	json_object_end(json);
}

static void put_own(struct json *json, const struct daemon *daemon)
{
	const struct budget *budget = &daemon->budget;
	const struct host *host = &daemon->snapshot->host;

	json_key(json, "own");
	json_object_begin(json);
	put_uint(json, "cpu_permyriad", (uint64_t)budget_own_permyriad(budget));
	put_uint(json, "rss_bytes", budget->own_rss_bytes);
	put_uint(json, "deciders_cpu_permyriad", (uint64_t)budget_deciders_permyriad(budget));
	put_uint(json, "deciders_rss_bytes", budget->deciders_rss_bytes);
	json_key(json, "tick_usec");
	json_int(json, host->value[HOST_OWN_TICK]);
	put_uint(json, "cold_usec", observe_cold_usec(daemon->observe));
	put_uint(json, "births", daemon->births);
	put_uint(json, "birth_usec_worst", daemon->birth_usec_worst);
	put_uint(json, "budget_permyriad", (uint64_t)budget->permyriad);
	put_bool(json, "over_budget", budget_is_over(budget));
	json_object_end(json);
}

static void put_troubles(struct json *json, const struct daemon *daemon)
{
	size_t i;

	json_key(json, "troubles");
	json_array_begin(json);
	if (daemon->journal_trouble[0] != '\0')
		json_text(json, daemon->journal_trouble);
	if (daemon->ledger_trouble[0] != '\0')
		json_text(json, daemon->ledger_trouble);
	for (i = 0; i < daemon->policy_count; i++)
		if (daemon->policies[i]->trouble[0] != '\0')
			json_text(json, daemon->policies[i]->trouble);
	json_array_end(json);
}

void answer_status(struct daemon *daemon, struct str *out)
{
	struct json json;

	begin(&json, out);
	put_text(&json, "schema", CONTROL_SCHEMA);
	put_text(&json, "version", TRUCE_VERSION);
	put_uint(&json, "pid", (uint64_t)getpid());
	put_text(&json, "mode", mode_name(daemon->mode));
	put_bool(&json, "paused", daemon->hand.paused);
	put_uint(&json, "started_usec", daemon->started_usec);
	put_uint(&json, "interval_usec", turns_interval_usec(daemon));
	put_uint(&json, "interval_stretched", daemon->budget.stretch);
	put_uint(&json, "vms", daemon->snapshot->vm_count);
	put_uint(&json, "managed", count_managed(daemon));
	put_uint(&json, "policies", daemon->policy_count);
	put_uint(&json, "holds", daemon->hand.hold_count);
	put_uint(&json, "paused_vms", daemon->hand.vm_count);
	put_uint(&json, "leases", leases_count(daemon->leases));
	json_key(&json, "journal");
	json_object_begin(&json);
	put_bool(&json, "full", daemon->journal_full);
	put_text(&json, "error", daemon->journal_full ? daemon->journal_trouble : NULL);
	json_object_end(&json);
	put_counts(&json, daemon);
	put_own(&json, daemon);
	put_troubles(&json, daemon);
	json_object_end(&json);
}

/* -- vms ---------------------------------------------------------------------------------- */

static void put_cause(struct json *json, const struct cause *cause)
{
	put_text(json, "policy", cause->policy);
	put_text(json, "path", cause->path);
	json_key(json, "line");
	json_int(json, cause->line);
	put_text(json, "rule", cause->rule);
	put_text(json, "because", cause->because);
}

static void put_settings(struct json *json, const struct vm_record *record)
{
	size_t i;

	json_key(json, "settings");
	json_array_begin(json);
	for (i = 0; i < record->setting_count; i++) {
		const struct vm_setting *setting = &record->settings[i];

		if (!setting->set)
			continue;
		json_object_begin(json);
		put_text(json, "setting", setting_info[setting->item.setting].name);
		put_text(json, "asked", setting_info[setting->item.asked].name);
		plan_json_value(json, "value", setting->item.setting, &setting->value);
		plan_json_value(json, "from", setting->item.setting,
			  setting->item.from_known ? &setting->item.from : NULL);
		put_text(json, "where", setting->item.where);
		put_cause(json, &setting->item.cause);
		put_uint(json, "since_usec", setting->since_usec);
		put_uint(json, "id", setting->id);
		put_bool(json, "dry_run", setting->dry_run);
		json_object_end(json);
	}
	json_array_end(json);
}

static void put_holds(struct json *json, const struct daemon *daemon, const struct vm_record *record)
{
	size_t i;

	json_key(json, "holds");
	json_array_begin(json);
	for (i = 0; i < daemon->hand.hold_count; i++) {
		const struct hold *hold = &daemon->hand.holds[i];

		if (vm_identity_compare(&hold->vm, &record->vm) != 0 ||
		    (record == daemon->host && hold->vm_name[0] != '\0'))
			continue;
		json_object_begin(json);
		put_text(json, "setting", setting_info[hold->setting].name);
		plan_json_value(json, "value", hold->setting, &hold->value);
		put_uint(json, "until_usec", hold->until_usec);
		json_object_end(json);
	}
	json_array_end(json);
}

/* Of the last plan for everybody. */
static void put_waiting(struct json *json, const struct daemon *daemon,
			const struct vm_record *record, const char *key, enum plan_verdict verdict)
{
	size_t i;

	json_key(json, key);
	json_array_begin(json);
	for (i = 0; i < daemon->plan.count; i++) {
		const struct plan_item *item = &daemon->plan.items[i];

		if (item->verdict != verdict || vm_identity_compare(&item->vm, &record->vm) != 0)
			continue;
		json_object_begin(json);
		put_text(json, "setting", setting_info[item->asked].name);
		put_text(json, "reason", item->reason);
		json_object_end(json);
	}
	json_array_end(json);
}

static void put_last(struct json *json, const struct vm_record *record)
{
	const struct plan_item *last = record->last;

	json_key(json, "last");
	if (last == NULL) {
		json_nothing(json);
		return;
	}
	json_object_begin(json);
	put_uint(json, "id", record->last_id);
	put_uint(json, "time_usec", record->last_usec);
	put_text(json, "verdict", plan_verdict_name(last->verdict));
	put_text(json, "setting", setting_info[last->setting].name);
	plan_json_value(json, "from", last->setting, last->from_known ? &last->from : NULL);
	plan_json_value(json, "to", last->setting, last->verdict == PLAN_SET ? &last->to : NULL);
	put_cause(json, &last->cause);
	put_text(json, "outcome", record->last_told ? outcome_status_name(record->last_status) : NULL);
	json_object_end(json);
}

static void put_record(struct json *json, const struct daemon *daemon, const struct vm_record *record)
{
	char id[VM_ID_SIZE] = "host";

	if (record != daemon->host)
		vm_identity_format(&record->vm, id);
	json_object_begin(json);
	put_text(json, "id", id);
	put_text(json, "name", record->name);
	put_text(json, "class", record->class_name);
	put_text(json, "policy", record->policy);
	put_bool(json, "managed", record->managed);
	put_bool(json, "paused", daemon->hand.paused || holds_is_paused(&daemon->hand, &record->vm));
	put_settings(json, record);
	put_holds(json, daemon, record);
	put_waiting(json, daemon, record, "cannot", PLAN_CANNOT);
	put_waiting(json, daemon, record, "held", PLAN_HELD);
	put_last(json, record);
	json_object_end(json);
}

void answer_vms(struct daemon *daemon, struct vm_record *only, struct str *out)
{
	struct json json;
	size_t i;

	begin(&json, out);
	json_key(&json, "vms");
	json_array_begin(&json);
	if (only != NULL)
		put_record(&json, daemon, only);
	for (i = 0; only == NULL && i < daemon->snapshot->vm_count; i++) {
		const struct vm_record *record = record_of(daemon, &daemon->snapshot->vms[i]->identity);

		if (record != NULL)
			put_record(&json, daemon, record);
	}
	if (only == NULL && (daemon->host->setting_count > 0 || daemon->host->last != NULL))
		put_record(&json, daemon, daemon->host);
	json_array_end(&json);
	json_object_end(&json);
}

/* -- policies ----------------------------------------------------------------------------- */

static size_t count_class(const struct daemon *daemon, const struct loaded *loaded, const char *class)
{
	struct map_slot *slot;
	size_t at, count = 0;

	for (at = 0; (slot = map_next(&daemon->records, &at)) != NULL;) {
		const struct vm_record *record = slot->value;

		count += strcmp(record->policy, loaded->name) == 0 && strcmp(record->class_name, class) == 0;
	}
	return count;
}

static void put_class(struct json *json, const struct daemon *daemon, const struct loaded *loaded,
		      size_t index)
{
	const struct policy *policy = loaded->policy;
	const struct policy_class *class = &policy->classes[index];
	size_t i;

	json_object_begin(json);
	put_text(json, "name", class->name);
	json_key(json, "line");
	json_int(json, class->line);
	put_uint(json, "vms", count_class(daemon, loaded, class->name));
	json_key(json, "intents");
	json_array_begin(json);
	for (i = 0; i < policy->intent_count; i++) {
		const struct policy_intent *intent = &policy->intents[i];

		if (intent->class_index != index)
			continue;
		json_object_begin(json);
		put_text(json, "setting", setting_info[intent->setting].name);
		plan_json_value(json, "value", intent->setting, &intent->value);
		json_key(json, "line");
		json_int(json, intent->line);
		json_object_end(json);
	}
	json_array_end(json);
	json_object_end(json);
}

static void put_classes_and_rules(struct json *json, const struct daemon *daemon,
				  const struct loaded *loaded)
{
	const struct policy *policy = loaded->policy;
	size_t i;

	json_key(json, "classes");
	json_array_begin(json);
	for (i = 0; i < policy->class_count; i++)
		put_class(json, daemon, loaded, i);
	json_array_end(json);
	json_key(json, "rules");
	json_array_begin(json);
	for (i = 0; i < policy->rule_count; i++) {
		json_object_begin(json);
		put_text(json, "name", policy->rules[i].name);
		json_key(json, "line");
		json_int(json, policy->rules[i].line);
		put_text(json, "scope", policy->rules[i].scope == SETTING_SCOPE_VM ? "vm" : "host");
		json_object_end(json);
	}
	json_array_end(json);
}

static void put_hash(struct json *json, const struct loaded *loaded)
{
	char text[17];
	uint64_t hash;
	size_t size;

	decider_source(loaded->decider, &size, &hash);
	snprintf(text, sizeof text, "%016" PRIx64, hash);
	put_text(json, "hash", text);
}

static const char *language_of(const struct loaded *loaded)
{
	return decider_language(loaded->decider) == DECIDER_LUA ? "lua" : "c";
}

static void put_policy(struct json *json, const struct daemon *daemon, const struct loaded *loaded)
{
	json_object_begin(json);
	put_text(json, "name", loaded->name);
	put_text(json, "path", loaded->origin);
	put_text(json, "language", language_of(loaded));
	put_bool(json, "kept", loaded->kept);
	put_hash(json, loaded);
	put_uint(json, "interval_usec", loaded->policy->interval_usec);
	put_uint(json, "loaded_usec", loaded->loaded_usec);
	put_classes_and_rules(json, daemon, loaded);
	put_uint(json, "requests", loaded->asked.count);
	put_uint(json, "turns", loaded->turns);
	put_uint(json, "errors", loaded->errors);
	put_uint(json, "restarts", loaded->restarts);
	put_text(json, "trouble", loaded->trouble);
	put_uint(json, "turn_cpu_usec", loaded->turn_cpu_usec);
	json_object_end(json);
}

void answer_policies(struct daemon *daemon, struct str *out)
{
	struct json json;
	size_t i;

	begin(&json, out);
	json_key(&json, "policies");
	json_array_begin(&json);
	for (i = 0; i < daemon->policy_count; i++)
		put_policy(&json, daemon, daemon->policies[i]);
	json_array_end(&json);
	json_object_end(&json);
}

void answer_source(const struct loaded *loaded, struct str *out)
{
	struct json json;
	const char *source;
	uint64_t hash;
	size_t size;

	source = decider_source(loaded->decider, &size, &hash);
	begin(&json, out);
	put_text(&json, "name", loaded->name);
	put_text(&json, "path", loaded->origin);
	put_text(&json, "language", language_of(loaded));
	put_hash(&json, loaded);
	json_key(&json, "source");
	if (decider_language(loaded->decider) == DECIDER_LUA)
		json_text_bytes(&json, source, size);
	else
		json_nothing(&json);
	json_object_end(&json);
}

void answer_metrics(struct daemon *daemon, struct str *out)
{
	struct json json;
	struct str text;

	begin(&json, out);
	str_init(&text);
	metrics_append(daemon, false, &text);
	json_key(&json, "text");
	json_text_bytes(&json, text.data != NULL ? text.data : "", text.length);
	str_clear(&text);
	metrics_append(daemon, true, &text);
	json_key(&json, "openmetrics");
	json_text_bytes(&json, text.data != NULL ? text.data : "", text.length);
	str_done(&text);
	json_object_end(&json);
}
