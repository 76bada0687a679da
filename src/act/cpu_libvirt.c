/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPU knobs of libvirt's domains, by libvirt: it keeps book of them, and writes what it believes.
 * The weight is the domain's; the quota is libvirt's "global" one, of the emulator's and the I/O
 * threads too; affinity is that of all vCPUs and of the emulator (libvirt's I/O threads keep
 * their own pins). libvirt has no burst and no idle: those are the cgroup's files.
 */
#include "act/act_lease.h"
#include "act/cpu_place.h"
#include "act/cpu_scale.h"
#include "act/owner_libvirt.h"
#include "base/error.h"
#include "model/nice.h"
#include "sys/cgroup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define QUOTA_LEAST_USEC 1000 /* libvirt's, and the kernel's */
#define PERIOD_USUAL_USEC 100000

static int serves(struct act_context *context, const struct act_target *target,
		  enum setting setting, char reason[static PLAN_REASON_SIZE])
{
	return owner_libvirt_serves(target, reason);
}

/* libvirt gives and takes what the kernel's file has: cpu.weight's scale in v2. */
static int is_v2(struct act_context *context, bool *ret, struct error *err)
{
	struct cgroup_layout layout;
	int r = cgroup_layout_read(context->root, &layout, err);

	*ret = r == 0 && layout.controller[CGROUP_CPU].v2;
	return r;
}

static int shares_set(struct act_context *context, const struct act_target *target,
		      int64_t shares, int64_t weight, char where[static 64], struct error *err)
{
	bool v2;
	int64_t now;
	int r = is_v2(context, &v2, err);

	if (r == 0)
		r = owner_libvirt_set(context, target, LIBVIRT_SCHEDULER, NULL, "cpu_shares",
				      v2 ? weight : shares, err);
	if (r == 0)
		r = owner_libvirt_read(target, LIBVIRT_SCHEDULER, NULL, "cpu_shares", &now, err);
	if (r == 0 && now != (v2 ? weight : shares))
		return error_set(err, -EIO, "libvirt took cpu_shares %lld of %s, and says %lld now",
				 (long long)(v2 ? weight : shares), target->name, (long long)now);
	if (r == 0)
		snprintf(where, 64, "libvirt's cpu_shares");
	return r;
}

static int shares_read(struct act_context *context, const struct act_target *target,
		       enum setting setting, struct setting_value *ret, struct error *err)
{
	bool v2;
	int64_t number;
	int r = is_v2(context, &v2, err);

	if (r == 0)
		r = owner_libvirt_read(target, LIBVIRT_SCHEDULER, NULL, "cpu_shares", &number, err);
	if (r < 0)
		return r;
	if (setting == SETTING_CPU_WEIGHT)
		ret->number = v2 ? number : cpu_scale_weight(number);
	else
		ret->number = v2 ? cpu_scale_nice(number) : cpu_scale_nice_of_shares(number);
	return 0;
}

static int quota_read(const struct act_target *target, int64_t *ret_quota, int64_t *ret_period,
		      struct error *err)
{
	int r = owner_libvirt_read(target, LIBVIRT_SCHEDULER, NULL, "global_period", ret_period, err);

	if (r == 0)
		r = owner_libvirt_read(target, LIBVIRT_SCHEDULER, NULL, "global_quota", ret_quota, err);
	if (r == 0 && *ret_period <= 0)
		*ret_period = PERIOD_USUAL_USEC;
	return r;
}

static int quota_set(struct act_context *context, const struct act_target *target,
		     int64_t permyriad, char where[static 64], struct error *err)
{
	int64_t quota, period;
	int r = quota_read(target, &quota, &period, err);

	if (r < 0)
		return r;
	quota = cpu_scale_quota(permyriad, period);
	if (quota < QUOTA_LEAST_USEC)
		return error_set(err, -ERANGE, "a CPU limit of %lld us in each period of %lld us is "
				 "less than the %d us that the kernel takes", (long long)quota,
				 (long long)period, QUOTA_LEAST_USEC);
	r = owner_libvirt_set(context, target, LIBVIRT_SCHEDULER, NULL, "global_quota",
			      quota == FIELD_UNLIMITED ? -1 : quota, err);
	if (r == 0)
		snprintf(where, 64, "libvirt's global_quota");
	return r;
}

static int pin_set(struct act_context *context, const struct act_target *target, const char *list,
		   char where[static 64], struct error *err)
{
	unsigned vcpu;
	int r = owner_libvirt_pin(context, target, LIBVIRT_EMULATOR, 0, list, err);

	for (vcpu = 0; r == 0 && vcpu < target->vcpu_count; vcpu++)
		r = owner_libvirt_pin(context, target, LIBVIRT_VCPU, vcpu, list, err);
	if (r == 0)
		snprintf(where, 64, "libvirt's pins");
	return r;
}

static int read_knob(struct act_context *context, const struct act_target *target,
		     enum setting setting, struct setting_value *ret, char where[static 64],
		     struct error *err)
{
	int64_t quota, period;
	int r;

	*ret = (struct setting_value){ 0 };
	switch (setting) {
	case SETTING_CPU_QUOTA:
		snprintf(where, 64, "libvirt's global_quota");
		r = quota_read(target, &quota, &period, err);
		if (r == 0)
			ret->number = cpu_scale_permyriad(quota, period);
		return r;
	case SETTING_CPU_AFFINITY:
		snprintf(where, 64, "libvirt's pins");
		return owner_libvirt_pin_read(target, target->vcpu_count > 0 ? LIBVIRT_VCPU :
					      LIBVIRT_EMULATOR, 0, ret->text, sizeof ret->text, err);
	default:
		snprintf(where, 64, "libvirt's cpu_shares");
		return shares_read(context, target, setting, ret, err);
	}
}

static int set_knob(struct act_context *context, const struct act_target *target,
		    enum setting setting, const struct setting_value *value,
		    char where[static 64], struct error *err)
{
	int64_t number = value->number;
	int r;

	switch (setting) {
	case SETTING_CPU_QUOTA:
		r = quota_set(context, target, number, where, err);
		break;
	case SETTING_CPU_AFFINITY:
		r = pin_set(context, target, value->text, where, err);
		break;
	case SETTING_CPU_NICE:
		r = shares_set(context, target, nice_weight((int)number),
			       cpu_scale_weight_of_nice((int)number), where, err);
		break;
	default:
		r = shares_set(context, target, cpu_scale_shares(number), number, where, err);
	}
	if (r < 0 && r != -ETIMEDOUT)
		act_release_setting(context, target, setting, NULL);
	return r;
}

const struct actuator cpu_libvirt_actuator = {
	.name = "cpu-libvirt",
	.settings = { SETTING_CPU_WEIGHT, SETTING_CPU_NICE, SETTING_CPU_QUOTA,
		      SETTING_CPU_AFFINITY },
	.setting_count = 4,
	.slow = true,
	.serves = serves,
	.read = read_knob,
	.set = set_knob,
};
