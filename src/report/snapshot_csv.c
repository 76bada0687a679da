/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/snapshot_csv.h"

#include "base/str.h"
#include "base/text.h"
#include "report/json.h"

#include <string.h>

static void append_field(struct str *out, const char *text)
{
	str_append_char(out, ',');
	str_append(out, text);
}

void snapshot_csv_append_header(struct str *out)
{
	size_t i;

	str_append(out, "time,sequence,id,pid,vcpus");
	for (i = 0; i < vm_info.text_count; i++)
		append_field(out, vm_info.texts[i].name);
	for (i = 0; i < vm_info.figure_count; i++)
		append_field(out, vm_info.figures[i].name);
	str_append(out, "\r\n");
}

/* Safe text has no line ends; what is left to quote is the comma and the quote itself. */
static void append_text(struct str *out, struct str *safe, const char *text)
{
	const char *at;

	str_append_char(out, ',');
	if (text == NULL)
		return;
	str_clear(safe);
	text_append_safe(safe, text, strlen(text));
	if (safe->length == 0 || strpbrk(safe->data, ",\"") == NULL) {
		str_append_bytes(out, safe->data, safe->length);
		return;
	}
	str_append_char(out, '"');
	for (at = safe->data; *at != '\0'; at++) {
		if (*at == '"')
			str_append_char(out, '"');
		str_append_char(out, *at);
	}
	str_append_char(out, '"');
}

static void append_row(const struct snapshot *snapshot, const struct vm *vm, struct str *safe,
		       struct str *out)
{
	char id[VM_ID_SIZE];
	size_t i;

	json_append_time(out, snapshot->realtime_usec);
	str_append_char(out, ',');
	str_append_int(out, (int64_t)snapshot->sequence);
	vm_identity_format(&vm->identity, id);
	append_field(out, id);
	str_append_char(out, ',');
	str_append_int(out, vm->identity.pid);
	str_append_char(out, ',');
	if (vm_vcpus_are_known(vm))
		str_append_int(out, (int64_t)vm->vcpu_count);
	for (i = 0; i < vm_info.text_count; i++)
		append_text(out, safe, vm->text[i]);
	for (i = 0; i < vm_info.figure_count; i++) {
		str_append_char(out, ',');
		if (vm->state[i] == FIGURE_PRESENT)
			str_append_int(out, vm->value[i]);
	}
	str_append(out, "\r\n");
}

void snapshot_csv_append_rows(const struct snapshot *snapshot,
			      bool (*wanted)(const struct vm *vm, void *context), void *context,
			      struct str *out)
{
	struct str safe;
	size_t i;

	str_init(&safe);
	for (i = 0; i < snapshot->vm_count; i++)
		if (wanted == NULL || wanted(snapshot->vms[i], context))
			append_row(snapshot, snapshot->vms[i], &safe, out);
	out->failed |= safe.failed;
	str_done(&safe);
}
