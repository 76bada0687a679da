/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A status out of a line of JSON, which may be a stranger's. What is missing is absent. */
#include "ksm/status_take.h"

#include "base/error.h"
#include "base/text.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#define TAKE_HOST(name, help) host->name = number_of(json, #name);
#define TAKE_VM(name, help) vm->name = number_of(json, #name);
#define TAKE_KSM(name) host->ksm.name = number_of(json, #name);

static int64_t number_of(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return json_is_integer(value) ? json_integer_value(value) : FIELD_ABSENT;
}

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static bool copy_text(char **ret, const char *text)
{
	if (text == NULL)
		return true;
	*ret = strdup(text);
	return *ret != NULL;
}

static void take_ksm(const json_t *json, struct status_host *host)
{
	const char *advisor = text_of(json, "advisor_mode");

	KSM_FILES(TAKE_KSM)
	if (advisor != NULL)
		text_copy(host->ksm.advisor, sizeof host->ksm.advisor, advisor, strlen(advisor));
}

static void take_host(const json_t *json, struct status_host *host)
{
	STATUS_HOST_FIGURES(TAKE_HOST)
	take_ksm(json_object_get(json, "ksm"), host);
}

static const char *reason_of(const char *text)
{
	size_t i;

	for (i = 0; text != NULL && status_reasons[i] != NULL; i++)
		if (strcmp(text, status_reasons[i]) == 0)
			return status_reasons[i];
	return "not told";
}

static int take_vm(const json_t *json, struct status *status)
{
	struct status_vm *vm = status_add_vm(status);
	const char *id = text_of(json, "id");
	int64_t pid = number_of(json, "pid");

	if (vm == NULL)
		return -ENOMEM;
	if (id == NULL || strlen(id) >= sizeof vm->id)
		return -EINVAL;
	strcpy(vm->id, id);
	vm->pid = pid > 0 && pid <= INT32_MAX ? (pid_t)pid : 0;
	vm->takes_part = reason_of(text_of(json, "takes_part"));
	STATUS_VM_FIGURES(TAKE_VM)
	return copy_text(&vm->name, text_of(json, "name")) &&
	       copy_text(&vm->manager, text_of(json, "owner")) &&
	       copy_text(&vm->group, text_of(json, "group")) ? 0 : -ENOMEM;
}

static bool vm_index(const struct status *status, const char *id, size_t *ret)
{
	for (*ret = 0; *ret < status->vm_count; ++*ret)
		if (strcmp(status->vms[*ret].id, id) == 0)
			return true;
	return false;
}

/* A pair with a VM that is not told of is left out. */
static int take_pair(const json_t *json, struct status *status, bool of_groups)
{
	const char *a = text_of(json, "a"), *b = text_of(json, "b");
	int64_t bytes = number_of(json, "common_bytes");
	size_t first, second;

	if (a == NULL || b == NULL || bytes < 0)
		return -EINVAL;
	if (of_groups)
		return status_group(status, a, &first) && status_group(status, b, &second) &&
		       status_add_pair(&status->group_pairs, first, second, bytes) ? 0 : -ENOMEM;
	if (!vm_index(status, a, &first) || !vm_index(status, b, &second))
		return 0;
	return status_add_pair(&status->pairs, first, second, bytes) ? 0 : -ENOMEM;
}

static int take_all(const json_t *json, struct status *status)
{
	int64_t realtime = number_of(json, "realtime_usec");
	int64_t monotonic = number_of(json, "monotonic_usec");
	const json_t *item;
	size_t i;
	int r = 0;

	if (realtime < 0 || monotonic < 0)
		return -EINVAL;
	status->realtime_usec = (uint64_t)realtime;
	status->monotonic_usec = (uint64_t)monotonic;
	take_host(json_object_get(json, "host"), &status->host);
	json_array_foreach(json_object_get(json, "vms"), i, item)
		if (r == 0)
			r = take_vm(item, status);
	json_array_foreach(json_object_get(json, "pairs"), i, item)
		if (r == 0)
			r = take_pair(item, status, false);
	json_array_foreach(json_object_get(json, "group_pairs"), i, item)
		if (r == 0)
			r = take_pair(item, status, true);
	if (r == 0 && !copy_text(&status->frames_absent, text_of(json, "frames_absent")))
		r = -ENOMEM;
	return r;
}

int status_parse(const char *bytes, size_t size, struct status *status, struct error *err)
{
	json_error_t why;
	json_t *json = json_loadb(bytes, size, JSON_REJECT_DUPLICATES, &why);
	const char *schema = text_of(json, "schema");
	int r;

	if (json == NULL)
		return error_set(err, -EINVAL, "no JSON at character %d", why.position);
	status_done(status);
	if (schema == NULL || strcmp(schema, "truce.ksm-status/1") != 0)
		r = error_set(err, -EINVAL, "is not of schema truce.ksm-status/1");
	else
		r = take_all(json, status);
	json_decref(json);
	if (r == -ENOMEM)
		return error_set(err, r, "out of memory");
	return r < 0 ? error_set(err, r, "is not as truce ksm watch records it") : 0;
}
