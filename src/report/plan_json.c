/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/plan_json.h"

#include "base/str.h"
#include "report/json.h"

static void put_text(struct json *json, const char *key, const char *text)
{
	json_key(json, key);
	json_text(json, text);
}

void plan_json_value(struct json *json, const char *key, enum setting setting,
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

void plan_json_cause(struct json *json, const struct cause *cause)
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

void plan_json_vm(struct json *json, const struct plan_item *item)
{
	char id[VM_ID_SIZE];

	vm_identity_format(&item->vm, id);
	put_text(json, "vm", item->vm.pid != 0 ? id : NULL);
	put_text(json, "name", item->vm_name);
}

void plan_json_item(struct json *json, const struct plan_item *item)
{
	put_text(json, "class", item->class_name);
	put_text(json, "verdict", plan_verdict_name(item->verdict));
	put_text(json, "asked", setting_info[item->asked].name);
	put_text(json, "setting", setting_info[item->setting].name);
	plan_json_value(json, "from", item->setting, item->from_known ? &item->from : NULL);
	plan_json_value(json, "to", item->setting,
			item->verdict != PLAN_RELEASE ? &item->to : NULL);
	put_text(json, "where", item->where);
	put_text(json, "predicted", item->predicted);
	put_text(json, "reason", item->reason);
	plan_json_cause(json, &item->cause);
}
