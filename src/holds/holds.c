/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "holds/holds.h"

#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/keep_file.h"
#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"
#include "model/snapshot.h"
#include "report/json.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#define FILE_MOST (4u << 20)

void holds_done(struct holds *holds)
{
	free(holds->vms);
	free(holds->holds);
	memset(holds, 0, sizeof *holds);
}

bool holds_is_paused(const struct holds *holds, const struct vm_identity *vm)
{
	size_t i;

	for (i = 0; i < holds->vm_count; i++)
		if (vm_identity_compare(&holds->vms[i], vm) == 0)
			return true;
	return false;
}

int holds_pause(struct holds *holds, const struct vm_identity *vm)
{
	if (holds_is_paused(holds, vm))
		return 0;
	if (!VEC_RESERVE(holds->vms, holds->vm_capacity, holds->vm_count + 1))
		return -ENOMEM;
	holds->vms[holds->vm_count++] = *vm;
	return 0;
}

void holds_resume(struct holds *holds, const struct vm_identity *vm)
{
	size_t i;

	for (i = 0; i < holds->vm_count; i++)
		if (vm_identity_compare(&holds->vms[i], vm) == 0)
			holds->vms[i--] = holds->vms[--holds->vm_count];
}

bool hold_is_of(const struct hold *hold, const struct vm_identity *vm)
{
	return vm_identity_compare(&hold->vm, vm) == 0 &&
	       (vm->pid != 0 || hold->vm_name[0] == '\0');
}

struct hold *holds_take(struct holds *holds, const struct vm_identity *vm, const char *vm_name,
		       enum setting setting)
{
	struct hold *hold;
	size_t i;

	for (i = 0; i < holds->hold_count; i++)
		if (hold_is_of(&holds->holds[i], vm) && holds->holds[i].setting == setting)
			return &holds->holds[i];
	if (!VEC_RESERVE(holds->holds, holds->hold_capacity, holds->hold_count + 1))
		return NULL;
	hold = &holds->holds[holds->hold_count++];
	memset(hold, 0, sizeof *hold);
	hold->vm = *vm;
	hold->setting = setting;
	if (vm->pid != 0)
		text_copy(hold->vm_name, sizeof hold->vm_name, vm_name, strlen(vm_name));
	return hold;
}

static void drop(struct holds *holds, size_t at)
{
	holds->holds[at] = holds->holds[--holds->hold_count];
}

bool holds_let_go(struct holds *holds, const struct vm_identity *vm, enum setting setting)
{
	size_t i;

	for (i = 0; i < holds->hold_count; i++) {
		if (hold_is_of(&holds->holds[i], vm) && holds->holds[i].setting == setting) {
			drop(holds, i);
			return true;
		}
	}
	return false;
}

size_t holds_let_go_all(struct holds *holds, const struct vm_identity *vm)
{
	size_t i, before = holds->hold_count;

	for (i = before; i-- > 0;)
		if (vm == NULL || hold_is_of(&holds->holds[i], vm))
			drop(holds, i);
	return before - holds->hold_count;
}

bool holds_greet(struct holds *holds, const struct vm_identity *vm, const char *vm_name)
{
	bool any = false;
	size_t i;

	for (i = 0; i < holds->hold_count; i++) {
		struct hold *hold = &holds->holds[i];

		if (hold->vm.pid != 0 || hold->vm_name[0] == '\0' || strcmp(hold->vm_name, vm_name) != 0)
			continue;
		hold->vm = *vm;
		any = true;
	}
	return any;
}

bool holds_part(struct holds *holds, const struct vm_identity *vm)
{
	static const struct vm_identity nobody;
	bool any = holds_is_paused(holds, vm);
	size_t i;

	holds_resume(holds, vm);
	for (i = 0; i < holds->hold_count; i++) {
		struct hold *hold = &holds->holds[i];

		if (!hold_is_of(hold, vm))
			continue;
		any = true;
		if (hold->until_usec == 0 && hold->vm_name[0] != '\0')
			hold->vm = nobody;
		else
			drop(holds, i--);
	}
	return any;
}

void holds_part_gone(struct holds *holds, const struct snapshot *snapshot)
{
	size_t i;

	for (i = holds->vm_count; i-- > 0;)
		if (snapshot_find_vm(snapshot, &holds->vms[i]) == NULL)
			holds->vms[i] = holds->vms[--holds->vm_count];
	for (i = holds->hold_count; i-- > 0;) {
		struct vm_identity vm = holds->holds[i].vm;

		if (vm.pid != 0 && snapshot_find_vm(snapshot, &vm) == NULL)
			holds_part(holds, &vm);
		if (i > holds->hold_count)
			i = holds->hold_count;
	}
}

bool holds_expire(struct holds *holds, uint64_t realtime_usec)
{
	bool any = false;
	size_t i;

	for (i = 0; i < holds->hold_count; i++) {
		if (holds->holds[i].until_usec == 0 || holds->holds[i].until_usec > realtime_usec)
			continue;
		drop(holds, i--);
		any = true;
	}
	return any;
}

/* -- the file ----------------------------------------------------------------------------- */

static void put_id(struct json *json, const struct vm_identity *vm)
{
	char id[VM_ID_SIZE];

	vm_identity_format(vm, id);
	json_text(json, id);
}

static void put_hold(struct json *json, const struct hold *hold)
{
	json_object_begin(json);
	json_key(json, "vm");
	put_id(json, &hold->vm);
	json_key(json, "name");
	json_text(json, hold->vm_name);
	json_key(json, "setting");
	json_text(json, setting_info[hold->setting].name);
	json_key(json, "number");
	json_int(json, hold->value.number);
	json_key(json, "text");
	json_text(json, hold->value.text);
	json_key(json, "until_usec");
	json_uint(json, hold->until_usec);
	json_object_end(json);
}

int holds_save(const char *path, const char *boot, const struct holds *holds, struct error *err)
{
	struct json json;
	struct str out;
	size_t i;
	int r;

	str_init(&out);
	json_begin(&json, &out);
	json_object_begin(&json);
	json_key(&json, "boot");
	json_text(&json, boot);
	json_key(&json, "paused");
	json_bool(&json, holds->paused);
	json_key(&json, "vms");
	json_array_begin(&json);
	for (i = 0; i < holds->vm_count; i++)
		put_id(&json, &holds->vms[i]);
	json_array_end(&json);
	json_key(&json, "holds");
	json_array_begin(&json);
	for (i = 0; i < holds->hold_count; i++)
		put_hold(&json, &holds->holds[i]);
	json_array_end(&json);
	json_object_end(&json);
	str_append_char(&out, '\n');
	r = out.failed ? error_errno(err, -ENOMEM, "cannot write %s", path) :
			 keep_file_write(path, out.data, out.length, 0644, err);
	str_done(&out);
	return r;
}

static bool parse_id(const char *id, struct vm_identity *ret)
{
	struct cursor c = cursor_over(id != NULL ? id : "", id != NULL ? strlen(id) : 0);
	uint64_t pid, start, ordinal;

	if (!cursor_take_u64(&c, &pid) || !cursor_take_text(&c, "-") || !cursor_take_u64(&c, &start) ||
	    !cursor_take_text(&c, "-") || !cursor_take_u64(&c, &ordinal) || pid > INT32_MAX)
		return false;
	*ret = (struct vm_identity){ .pid = (pid_t)pid, .start_ticks = start,
				     .ordinal = (uint32_t)ordinal };
	return true;
}

static const char *text_of(const json_t *json, const char *key)
{
	const char *text = json_string_value(json_object_get(json, key));

	return text != NULL ? text : "";
}

static void take_hold(struct holds *holds, const json_t *json, bool same_boot, uint64_t now)
{
	int setting = setting_find(text_of(json, "setting"));
	json_int_t until = json_integer_value(json_object_get(json, "until_usec"));
	const char *name = text_of(json, "name"), *text = text_of(json, "text");
	struct vm_identity vm;
	struct hold *hold;

	if (setting < 0 || !parse_id(text_of(json, "vm"), &vm) || until < 0 ||
	    (until != 0 && (uint64_t)until <= now))
		return;
	if (!same_boot && vm.pid != 0) {
		if (until != 0 || *name == '\0')
			return;
		memset(&vm, 0, sizeof vm);
	}
	if (!VEC_RESERVE(holds->holds, holds->hold_capacity, holds->hold_count + 1))
		return;
	hold = &holds->holds[holds->hold_count++];
	memset(hold, 0, sizeof *hold);
	hold->vm = vm;
	hold->setting = (enum setting)setting;
	hold->value.number = json_integer_value(json_object_get(json, "number"));
	text_copy(hold->value.text, sizeof hold->value.text, text, strlen(text));
	text_copy(hold->vm_name, sizeof hold->vm_name, name, strlen(name));
	hold->until_usec = (uint64_t)until;
}

static void take_holds(struct holds *holds, const json_t *json, const char *boot, uint64_t now)
{
	const json_t *vms = json_object_get(json, "vms"), *list = json_object_get(json, "holds");
	bool same_boot = strcmp(text_of(json, "boot"), boot) == 0;
	struct vm_identity vm;
	size_t i;

	holds->paused = json_is_true(json_object_get(json, "paused"));
	for (i = 0; same_boot && i < json_array_size(vms); i++)
		if (parse_id(json_string_value(json_array_get(vms, i)), &vm))
			holds_pause(holds, &vm);
	for (i = 0; i < json_array_size(list); i++)
		take_hold(holds, json_array_get(list, i), same_boot, now);
}

int holds_load(const char *path, const char *boot, uint64_t realtime_usec, struct holds *ret,
	      struct error *err)
{
	CLEANUP_FREE char *bytes = NULL;
	size_t size;
	json_t *json;
	int r = keep_file_read(path, FILE_MOST, &bytes, &size, err);

	memset(ret, 0, sizeof *ret);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	json = json_loadb(bytes, size, 0, NULL);
	if (!json_is_object(json)) {
		json_decref(json);
		return error_set(err, -EBADMSG, "%s is no JSON object: what was held or paused by hand is "
				 "forgotten", path);
	}
	take_holds(ret, json, boot, realtime_usec);
	json_decref(json);
	return 0;
}
