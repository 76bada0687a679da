/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory.low, memory.min and memory.high as files of the VM's own cgroup (memory_place.h says
 * which), and memory.reclaim, which takes once and sets nothing: what the VM uses again comes back
 * by itself.
 */
#include "act/act_lease.h"
#include "act/actuator.h"
#include "act/memory_place.h"
#include "act/owner_systemd.h"
#include "base/clock.h"
#include "base/error.h"
#include "sys/root.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MIB (1 << 20)
/* One write holds the writer until so much was taken: the deadline is looked at in between. */
#define RECLAIM_STEP (16 * (int64_t)MIB)

extern const struct actuator act_memory_cgroup;
extern const struct actuator act_memory_reclaim;

static const char *file_of(enum setting setting)
{
	return memory_protects(setting) ? memory_protection_file(setting) : "memory.high";
}

static void tell(struct act_context *context, enum setting setting, char where[static 64])
{
	if (memory_protects(setting))
		memory_protection_tell(context, setting, file_of(setting), where);
	else
		snprintf(where, 64, "%s", file_of(setting));
}

static int cgroup_serves(struct act_context *context, const struct act_target *target,
			 enum setting setting, char reason[static PLAN_REASON_SIZE])
{
	struct cpu_place place;

	return memory_place_serves(context, target, setting, &place, reason);
}

static int cgroup_read(struct act_context *context, const struct act_target *target,
		       enum setting setting, struct setting_value *ret, char where[static 64],
		       struct error *err)
{
	const char *file = file_of(setting);
	struct cpu_place place;
	int64_t number = memory_protects(setting) ? 0 : FIELD_UNLIMITED;
	int r = cpu_place_find_in(context, target, CGROUP_MEMORY, &place, err);

	if (r < 0)
		return r;
	if (place.own)
		cpu_place_number(context, &place, file, &number);
	if (memory_protects(setting))
		number = memory_protection_effective(context, &place, setting, number);
	ret->number = number;
	tell(context, setting, where);
	return 0;
}

static int cgroup_set(struct act_context *context, const struct act_target *target,
		      enum setting setting, const struct setting_value *value,
		      char where[static 64], struct error *err)
{
	struct cpu_place place;
	char text[24] = "max";
	int r = memory_place_prepare(context, target, false, &place, err);

	if (r == 0 && setting == SETTING_MEMORY_HIGH)
		r = memory_place_check_high(context, &place, value->number, err);
	if (r < 0)
		return r;
	if (value->number != SETTING_UNLIMITED)
		snprintf(text, sizeof text, "%" PRId64, value->number);
	r = cpu_place_write(context, target, &place, file_of(setting), text, err);
	if (r == 0 && memory_protects(setting)) {
		r = memory_protection_cover(context, &place, setting, err);
		if (r < 0)
			act_release_setting(context, target, setting, NULL);
	}
	tell(context, setting, where);
	return r;
}

static int cgroup_release(struct act_context *context, const struct act_target *target,
			  enum setting setting, struct error *err)
{
	struct cpu_place place;
	int found = cpu_place_find_in(context, target, CGROUP_MEMORY, &place, NULL);
	int r = cpu_place_release(context, target, setting, err);

	if (found == 0 && memory_protects(setting) && r == 0)
		r = memory_protection_cover(context, &place, setting, err);
	return r;
}

const struct actuator act_memory_cgroup = {
	.name = "memory-cgroup",
	.settings = { SETTING_MEMORY_LOW, SETTING_MEMORY_MIN, SETTING_MEMORY_HIGH },
	.setting_count = 3,
	.serves = cgroup_serves,
	.read = cgroup_read,
	.set = cgroup_set,
	.release = cgroup_release,
};

/* -- taking once */

static int reclaim_serves(struct act_context *context, const struct act_target *target,
			  enum setting setting, char reason[static PLAN_REASON_SIZE])
{
	struct cpu_place place;

	if (!memory_place_serves(context, target, setting, &place, reason))
		return 0;
	if (place.own)
		return 1;
	snprintf(reason, PLAN_REASON_SIZE, "it has no cgroup of its own to take memory from");
	return 0;
}

/* -EAGAIN: the kernel could not take all of this step. */
static int reclaim_step(struct root *root, const char *path, int64_t bytes)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRId64, bytes);
	return root_write(root, path, text);
}

static int64_t reclaim_until(struct act_context *context, const char *path, int64_t bytes,
			     int *ret_code)
{
	int64_t taken = 0;

	*ret_code = 0;
	while (taken < bytes) {
		int64_t step = bytes - taken < RECLAIM_STEP ? bytes - taken : RECLAIM_STEP;

		*ret_code = reclaim_step(context->root, path, step);
		if (*ret_code < 0)
			break;
		taken += step;
		if (context->deadline_usec != 0 && clock_monotonic_usec() >= context->deadline_usec)
			break;
	}
	return taken;
}

static int reclaim_set(struct act_context *context, const struct act_target *target,
		       enum setting setting, const struct setting_value *value,
		       char where[static 64], struct error *err)
{
	struct cpu_place place;
	char path[1024];
	int64_t taken;
	int r = cpu_place_find_in(context, target, CGROUP_MEMORY, &place, err);

	if (r < 0)
		return r;
	if (!cpu_place_file(&place, "memory.reclaim", path, sizeof path))
		return error_errno(err, -ENAMETOOLONG, "%s", place.directory);
	taken = reclaim_until(context, path, value->number, &r);
	snprintf(where, 64, "memory.reclaim, %" PRId64 " of %" PRId64 " MiB taken", taken / MIB,
		 value->number / MIB);
	if (taken > 0 || r == 0)
		return 0;
	if (r != -EAGAIN)
		return error_errno(err, r, "cannot write %s", path);
	return error_set(err, r, "the kernel could take nothing: %" PRId64 " MiB are page cache or have "
			 "room in swap", memory_place_can_give(context, &place) / MIB);
}

const struct actuator act_memory_reclaim = {
	.name = "memory-reclaim",
	.settings = { SETTING_MEMORY_RECLAIM },
	.setting_count = 1,
	.slow = true,
	.once = true,
	.serves = reclaim_serves,
	.set = reclaim_set,
};
