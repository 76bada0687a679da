/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "act/owner_libvirt.h"

#include "act/act_lease.h"
#include "act/act_theirs.h"
#include "base/cleanup.h"
#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const table_names[] = {
	[LIBVIRT_SCHEDULER] = "scheduler", [LIBVIRT_MEMORY] = "memory", [LIBVIRT_BLKIO] = "blkio",
	[LIBVIRT_INTERFACE] = "interface", [LIBVIRT_BLOCK] = "block",
};

static const char *const part_names[] = {
	[LIBVIRT_EMULATOR] = "emulator", [LIBVIRT_VCPU] = "vcpu",
};

int owner_libvirt_serves(const struct act_target *target, char reason[static PLAN_REASON_SIZE])
{
	if (strcmp(target->owner, "libvirt") != 0 || target->uuid[0] == '\0') {
		snprintf(reason, PLAN_REASON_SIZE, "libvirt did not make it");
		return 0;
	}
	if (!libvirt_is_installed()) {
		snprintf(reason, PLAN_REASON_SIZE, "libvirt made it, and Truce's plugin for libvirt "
			 "is not installed");
		return 0;
	}
	return 1;
}

int owner_libvirt_read(const struct act_target *target, enum libvirt_table table,
		       const char *device, const char *name, int64_t *ret, struct error *err)
{
	struct libvirt *libvirt;
	int r = libvirt_open_domain(target->uuid, target->vm.pid, false, &libvirt,
				    err);

	if (r < 0)
		return r;
	r = libvirt_number(libvirt, target->uuid, table, device, name, ret, err);
	libvirt_close(libvirt);
	return r;
}

/* A failure may be told after the change: the lease stands then, unless libvirt refused. */
static bool was_refused(int code)
{
	return code == -ENOENT || code == -EINVAL || code == -ERANGE || code == -EOPNOTSUPP;
}

static int set_on(struct libvirt *libvirt, struct act_context *context,
		  const struct act_target *target, enum libvirt_table table, const char *device,
		  const char *name, int64_t number, struct error *err)
{
	char what[192], was[24], now[24];
	int64_t before;
	uint64_t id;
	bool new;
	int r = libvirt_number(libvirt, target->uuid, table, device, name, &before, err);

	if (r < 0)
		return r;
	if (snprintf(what, sizeof what, "%s %s %s %s", target->uuid, table_names[table],
		     device != NULL ? device : "-", name) >= (int)sizeof what)
		return error_set(err, -ENAMETOOLONG, "%s is too long a name", device);
	snprintf(was, sizeof was, "%lld", (long long)before);
	snprintf(now, sizeof now, "%lld", (long long)number);
	r = act_lease_take(context, target, &owner_libvirt_kind, what, was, now, &id, &new, err);
	if (r < 0)
		return r;
	r = libvirt_set_number(libvirt, target->uuid, table, device, name, number, err);
	if (r < 0 && new && was_refused(r))
		leases_drop(context->leases, id, NULL);
	return r;
}

int owner_libvirt_set(struct act_context *context, const struct act_target *target,
		      enum libvirt_table table, const char *device, const char *name,
		      int64_t number, struct error *err)
{
	struct libvirt *libvirt;
	int r = libvirt_open_domain(target->uuid, target->vm.pid, true, &libvirt, err);

	if (r < 0)
		return r;
	r = set_on(libvirt, context, target, table, device, name, number, err);
	libvirt_close(libvirt);
	return r;
}

int owner_libvirt_pin_read(const struct act_target *target, enum libvirt_part part, unsigned vcpu,
			   char *ret, size_t ret_size, struct error *err)
{
	struct libvirt *libvirt;
	int r = libvirt_open_domain(target->uuid, target->vm.pid, false, &libvirt,
				    err);

	if (r < 0)
		return r;
	r = libvirt_pin(libvirt, target->uuid, part, vcpu, ret, ret_size, err);
	libvirt_close(libvirt);
	return r;
}

static int pin_on(struct libvirt *libvirt, struct act_context *context,
		  const struct act_target *target, enum libvirt_part part, unsigned vcpu,
		  const char *list, struct error *err)
{
	char what[80], was[1024];
	uint64_t id;
	bool new;
	int r = libvirt_pin(libvirt, target->uuid, part, vcpu, was, sizeof was, err);

	if (r < 0)
		return r;
	snprintf(what, sizeof what, "%s %s %u", target->uuid, part_names[part], vcpu);
	r = act_lease_take(context, target, &owner_libvirt_pin_kind, what, was, list, &id, &new, err);
	if (r < 0)
		return r;
	r = libvirt_set_pin(libvirt, target->uuid, part, vcpu, list, err);
	if (r < 0 && new && was_refused(r))
		leases_drop(context->leases, id, NULL);
	return r;
}

int owner_libvirt_pin(struct act_context *context, const struct act_target *target,
		      enum libvirt_part part, unsigned vcpu, const char *list, struct error *err)
{
	struct libvirt *libvirt;
	int r = libvirt_open_domain(target->uuid, target->vm.pid, true, &libvirt, err);

	if (r < 0)
		return r;
	r = pin_on(libvirt, context, target, part, vcpu, list, err);
	libvirt_close(libvirt);
	return r;
}

/* -- giving back */

static int name_find(const char *const *names, size_t count, const char *name)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return (int)i;
	return -1;
}

/* Below 0, or that much and more, is no limit (as libvirt tells a quota of -1, in usec). */
#define QUOTA_MOST 17592186044415LL

static bool is_no_limit(int64_t number)
{
	return number < 0 || number >= QUOTA_MOST;
}

/* Of an idle cgroup the kernel tells 0 or 3, and its usual weight when it is idle no longer. */
static bool is_kernels(const char *name, int64_t number)
{
	return strcmp(name, "cpu_shares") == 0 && (number <= 3 || number == 100 || number == 1024);
}

/* Of the scheduler's numbers, which libvirt tells as they were set; a quota that is none has more
 * than one number. */
static int is_theirs(void *context, const struct lease *lease, char *ret_found, size_t size)
{
	char uuid[40], name[64], found[24];
	struct libvirt *libvirt;
	int64_t number;
	int r;

	if (sscanf(lease->target, "%39s scheduler - %63s", uuid, name) != 2)
		return 0;
	r = libvirt_open_domain(uuid, lease->vm.pid, false, &libvirt, NULL);
	if (r < 0)
		return r;
	r = libvirt_number(libvirt, uuid, LIBVIRT_SCHEDULER, NULL, name, &number, NULL);
	libvirt_close(libvirt);
	if (r < 0)
		return r;
	if (is_no_limit(number) || is_kernels(name, number))
		return 0;
	snprintf(found, sizeof found, "%lld", (long long)number);
	return act_text_is_theirs(lease, found, ret_found, size);
}

static int undo(void *context, const struct vm_identity *vm, const char *target, const char *was,
		const char *now, struct error *err)
{
	char uuid[40], table[16], device[64], name[64];
	struct libvirt *libvirt;
	int at = -1;
	int r;

	if (sscanf(target, "%39s %15s %63s %63s", uuid, table, device, name) == 4)
		at = name_find(table_names, ARRAY_SIZE(table_names), table);
	if (at < 0)
		return error_set(err, -EINVAL, "\"%s\" names no parameter of libvirt's", target);
	r = libvirt_open_domain(uuid, vm->pid, true, &libvirt, err);
	if (r < 0)
		return r;
	r = libvirt_set_number(libvirt, uuid, (enum libvirt_table)at,
			       strcmp(device, "-") == 0 ? NULL : device, name,
			       strtoll(was, NULL, 10), err);
	libvirt_close(libvirt);
	return r;
}

static int pin_undo(void *context, const struct vm_identity *vm, const char *target,
		    const char *was, const char *now, struct error *err)
{
	char uuid[40], part[16];
	struct libvirt *libvirt;
	unsigned vcpu;
	int at = -1;
	int r;

	if (sscanf(target, "%39s %15s %u", uuid, part, &vcpu) == 3)
		at = name_find(part_names, ARRAY_SIZE(part_names), part);
	if (at < 0)
		return error_set(err, -EINVAL, "\"%s\" names no pin of libvirt's", target);
	r = libvirt_open_domain(uuid, vm->pid, true, &libvirt, err);
	if (r < 0)
		return r;
	r = libvirt_set_pin(libvirt, uuid, (enum libvirt_part)at, vcpu, was, err);
	libvirt_close(libvirt);
	/* The vCPU was taken away since. */
	return r == -ERANGE ? -ENOENT : r;
}

const struct lease_kind owner_libvirt_kind = {
	.name = "libvirt", .slow = true, .undo = undo, .theirs = is_theirs,
};
const struct lease_kind owner_libvirt_pin_kind = {
	.name = "libvirt-pin", .slow = true, .undo = pin_undo,
};
