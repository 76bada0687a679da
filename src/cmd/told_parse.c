/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/told.h"

#include "base/cursor.h"
#include "base/str.h"
#include "base/text.h"
#include "cmd/truced.h"
#include "report/units.h"
#include "report/vm_told.h"

#include <string.h>

static bool parse_identity(const char *id, struct vm_identity *ret)
{
	struct cursor at = cursor_over(id, strlen(id));
	uint64_t pid, start, ordinal;

	if (!cursor_take_u64(&at, &pid) || !cursor_take_text(&at, "-") ||
	    !cursor_take_u64(&at, &start) || !cursor_take_text(&at, "-") ||
	    !cursor_take_u64(&at, &ordinal) || !cursor_at_end(&at) || pid > INT32_MAX ||
	    ordinal > UINT32_MAX)
		return false;
	ret->pid = (pid_t)pid;
	ret->start_ticks = start;
	ret->ordinal = (uint32_t)ordinal;
	return true;
}

/* What was applied needs no word; anything else is said. */
static void append_last(struct str *text, const json_t *last)
{
	const char *verdict = truced_text(last, "verdict"), *outcome = truced_text(last, "outcome");

	units_append_clock(text, (uint64_t)truced_number(last, "time_usec"));
	str_append_char(text, ' ');
	truced_append(text, last, "setting");
	str_append_char(text, ' ');
	if (strcmp(verdict, "release") == 0)
		str_append(text, "given back");
	else
		truced_append(text, last, "to");
	if (strcmp(verdict, "cannot") == 0 || strcmp(verdict, "held") == 0)
		str_appendf(text, " %s", verdict);
	else if (*outcome != '\0' && strcmp(outcome, "applied") != 0 && strcmp(outcome, "restored") != 0) {
		str_append_char(text, ' ');
		truced_append(text, last, "outcome");
	}
}

static void append_reason(struct str *text, const json_t *last)
{
	const char *path = truced_text(last, "path"), *slash = strrchr(path, '/');

	if (strcmp(truced_text(last, "policy"), "set") == 0) {
		str_append(text, "a person");
	} else if (*path != '\0') {
		path = slash != NULL ? slash + 1 : path;
		text_append_safe(text, path, strlen(path));
	} else {
		truced_append(text, last, "policy");
	}
	if (truced_number(last, "line") > 0)
		str_appendf(text, ":%lld", (long long)truced_number(last, "line"));
	str_append(text, *truced_text(last, "rule") != '\0' ? " " : "");
	truced_append(text, last, "rule");
	str_append(text, *truced_text(last, "because") != '\0' ? ": " : "");
	truced_append(text, last, "because");
}

static void copy(char *to, size_t size, struct str *text)
{
	text_copy(to, size, text->data != NULL ? text->data : "", text->length);
	str_clear(text);
}

static bool take_vm(const json_t *json, struct vms_told *told, struct str *text)
{
	const json_t *last = json_object_get(json, "last");
	const char *class_name = truced_text(json, "class");
	struct vm_identity identity;
	struct vm_told *vm;

	if (!parse_identity(truced_text(json, "id"), &identity))
		return true; /* "host" is no VM */
	vm = vms_told_add(told);
	if (vm == NULL)
		return false;
	vm->identity = identity;
	text_copy(vm->class_name, sizeof vm->class_name, class_name, strlen(class_name));
	if (!json_is_object(last))
		return true;
	append_last(text, last);
	copy(vm->last, sizeof vm->last, text);
	append_reason(text, last);
	copy(vm->reason, sizeof vm->reason, text);
	return true;
}

bool told_parse(const char *bytes, size_t size, struct vms_told *ret)
{
	json_t *answer = json_loadb(bytes, size, 0, NULL), *vms = json_object_get(answer, "vms"), *vm;
	bool good = json_is_array(vms);
	struct str text;
	size_t i;

	ret->count = 0;
	str_init(&text);
	json_array_foreach(vms, i, vm)
		good = good && take_vm(vm, ret, &text);
	str_done(&text);
	json_decref(answer);
	vms_told_sort(ret);
	return good;
}
