/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "act/owner_libvirt_group.h"

#include "act/act_lease.h"
#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/str.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TABLE_LINES 64

/* -- numbers as text */

static void append_number(struct str *str, const char *name, int64_t number)
{
	str_appendf(str, "%s%s=", str->length > 0 ? " " : "", name);
	str_append_int(str, number);
}

static bool take_number(struct cursor *c, struct libvirt_parameter *ret)
{
	const char *word, *equals;
	size_t size;

	if (!cursor_take_word(c, &word, &size))
		return false;
	equals = memchr(word, '=', size);
	if (equals == NULL || (size_t)(equals - word) >= sizeof ret->name)
		return false;
	*ret = (struct libvirt_parameter){ .number = strtoll(equals + 1, NULL, 10) };
	memcpy(ret->name, word, (size_t)(equals - word));
	return true;
}

/* -- reading */

static int read_on(struct libvirt *libvirt, const char *uuid, enum libvirt_table table,
		   const char *device, struct owner_libvirt_number *numbers, size_t count,
		   struct error *err)
{
	CLEANUP_FREE struct libvirt_parameter *lines = calloc(TABLE_LINES, sizeof *lines);
	ssize_t found;

	if (lines == NULL)
		return error_errno(err, -ENOMEM, "libvirt's table");
	found = libvirt_parameters(libvirt, uuid, table, device, lines, TABLE_LINES, err);
	if (found < 0)
		return (int)found;
	for (size_t i = 0; i < count; i++) {
		numbers[i].number = FIELD_ABSENT;
		for (ssize_t at = 0; at < found && at < TABLE_LINES; at++)
			if (strcmp(lines[at].name, numbers[i].name) == 0)
				numbers[i].number = lines[at].number;
	}
	return 0;
}

int owner_libvirt_group_read(const struct act_target *target, enum libvirt_table table,
			     const char *device, struct owner_libvirt_number *numbers,
			     size_t count, struct error *err)
{
	struct libvirt *libvirt;
	int r = libvirt_open_domain(target->uuid, target->vm.pid, false, &libvirt,
				    err);

	if (r < 0)
		return r;
	r = read_on(libvirt, target->uuid, table, device, numbers, count, err);
	libvirt_close(libvirt);
	return r;
}

/* -- turning */

/* What libvirt does not have is not told it. */
static size_t to_tell(const struct owner_libvirt_number *before,
		      const struct owner_libvirt_number *numbers, size_t count,
		      struct libvirt_parameter *ret, struct str *was, struct str *now)
{
	size_t told = 0;

	for (size_t i = 0; i < count; i++) {
		if (!field_present(before[i].number))
			continue;
		append_number(was, before[i].name, before[i].number);
		append_number(now, numbers[i].name, numbers[i].number);
		ret[told] = (struct libvirt_parameter){ .number = numbers[i].number };
		snprintf(ret[told].name, sizeof ret[told].name, "%s", numbers[i].name);
		told++;
	}
	return told;
}

static int turn_on(struct libvirt *libvirt, struct act_context *context,
		   const struct act_target *target, enum libvirt_table table, const char *device,
		   const char *group, const struct owner_libvirt_number *numbers, size_t count,
		   struct str *was, struct str *now, struct error *err)
{
	CLEANUP_FREE struct libvirt_parameter *told = calloc(count, sizeof *told);
	struct owner_libvirt_number before[OWNER_LIBVIRT_GROUP_MAX];
	char what[192];
	uint64_t id;
	bool new;
	int r;

	memcpy(before, numbers, count * sizeof *before);
	r = told == NULL ? error_errno(err, -ENOMEM, "libvirt's table") :
	    read_on(libvirt, target->uuid, table, device, before, count, err);
	if (r < 0)
		return r;
	count = to_tell(before, numbers, count, told, was, now);
	if (count == 0)
		return error_set(err, -EOPNOTSUPP, "libvirt has no limit for %s", device);
	if (was->failed || now->failed)
		return error_errno(err, -ENOMEM, "libvirt's table");
	snprintf(what, sizeof what, "%s %d %s %s", target->uuid, (int)table, device, group);
	r = act_lease_take(context, target, &owner_libvirt_group_kind, what, was->data, now->data, &id,
			   &new, err);
	if (r == 0)
		r = libvirt_set_parameters(libvirt, target->uuid, table, device, told, count, err);
	else
		return r;
	if (r < 0 && new)
		leases_undo(context->leases, id, NULL);
	return r;
}

int owner_libvirt_group_set(struct act_context *context, const struct act_target *target,
			    enum libvirt_table table, const char *device, const char *group,
			    const struct owner_libvirt_number *numbers, size_t count,
			    struct error *err)
{
	struct libvirt *libvirt;
	struct str was, now;
	int r = libvirt_open_domain(target->uuid, target->vm.pid, true, &libvirt, err);

	if (r < 0)
		return r;
	str_init(&was);
	str_init(&now);
	r = turn_on(libvirt, context, target, table, device, group, numbers, count, &was, &now, err);
	str_done(&was);
	str_done(&now);
	libvirt_close(libvirt);
	return r;
}

/* -- giving back */

static int undo(void *context, const struct vm_identity *vm, const char *target, const char *was,
		const char *now, struct error *err)
{
	struct libvirt_parameter told[OWNER_LIBVIRT_GROUP_MAX];
	struct cursor c = cursor_over(was, strlen(was));
	char uuid[40], device[64], group[32];
	struct libvirt *libvirt;
	size_t count = 0;
	int table, r;

	if (sscanf(target, "%39s %d %63s %31s", uuid, &table, device, group) != 4 ||
	    (table != LIBVIRT_INTERFACE && table != LIBVIRT_BLOCK))
		return error_set(err, -EINVAL, "the journal names no group of libvirt's: %.100s", target);
	while (count < OWNER_LIBVIRT_GROUP_MAX && take_number(&c, &told[count]))
		count++;
	r = libvirt_open_domain(uuid, vm->pid, true, &libvirt, err);
	if (r < 0)
		return r;
	r = libvirt_set_parameters(libvirt, uuid, (enum libvirt_table)table, device, told, count, err);
	libvirt_close(libvirt);
	return r;
}

const struct lease_kind owner_libvirt_group_kind = {
	.name = "libvirt-group",
	.slow = true,
	.undo = undo,
};
