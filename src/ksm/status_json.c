/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A status as a line of JSON. */
#include "ksm/status_take.h"

#include "base/str.h"
#include "report/json.h"

#define PUT_HOST(name, help) put_number(json, #name, host->name);
#define PUT_VM(name, help) put_number(json, #name, vm->name);
#define PUT_KSM(name) put_number(json, #name, host->ksm.name);

static void put_number(struct json *json, const char *key, int64_t number)
{
	json_key(json, key);
	if (field_present(number))
		json_int(json, number);
	else
		json_nothing(json);
}

static void put_text(struct json *json, const char *key, const char *text)
{
	json_key(json, key);
	json_text(json, text);
}

static void put_host(struct json *json, const struct status_host *host)
{
	struct str verdict;

	json_key(json, "host");
	json_object_begin(json);
	json_key(json, "ksm");
	json_object_begin(json);
	KSM_FILES(PUT_KSM)
	put_text(json, "advisor_mode", host->ksm.advisor[0] != '\0' ? host->ksm.advisor : NULL);
	json_object_end(json);
	STATUS_HOST_FIGURES(PUT_HOST)
	str_init(&verdict);
	status_append_verdict(host, &verdict);
	put_text(json, "verdict", verdict.data);
	str_done(&verdict);
	json_object_end(json);
}

static void put_vm(struct json *json, const struct status_vm *vm)
{
	json_object_begin(json);
	put_text(json, "id", vm->id);
	json_key(json, "pid");
	json_int(json, vm->pid);
	put_text(json, "name", vm->name);
	put_text(json, "owner", vm->manager);
	put_text(json, "group", vm->group);
	put_text(json, "takes_part", vm->takes_part);
	STATUS_VM_FIGURES(PUT_VM)
	json_object_end(json);
}

static void put_pairs(struct json *json, const char *key, const struct status_pairs *pairs,
		      const struct status *status, bool of_groups, const bool *wanted)
{
	size_t i;

	json_key(json, key);
	json_array_begin(json);
	for (i = 0; i < pairs->count; i++) {
		const struct status_pair *pair = &pairs->pairs[i];

		if (!of_groups && wanted != NULL && !wanted[pair->a] && !wanted[pair->b])
			continue;
		json_object_begin(json);
		put_text(json, "a", of_groups ? status->groups[pair->a] : status->vms[pair->a].id);
		put_text(json, "b", of_groups ? status->groups[pair->b] : status->vms[pair->b].id);
		put_number(json, "common_bytes", pair->common_bytes);
		json_object_end(json);
	}
	json_array_end(json);
}

void status_append_json(const struct status *status, const bool *wanted, struct str *str)
{
	struct json json;
	size_t i;

	json_begin(&json, str);
	json_object_begin(&json);
	put_text(&json, "schema", "truce.ksm-status/1");
	json_key(&json, "time");
	json_time(&json, status->realtime_usec);
	put_number(&json, "realtime_usec", (int64_t)status->realtime_usec);
	put_number(&json, "monotonic_usec", (int64_t)status->monotonic_usec);
	put_host(&json, &status->host);
	json_key(&json, "vms");
	json_array_begin(&json);
	for (i = 0; i < status->vm_count; i++)
		if (wanted == NULL || wanted[i])
			put_vm(&json, &status->vms[i]);
	json_array_end(&json);
	put_text(&json, "frames_absent", status->frames_absent);
	put_pairs(&json, "pairs", &status->pairs, status, false, wanted);
	put_pairs(&json, "group_pairs", &status->group_pairs, status, true, wanted);
	json_object_end(&json);
	str_append_char(str, '\n');
}
