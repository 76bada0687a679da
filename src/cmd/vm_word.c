/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/vm_word.h"

#include "base/error.h"
#include "base/text.h"
#include "cmd/source.h"
#include "cmd/vm_select.h"
#include "model/snapshot.h"

#include <errno.h>
#include <string.h>

static void take_host(struct vm_word *ret)
{
	memset(ret, 0, sizeof *ret);
	strcpy(ret->id, "host");
	strcpy(ret->name, "host");
}

static void take_vm(const struct vm *vm, struct vm_word *ret)
{
	const char *name = vm->text[VM_TEXT_NAME];

	ret->identity = vm->identity;
	vm_identity_format(&vm->identity, ret->id);
	text_copy(ret->name, sizeof ret->name, name != NULL ? name : "",
		  name != NULL ? strlen(name) : 0);
}

int vm_word_find_in(const struct snapshot *snapshot, const char *word, struct vm_word *ret,
		    struct error *err)
{
	char *const words[] = { (char *)word, NULL };
	size_t i, found = 0;
	int r;

	if (strcmp(word, "host") == 0) {
		take_host(ret);
		return 0;
	}
	r = vm_select_check(snapshot, words, err);
	if (r < 0)
		return r;
	for (i = 0; i < snapshot->vm_count; i++) {
		if (!vm_is_selected(snapshot->vms[i], words))
			continue;
		take_vm(snapshot->vms[i], ret);
		if (strcmp(ret->id, word) == 0)
			return 0; /* whoever else calls itself so */
		found++;
	}
	if (found > 1)
		return error_set(err, -EBUSY, "%zu VMs are called \"%.60s\"; take the id of one of them, as "
				 "truce list --columns name,id shows it", found, word);
	return 0;
}

int vm_word_find(const char *word, struct vm_word *ret, struct error *err)
{
	const struct source_spec spec = { .once = true };
	const struct snapshot *snapshot;
	struct source *source;
	int r = source_open(&spec, &source, err);

	if (r < 0)
		return r;
	r = source_next(source, &snapshot, err);
	if (r == 1)
		r = vm_word_find_in(snapshot, word, ret, err);
	else if (r == 0)
		r = error_set(err, -EINTR, "interrupted");
	source_close(source);
	return r;
}
