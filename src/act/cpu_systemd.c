/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPU knobs on a host that systemd runs: weight and quota as properties of the VM's scope or
 * service, because systemd writes its own values again whenever it reloads. A VM without a unit of
 * its own is given a scope in machine.slice, beside libvirt's, so that all weigh among the same
 * siblings; what systemd has no property for is written to the scope's files.
 */
#include "act/act_lease.h"
#include "act/cpu_cgroup.h"
#include "act/cpu_scale.h"
#include "act/cpu_scope.h"
#include "act/owner_systemd.h"
#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/error.h"
#include "sys/cgroup_files.h"
#include "sys/root.h"
#include "sys/sdbus.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SLICE "machine.slice"
#define PERMYRIAD_USEC 100 /* of a second, in usec: a CPU is 10000 of them */

extern const struct lease_kind cpu_scope_kind;

/* NULL: systemd has none for it. Idle is a weight of 0 there, since 252. */
static const char *property_of(enum setting setting)
{
	switch (setting) {
	case SETTING_CPU_WEIGHT:
	case SETTING_CPU_NICE:
	case SETTING_CPU_IDLE:
		return "CPUWeight";
	case SETTING_CPU_QUOTA:
		return "CPUQuotaPerSecUSec";
	default:
		return NULL;
	}
}

static bool is_by_property(const struct cpu_place *place, enum setting setting,
			   char unit[static 256])
{
	return property_of(setting) != NULL && owner_systemd_unit(place->path, unit, 256);
}

static int serves(struct act_context *context, const struct act_target *target,
		  enum setting setting, char reason[static PLAN_REASON_SIZE])
{
	struct cpu_place place;
	char unit[256];

	snprintf(reason, PLAN_REASON_SIZE, "systemd does not manage it");
	if (!owner_systemd_runs(context->root) || !target->alone ||
	    strcmp(target->weight_where, "realtime") == 0 ||
	    cpu_place_find(context, target, &place, NULL) < 0)
		return 0;
	if (!place.own)
		return setting != SETTING_CPU_NICE;
	return is_by_property(&place, setting, unit);
}

/* -- a scope of its own */

static void scope_name(const struct act_target *target, char ret[static 128])
{
	snprintf(ret, 128, "truce-vm-%d-%llu-%u.scope", target->vm.pid,
		 (unsigned long long)target->vm.start_ticks, target->vm.ordinal);
}

/* Its lease says where the process goes back to; systemd then ends the empty scope. */
int cpu_scope_make(struct act_context *context, const struct act_target *target,
		   struct cpu_place *place, struct error *err)
{
	char scope[128], kept[sizeof context->note];
	struct sdbus *bus;
	uint64_t id;
	bool new;
	int r = owner_systemd_open(context, &bus, err);

	if (r < 0)
		return r;
	scope_name(target, scope);
	/* It stays while any setting has a lease in it, so it is of none. */
	memcpy(kept, context->note, sizeof kept);
	snprintf(context->note, sizeof context->note, "a place for the VM");
	r = act_lease_take(context, target, &cpu_scope_kind, scope, place->directory, SLICE, &id, &new,
			   err);
	memcpy(context->note, kept, sizeof kept);
	if (r == 0) {
		r = sdbus_scope_start(bus, scope, SLICE, &target->vm.pid, 1, err);
		if (r < 0 && r != -ETIMEDOUT && new)
			leases_drop(context->leases, id, NULL);
	}
	sdbus_close(bus);
	return r < 0 ? r : cpu_place_find_in(context, target, place->controller, place, err);
}

static int scope_undo(void *context, const struct vm_identity *vm, const char *target,
		      const char *was, const char *now, struct error *err)
{
	char path[1024], pid[16], name[64], bytes[4096];
	ssize_t size;
	int r;

	snprintf(name, sizeof name, "/proc/%d/cgroup", vm->pid);
	size = root_read(context, name, bytes, sizeof bytes);
	if (size < 0)
		return -ENOENT;
	/* It is not there: the scope was never made, or the process was moved out since. */
	if (strstr(bytes, target) == NULL)
		return 0;
	if (snprintf(path, sizeof path, "%s/cgroup.procs", was) >= (int)sizeof path)
		return error_set(err, -ENAMETOOLONG, "%s has too long a name", was);
	snprintf(pid, sizeof pid, "%d", vm->pid);
	r = root_write(context, path, pid);
	/* A session's scope that the VM has left may have ended: the VM's own is its home now. */
	if (r == -ENOENT || r == -ENODEV)
		return 0;
	return r < 0 ? error_errno(err, r, "cannot move process %d back to %s", vm->pid, was) : 0;
}

const struct lease_kind cpu_scope_kind = { .name = "cpu-scope", .undo = scope_undo };

/* -- properties */

static int property_read(struct act_context *context, const char *unit, enum setting setting,
			 struct setting_value *ret, char where[static 64], struct error *err)
{
	const char *property = property_of(setting);
	uint64_t number;
	int r = owner_systemd_read(context, unit, property, &number, err);

	if (r < 0)
		return r;
	*ret = (struct setting_value){ 0 };
	if (setting == SETTING_CPU_IDLE)
		ret->number = number == 0;
	else if (setting == SETTING_CPU_NICE)
		ret->number = cpu_scale_nice(number == UINT64_MAX ? 100 : (int64_t)number);
	else if (setting == SETTING_CPU_WEIGHT)
		ret->number = number == UINT64_MAX ? 100 : (int64_t)number;
	else
		ret->number = number == UINT64_MAX ? SETTING_UNLIMITED :
			      (int64_t)(number / PERMYRIAD_USEC);
	snprintf(where, 64, "systemd's %s", property);
	return 0;
}

/* What the kernel has must be what systemd was told: a cgroup may be a delegate's. */
static int property_check(struct act_context *context, const struct act_target *target,
			  const struct cpu_place *place, enum setting setting, int64_t wanted,
			  struct error *err)
{
	struct setting_value now;
	char where[64];
	int r = cpu_cgroup_read_in(context, place, setting, &now, where, err);

	if (r < 0)
		return error_prefix(err, "systemd took %s, but", setting_info[setting].name);
	if (now.number == wanted || (setting == SETTING_CPU_QUOTA && wanted > 0 &&
	    now.number >= wanted - wanted / 50 - 1 && now.number <= wanted + wanted / 50 + 1))
		return 0;
	return error_set(err, -EIO, "systemd took %s %lld of %s, but %s says %lld",
			 setting_info[setting].name, (long long)wanted, target->name, where,
			 (long long)now.number);
}

/* A weight counts among the units of its slice. */
static void tell(const struct cpu_place *place, const char *property, char where[static 64])
{
	struct span slice = { place->path, strlen(place->path) };
	const char *name;

	cgroup_parent(&slice);
	name = memrchr(slice.at, '/', slice.size);
	if (strcmp(property, "CPUWeight") == 0 && name != NULL && slice.size > 1)
		snprintf(where, 64, "systemd's CPUWeight, within %.*s",
			 (int)(slice.at + slice.size - name - 1), name + 1);
	else
		snprintf(where, 64, "systemd's %s", property);
}

static uint64_t property_value(enum setting setting, int64_t number)
{
	switch (setting) {
	case SETTING_CPU_QUOTA:
		return number == SETTING_UNLIMITED ? UINT64_MAX : (uint64_t)number * PERMYRIAD_USEC;
	case SETTING_CPU_NICE:
		return (uint64_t)cpu_scale_weight_of_nice((int)number);
	case SETTING_CPU_IDLE:
		return number != 0 ? 0 : 100;
	default:
		return (uint64_t)number;
	}
}

static int property_set(struct act_context *context, const struct act_target *target,
			const struct cpu_place *place, const char *unit, enum setting setting,
			int64_t number, char where[static 64], struct error *err)
{
	const char *property = property_of(setting);
	int r = owner_systemd_set(context, target, unit, property, property_value(setting, number),
				  err);

	if (r == 0)
		r = property_check(context, target, place, setting, number, err);
	if (r == 0)
		tell(place, property, where);
	return r;
}

/* -- the actuator */

static int read_knob(struct act_context *context, const struct act_target *target,
		     enum setting setting, struct setting_value *ret, char where[static 64],
		     struct error *err)
{
	struct cpu_place place;
	char unit[256];
	int r = cpu_place_find(context, target, &place, err);

	if (r < 0)
		return r;
	if (!place.own) {
		*ret = (struct setting_value){
			.number = setting == SETTING_CPU_WEIGHT ? 100 :
				  setting == SETTING_CPU_QUOTA ? SETTING_UNLIMITED : 0 };
		snprintf(where, 64, "no cgroup of its own");
		return 0;
	}
	if (is_by_property(&place, setting, unit))
		return property_read(context, unit, setting, ret, where, err);
	return cpu_cgroup_read_in(context, &place, setting, ret, where, err);
}

static int set_knob(struct act_context *context, const struct act_target *target,
		    enum setting setting, const struct setting_value *value,
		    char where[static 64], struct error *err)
{
	struct cpu_place place;
	char unit[256];
	int r = cpu_place_find(context, target, &place, err);

	if (r == 0 && !place.own)
		r = cpu_scope_make(context, target, &place, err);
	if (r < 0)
		return r;
	if (is_by_property(&place, setting, unit))
		r = property_set(context, target, &place, unit, setting, value->number, where, err);
	else
		r = cpu_cgroup_set_in(context, target, &place, setting, value, where, err);
	if (r < 0 && r != -ETIMEDOUT) {
		act_release_setting(context, target, setting, NULL);
		cpu_scope_abandon(context, target);
	}
	return r;
}

static const struct lease *scope_lease(struct leases *leases, const struct vm_identity *vm,
				       bool *ret_used)
{
	const struct lease *lease, *found = NULL;
	uint64_t id = 0;
	size_t size;

	*ret_used = false;
	while ((lease = leases_next(leases, id)) != NULL) {
		id = lease->id;
		if (vm_identity_compare(&lease->vm, vm) == 0 && lease->kind == &cpu_scope_kind)
			found = lease;
	}
	if (found == NULL)
		return NULL;
	size = strlen(found->target);
	for (id = 0; (lease = leases_next(leases, id)) != NULL; id = lease->id)
		if (lease != found && vm_identity_compare(&lease->vm, vm) == 0) {
			const char *at = strstr(lease->target, found->target);

			*ret_used |= at != NULL && (at[size] == ' ' || at[size] == '/');
		}
	return found;
}

void cpu_scope_abandon(struct act_context *context, const struct act_target *target)
{
	bool used;
	const struct lease *lease = scope_lease(context->leases, &target->vm, &used);

	if (lease != NULL && !used)
		leases_undo(context->leases, lease->id, NULL);
}

static int release_knob(struct act_context *context, const struct act_target *target,
			enum setting setting, struct error *err)
{
	int r;

	cpu_cgroup_before_release(context, target, setting);
	r = cpu_place_release(context, target, setting, err);
	cpu_scope_abandon(context, target);
	return r;
}

const struct actuator cpu_systemd_actuator = {
	.name = "cpu-systemd",
	.settings = { SETTING_CPU_WEIGHT, SETTING_CPU_NICE, SETTING_CPU_QUOTA, SETTING_CPU_BURST,
		      SETTING_CPU_IDLE },
	.setting_count = 5,
	.slow = true,
	.serves = serves,
	.read = read_knob,
	.set = set_knob,
	.release = release_knob,
};
