/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ksm/what_if.h"

#include "base/error.h"
#include "base/str.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define GROUP "group="

static bool list_copy(const struct print_list *from, struct print_list *to)
{
	if (from->count == 0)
		return true;
	to->hashes = malloc(from->count * sizeof *from->hashes);
	if (to->hashes == NULL)
		return false;
	memcpy(to->hashes, from->hashes, from->count * sizeof *from->hashes);
	to->count = to->capacity = from->count;
	return true;
}

static int add_again(struct prints *prints, size_t at)
{
	struct prints_vm *copy = prints_add_vm(prints);
	const struct prints_vm *vm = &prints->vms[at];

	if (copy == NULL)
		return -ENOMEM;
	*copy = *vm;
	copy->sampled = copy->frequent = (struct print_list){ 0 };
	return list_copy(&vm->sampled, &copy->sampled) && list_copy(&vm->frequent, &copy->frequent) ?
	       0 : -ENOMEM;
}

struct change {
	struct prints *prints;
	size_t real;   /* VMs before any was added */
	bool *out;     /* of the real ones, those taken away */
	const char *group;
};

/* These return how many of the VMs that are really there the word means, or -ENOMEM. */

static int add_called(struct change *change, const char *name)
{
	size_t i;
	int r = 0, found = 0;

	for (i = 0; r == 0 && i < change->real; i++)
		if (prints_vm_is_called(&change->prints->vms[i], name)) {
			r = add_again(change->prints, i);
			found++;
		}
	return r < 0 ? r : found;
}

static int take_called(struct change *change, const char *name)
{
	size_t i;
	int found = 0;

	for (i = 0; i < change->real; i++)
		if (prints_vm_is_called(&change->prints->vms[i], name)) {
			change->out[i] = true;
			found++;
		}
	return found;
}

static int choose_group(struct change *change, const char *name)
{
	size_t i;
	int found = 0;

	change->group = name;
	for (i = 0; i < change->real; i++)
		found += strcmp(change->prints->vms[i].group, name) == 0;
	return found;
}

static int refuse(const char *word, int code, const char *sentence, struct error *err)
{
	struct str safe;

	str_init(&safe);
	text_append_safe(&safe, word, strnlen(word, 80));
	error_set(err, code, "--what-if %s: %s", safe.data != NULL ? safe.data : "", sentence);
	str_done(&safe);
	return code;
}

static int apply_word(struct change *change, const char *word, struct error *err)
{
	int found;

	if (word[0] == '+' && word[1] != '\0')
		found = add_called(change, word + 1);
	else if (word[0] == '-' && word[1] != '\0')
		found = take_called(change, word + 1);
	else if (strncmp(word, GROUP, strlen(GROUP)) == 0)
		found = choose_group(change, word + strlen(GROUP));
	else
		return refuse(word, -EINVAL, "+NAME, -NAME or group=NAME is wanted", err);
	if (found < 0)
		return error_errno(err, found, "--what-if");
	return found > 0 ? 0 : refuse(word, -ENOENT, "no VM or group here is called that", err);
}

static bool *parts_of(const struct change *change)
{
	bool *part = calloc(change->prints->vm_count + 1, sizeof *part);
	size_t i;

	for (i = 0; part != NULL && i < change->prints->vm_count; i++)
		part[i] = !(i < change->real && change->out[i]) &&
			  (change->group == NULL ||
			   strcmp(change->prints->vms[i].group, change->group) == 0);
	return part;
}

int what_if_apply(struct prints *prints, const char *const *words, bool **ret_part,
		  struct error *err)
{
	struct change change = { .prints = prints, .real = prints->vm_count };
	int r = 0;

	change.out = calloc(prints->vm_count + 1, sizeof *change.out);
	if (change.out == NULL)
		return error_errno(err, -ENOMEM, "--what-if");
	for (; r == 0 && *words != NULL; words++)
		r = apply_word(&change, *words, err);
	if (r == 0) {
		*ret_part = parts_of(&change);
		r = *ret_part != NULL ? 0 : error_errno(err, -ENOMEM, "--what-if");
	}
	free(change.out);
	return r;
}
