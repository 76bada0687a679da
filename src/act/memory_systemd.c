/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory.low and .min, memory.high and the disk weight on a host that systemd runs: properties of the VM's
 * scope or service, because systemd writes its own values again whenever it reloads. A VM without
 * a unit is given a scope; a cgroup below one that is no unit's own has its files written.
 */
#include "act/act_lease.h"
#include "act/actuator.h"
#include "act/cpu_scope.h"
#include "act/disk_weight.h"
#include "act/memory_place.h"
#include "act/owner_systemd.h"
#include "base/error.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

extern const struct actuator act_memory_systemd;

static const char *property_of(enum setting setting)
{
	switch (setting) {
	case SETTING_MEMORY_LOW:
	case SETTING_MEMORY_MIN:
		return memory_protection_property(setting);
	case SETTING_MEMORY_HIGH:
		return "MemoryHigh";
	default:
		return "IOWeight";
	}
}

static const char *file_of(enum setting setting)
{
	return memory_protects(setting) ? memory_protection_file(setting) : "memory.high";
}

static void tell(struct act_context *context, enum setting setting, char where[static 64])
{
	char name[32];

	snprintf(name, sizeof name, "systemd's %s", property_of(setting));
	memory_protection_tell(context, setting, name, where);
}

static int serves(struct act_context *context, const struct act_target *target,
		  enum setting setting, char reason[static PLAN_REASON_SIZE])
{
	struct cpu_place place;
	char unit[256];

	if (!owner_systemd_runs(context->root)) {
		snprintf(reason, PLAN_REASON_SIZE, "systemd does not run this host");
		return 0;
	}
	if (setting != SETTING_DISK_WEIGHT)
		return memory_place_serves(context, target, setting, &place, reason);
	return disk_weight_serves(context, target, &place, reason) && place.v2 &&
	       (!place.own || owner_systemd_unit(place.path, unit, sizeof unit));
}

static enum cgroup_controller controller_of(enum setting setting)
{
	return setting == SETTING_DISK_WEIGHT ? CGROUP_IO : CGROUP_MEMORY;
}

static int64_t number_of(enum setting setting, uint64_t property)
{
	if (property != UINT64_MAX)
		return property < INT64_MAX ? (int64_t)property : SETTING_UNLIMITED;
	return setting == SETTING_DISK_WEIGHT ? DISK_WEIGHT_USUAL :
	       memory_protects(setting) ? 0 : SETTING_UNLIMITED;
}

/* What the kernel has: a property may not have come through. */
static int read_kernel(struct act_context *context, const struct act_target *target,
		       const struct cpu_place *place, enum setting setting, int64_t *ret)
{
	int r = setting == SETTING_DISK_WEIGHT ? disk_weight_read(context, target, place, ret) :
		cpu_place_number(context, place, file_of(setting), ret);

	if (r == 0 && memory_protects(setting))
		*ret = memory_protection_effective(context, place, setting, *ret);
	return r;
}

static int systemd_read(struct act_context *context, const struct act_target *target,
			enum setting setting, struct setting_value *ret, char where[static 64],
			struct error *err)
{
	struct cpu_place place;
	int64_t number = number_of(setting, UINT64_MAX);
	int r = cpu_place_find_in(context, target, controller_of(setting), &place, err);

	if (r < 0)
		return r;
	if (place.own)
		read_kernel(context, target, &place, setting, &number);
	ret->number = number;
	tell(context, setting, where);
	return 0;
}

static int prepare(struct act_context *context, const struct act_target *target,
		   enum setting setting, struct cpu_place *ret, struct error *err)
{
	int r;

	if (setting != SETTING_DISK_WEIGHT)
		return memory_place_prepare(context, target, true, ret, err);
	r = cpu_place_find_in(context, target, CGROUP_IO, ret, err);
	if (r == 0 && !ret->own)
		r = cpu_scope_make(context, target, ret, err);
	return r == 0 ? cpu_place_enable(context, ret, "io", err) : r;
}

static int turn(struct act_context *context, const struct act_target *target,
		const struct cpu_place *place, enum setting setting, int64_t number,
		struct error *err)
{
	char unit[256], text[24] = "max";

	if (setting == SETTING_DISK_WEIGHT && owner_systemd_unit(place->path, unit, sizeof unit))
		number = disk_weight_for_systemd(context, target, place, number);
	if (owner_systemd_unit(place->path, unit, sizeof unit))
		return owner_systemd_set(context, target, unit, property_of(setting),
					 number == SETTING_UNLIMITED ? UINT64_MAX : (uint64_t)number,
					 err);
	if (setting == SETTING_DISK_WEIGHT)
		return disk_weight_write(context, target, place, number, err);
	if (number != SETTING_UNLIMITED)
		snprintf(text, sizeof text, "%" PRId64, number);
	return cpu_place_write(context, target, place, file_of(setting), text, err);
}

static int systemd_set(struct act_context *context, const struct act_target *target,
		       enum setting setting, const struct setting_value *value,
		       char where[static 64], struct error *err)
{
	struct cpu_place place;
	int r = prepare(context, target, setting, &place, err);

	if (r == 0 && setting == SETTING_MEMORY_HIGH)
		r = memory_place_check_high(context, &place, value->number, err);
	if (r == 0)
		r = turn(context, target, &place, setting, value->number, err);
	if (r == 0 && memory_protects(setting))
		r = memory_protection_cover(context, &place, setting, err);
	if (r < 0 && r != -ETIMEDOUT) {
		act_release_setting(context, target, setting, NULL);
		cpu_scope_abandon(context, target);
	}
	tell(context, setting, where);
	return r;
}

static int systemd_release(struct act_context *context, const struct act_target *target,
			   enum setting setting, struct error *err)
{
	struct cpu_place place;
	int found = cpu_place_find_in(context, target, controller_of(setting), &place, NULL);
	int r = cpu_place_release(context, target, setting, err);

	if (r == 0 && found == 0 && memory_protects(setting))
		r = memory_protection_cover(context, &place, setting, err);
	cpu_scope_abandon(context, target);
	return r;
}

const struct actuator act_memory_systemd = {
	.name = "memory-systemd",
	.settings = { SETTING_MEMORY_LOW, SETTING_MEMORY_MIN, SETTING_MEMORY_HIGH,
		      SETTING_DISK_WEIGHT },
	.setting_count = 4,
	.slow = true,
	.serves = serves,
	.read = systemd_read,
	.set = systemd_set,
	.release = systemd_release,
};
