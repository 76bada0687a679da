/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/vm_select.h"

#include "base/error.h"
#include "base/str.h"
#include "base/suggest.h"
#include "base/text.h"
#include "model/snapshot.h"
#include "report/vm_column.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

/* The id begins with the pid, so one text serves for both. */
static bool id_matches(const struct vm *vm, const char *word)
{
	struct str id;
	bool matches;

	str_init(&id);
	vm_append_id(&vm->identity, &id);
	matches = id.data != NULL && strcmp(id.data, word) == 0;
	str_clear(&id);
	str_append_int(&id, vm->identity.pid);
	matches |= id.data != NULL && strcmp(id.data, word) == 0;
	str_done(&id);
	return matches;
}

static bool vm_matches(const struct vm *vm, const char *word)
{
	const char *name = vm->text[VM_TEXT_NAME], *uuid = vm->text[VM_TEXT_UUID];

	return (name != NULL && strcmp(name, word) == 0) ||
	       (uuid != NULL && strcasecmp(uuid, word) == 0) || id_matches(vm, word);
}

bool vm_is_selected(const struct vm *vm, char *const *words)
{
	if (*words == NULL)
		return true;
	for (; *words != NULL; words++)
		if (vm_matches(vm, *words))
			return true;
	return false;
}

static int no_such_vm(const struct snapshot *snapshot, const char *word, struct error *err)
{
	struct suggest suggest;
	struct str safe;
	size_t i;

	suggest_init(&suggest, word);
	for (i = 0; i < snapshot->vm_count; i++)
		if (snapshot->vms[i]->text[VM_TEXT_NAME] != NULL)
			suggest_offer(&suggest, snapshot->vms[i]->text[VM_TEXT_NAME]);
	str_init(&safe);
	str_append_char(&safe, '"');
	text_append_safe(&safe, word, strlen(word));
	str_append_char(&safe, '"');
	if (suggest.nearest != NULL) {
		str_append(&safe, "; did you mean ");
		text_append_safe(&safe, suggest.nearest, strlen(suggest.nearest));
		str_append_char(&safe, '?');
	}
	error_set(err, -ENOENT, "no VM has the name, uuid, pid or id %s",
		  safe.data != NULL ? safe.data : "");
	str_done(&safe);
	return -ENOENT;
}

int vm_select_check(const struct snapshot *snapshot, char *const *words, struct error *err)
{
	for (; *words != NULL; words++) {
		size_t i;

		for (i = 0; i < snapshot->vm_count; i++)
			if (vm_matches(snapshot->vms[i], *words))
				break;
		if (i == snapshot->vm_count)
			return no_such_vm(snapshot, *words, err);
	}
	return 0;
}
