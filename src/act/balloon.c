/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory.balloon, by QEMU's monitor or through libvirt. It is a wish: the guest follows in its own
 * time, or not at all, so what is read back is how far it came, and who waits for it looks at a
 * clock (act_options.balloon_usec). A balloon that gives back when the guest runs out of memory
 * never comes to a target that is too low; `where` says that it is one. Given back is the memory
 * that the balloon left before the first wish.
 */
#include "act/act_lease.h"
#include "act/actuator.h"
#include "act/owner_libvirt.h"
#include "act/owner_qmp.h"
#include "base/cleanup.h"
#include "base/error.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DOMAINS_MAX 1024

extern const struct actuator act_balloon_qmp, act_balloon_libvirt;
extern const struct lease_kind act_balloon_qmp_kind, act_balloon_libvirt_kind;

/* What the balloon would take, the host would not get. */
static bool is_hindered(const struct act_target *target, char reason[static PLAN_REASON_SIZE])
{
	static const struct {
		const char *hindrance, *reason;
	} table[] = {
		{ "vfio", "its memory is pinned for a device (VFIO): a balloon frees nothing" },
		{ "hugepages", "its memory is huge pages: a balloon frees none of them" },
		{ "confidential", "its memory is encrypted: a balloon does not free it" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (strstr(target->hindrances, table[i].hindrance) != NULL) {
			snprintf(reason, PLAN_REASON_SIZE, "%s", table[i].reason);
			return true;
		}
	return false;
}

static void bytes_text(int64_t bytes, char ret[static 24])
{
	snprintf(ret, 24, "%" PRId64, bytes);
}

/* -- by QEMU's monitor; the lease's target: the socket */

static int qmp_undo(void *context, const struct vm_identity *vm, const char *target,
		    const char *was, const char *now, struct error *err)
{
	struct qmp *qmp;
	int r = owner_qmp_reopen(context, vm, target, &qmp, err);

	if (r < 0)
		return r;
	r = qmp_set_balloon(qmp, strtoll(was, NULL, 10), err);
	qmp_close(qmp);
	return r == -ENODEV ? -ENOENT : r;
}

const struct lease_kind act_balloon_qmp_kind = {
	.name = "balloon-qmp",
	.slow = true,
	.undo = qmp_undo,
};

static int qmp_serves(struct act_context *context, const struct act_target *target,
		      enum setting setting, char reason[static PLAN_REASON_SIZE])
{
	return !is_hindered(target, reason) && owner_qmp_serves(context, target, reason);
}

static int qmp_read(struct act_context *context, const struct act_target *target,
		    enum setting setting, struct setting_value *ret, char where[static 64],
		    struct error *err)
{
	char path[OWNER_QMP_PATH_SIZE];
	struct qmp_balloon balloon;
	struct qmp *qmp;
	int r = owner_qmp_open(context, target, &qmp, path, err);

	if (r < 0)
		return r;
	r = qmp_balloon(qmp, &balloon, err);
	if (r == 0 && !field_present(balloon.actual_bytes))
		r = error_set(err, -EPROTO, "QEMU does not tell the balloon's size");
	if (r == 0)
		ret->number = balloon.actual_bytes;
	if (r == 0)
		snprintf(where, 64, "QEMU's balloon%s", qmp_balloon_deflates(qmp, NULL) == 1 ?
			 ", which deflates on OOM" : "");
	qmp_close(qmp);
	return r;
}

static int qmp_turn(struct act_context *context, const struct act_target *target,
		    struct qmp *qmp, const char *path, int64_t bytes, char where[static 64],
		    struct error *err)
{
	struct qmp_balloon balloon;
	char was[24], now[24];
	uint64_t id;
	bool new;
	int r = qmp_balloon(qmp, &balloon, err);

	if (r == 0 && !field_present(balloon.actual_bytes))
		r = error_set(err, -EPROTO, "QEMU does not tell the balloon's size");
	if (r < 0)
		return r;
	bytes_text(balloon.actual_bytes, was);
	bytes_text(bytes, now);
	r = act_lease_take(context, target, &act_balloon_qmp_kind, path, was, now, &id, &new, err);
	if (r < 0)
		return r;
	r = qmp_set_balloon(qmp, bytes, err);
	/* After silence nobody knows whether it was done: then the lease stands. */
	if (r < 0 && r != -ETIMEDOUT && r != -ECONNRESET && new)
		leases_drop(context->leases, id, NULL);
	if (r == 0)
		snprintf(where, 64, "QEMU's balloon%s", qmp_balloon_deflates(qmp, NULL) == 1 ?
			 ", which deflates on OOM" : "");
	return r;
}

static int qmp_set(struct act_context *context, const struct act_target *target,
		   enum setting setting, const struct setting_value *value, char where[static 64],
		   struct error *err)
{
	char path[OWNER_QMP_PATH_SIZE];
	struct qmp *qmp;
	int r = owner_qmp_open(context, target, &qmp, path, err);

	if (r < 0)
		return r;
	r = qmp_turn(context, target, qmp, path, value->number, where, err);
	qmp_close(qmp);
	return r;
}

const struct actuator act_balloon_qmp = {
	.name = "balloon-qmp",
	.settings = { SETTING_MEMORY_BALLOON },
	.setting_count = 1,
	.slow = true,
	.serves = qmp_serves,
	.read = qmp_read,
	.set = qmp_set,
};

/* -- through libvirt; the lease's target: the domain's uuid */

static int libvirt_undo(void *context, const struct vm_identity *vm, const char *target,
			const char *was, const char *now, struct error *err)
{
	struct libvirt *libvirt;
	int r = libvirt_open_domain(target, vm->pid, true, &libvirt, err);

	if (r < 0)
		return r;
	r = libvirt_set_balloon(libvirt, target, strtoll(was, NULL, 10), err);
	libvirt_close(libvirt);
	return r;
}

const struct lease_kind act_balloon_libvirt_kind = {
	.name = "balloon-libvirt",
	.slow = true,
	.undo = libvirt_undo,
};

static int libvirt_serves(struct act_context *context, const struct act_target *target,
			  enum setting setting, char reason[static PLAN_REASON_SIZE])
{
	return !is_hindered(target, reason) && owner_libvirt_serves(target, reason);
}

static int libvirt_actual(struct libvirt *libvirt, const char *uuid, int64_t *ret,
			  struct error *err)
{
	CLEANUP_FREE struct libvirt_balloon *all = calloc(DOMAINS_MAX, sizeof *all);
	ssize_t count = all != NULL ? libvirt_balloons(libvirt, all, DOMAINS_MAX, err) :
				      error_errno(err, -ENOMEM, "balloons");

	if (count < 0)
		return (int)count;
	for (ssize_t i = 0; i < count && i < DOMAINS_MAX; i++)
		if (strcmp(all[i].uuid, uuid) == 0 && field_present(all[i].actual_bytes)) {
			*ret = all[i].actual_bytes;
			return 0;
		}
	return error_set(err, -ENODEV, "libvirt tells no balloon of it");
}

static int libvirt_read(struct act_context *context, const struct act_target *target,
			enum setting setting, struct setting_value *ret, char where[static 64],
			struct error *err)
{
	struct libvirt *libvirt;
	int r = libvirt_open_domain(target->uuid, target->vm.pid, false, &libvirt,
				    err);

	if (r < 0)
		return r;
	r = libvirt_actual(libvirt, target->uuid, &ret->number, err);
	libvirt_close(libvirt);
	snprintf(where, 64, "libvirt's balloon");
	return r;
}

static int libvirt_turn(struct act_context *context, const struct act_target *target,
			struct libvirt *libvirt, int64_t bytes, struct error *err)
{
	char was[24], now[24];
	int64_t before;
	uint64_t id;
	bool new;
	int r = libvirt_actual(libvirt, target->uuid, &before, err);

	if (r < 0)
		return r;
	bytes_text(before, was);
	bytes_text(bytes, now);
	r = act_lease_take(context, target, &act_balloon_libvirt_kind, target->uuid, was, now, &id,
			   &new, err);
	if (r < 0)
		return r;
	r = libvirt_set_balloon(libvirt, target->uuid, bytes, err);
	if (r < 0 && new)
		leases_undo(context->leases, id, NULL);
	return r;
}

static int libvirt_set(struct act_context *context, const struct act_target *target,
		       enum setting setting, const struct setting_value *value,
		       char where[static 64], struct error *err)
{
	struct libvirt *libvirt;
	int r = libvirt_open_domain(target->uuid, target->vm.pid, true, &libvirt, err);

	if (r < 0)
		return r;
	r = libvirt_turn(context, target, libvirt, value->number, err);
	libvirt_close(libvirt);
	snprintf(where, 64, "libvirt's balloon");
	return r;
}

const struct actuator act_balloon_libvirt = {
	.name = "balloon-libvirt",
	.settings = { SETTING_MEMORY_BALLOON },
	.setting_count = 1,
	.slow = true,
	.serves = libvirt_serves,
	.read = libvirt_read,
	.set = libvirt_set,
};
