/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The CPU knobs of the VM's own cgroup, by its files: v2's and v1's. Where the VM has none and
 * the knob needs one, it is made (cpu_place.h); where that is refused, nice and policies of the
 * threads do what they can (cpu_threads.h).
 */
#include "act/cpu_cgroup.h"

#include "act/act_lease.h"
#include "act/cpu_scale.h"
#include "act/cpu_threads.h"
#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/text.h"
#include "model/nice.h"
#include "sys/cgroup_files.h"
#include "sys/root.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The kernel refuses quotas below 1 ms a period (kernel/sched: min_cfs_quota_period). */
#define QUOTA_LEAST_USEC 1000

static const char *name_of(const struct cpu_place *place, const char *v2, const char *v1)
{
	return place->v2 ? v2 : v1;
}

static struct span span_of(const struct cpu_place *place)
{
	return (struct span){ place->path, strlen(place->path) };
}

static int file_missing(const struct cpu_place *place, const char *file, int code,
			struct error *err)
{
	if (code == -ENOENT)
		return error_set(err, code, "the cgroup %s has no %s on this host", place->path,
				 file);
	return error_errno(err, code, "cannot read %s of the cgroup %s", file, place->path);
}

/* -- weight and nice */

static int weight_read(struct act_context *context, const struct cpu_place *place, int64_t *ret,
		       char where[static 64], struct error *err)
{
	const char *file = name_of(place, "cpu.weight", "cpu.shares");
	int r = cpu_place_number(context, place, file, ret);

	if (r < 0)
		return file_missing(place, file, r, err);
	snprintf(where, 64, "%s", file);
	return 0;
}

static int weight_get(struct act_context *context, const struct cpu_place *place,
		      struct setting_value *ret, char where[static 64], struct error *err)
{
	int64_t number;
	int r = weight_read(context, place, &number, where, err);

	if (r == 0)
		ret->number = place->v2 ? number : cpu_scale_weight(number);
	return r;
}

static int nice_get(struct act_context *context, const struct cpu_place *place,
		    struct setting_value *ret, char where[static 64], struct error *err)
{
	int64_t number;
	int r;

	if (place->v2) {
		r = cpu_place_number(context, place, "cpu.weight.nice", &number);
		snprintf(where, 64, "cpu.weight.nice");
	} else {
		r = weight_read(context, place, &number, where, err);
		if (r == 0)
			number = cpu_scale_nice_of_shares(number);
	}
	if (r < 0)
		return file_missing(place, "cpu.weight.nice", r, err);
	ret->number = number;
	return 0;
}

/* The kernel says EINVAL; the reason is worth a sentence. */
static int refuse_idle(struct act_context *context, const struct cpu_place *place,
		       struct error *err)
{
	int64_t idle;

	if (cpu_place_number(context, place, "cpu.idle", &idle) < 0 || idle != 1)
		return 0;
	return error_set(err, -EBUSY, "the cgroup %s is idle (cpu.idle is 1), so it has no weight: "
			 "give cpu.idle back first", place->path);
}

static int weight_set(struct act_context *context, const struct act_target *target,
		      const struct cpu_place *place, int64_t weight, char where[static 64],
		      struct error *err)
{
	const char *file = name_of(place, "cpu.weight", "cpu.shares");
	char text[24];
	int r = refuse_idle(context, place, err);

	snprintf(text, sizeof text, "%lld",
		 (long long)(place->v2 ? weight : cpu_scale_shares(weight)));
	if (r == 0)
		r = cpu_place_write(context, target, place, file, text, err);
	if (r == 0)
		cpu_place_tell(context, target, place, file, where);
	return r;
}

/* cpu.weight.nice tells a weight that is no step of nice only roughly, so what is leased, and
 * given back, is cpu.weight. */
static int nice_set_v2(struct act_context *context, const struct act_target *target,
		       const struct cpu_place *place, int64_t nice, struct error *err)
{
	char path[1024], was[24], now[24];
	int64_t before;
	uint64_t id;
	bool new;
	int r = cpu_place_number(context, place, "cpu.weight", &before);

	if (r < 0 || !cpu_place_file(place, "cpu.weight", path, sizeof path))
		return file_missing(place, "cpu.weight", r < 0 ? r : -ENAMETOOLONG, err);
	snprintf(was, sizeof was, "%lld", (long long)before);
	snprintf(now, sizeof now, "%lld", (long long)cpu_scale_weight_of_nice((int)nice));
	r = act_lease_take(context, target, &act_lease_file_kind, path, was, now, &id, &new, err);
	if (r < 0)
		return r;
	snprintf(now, sizeof now, "%lld", (long long)nice);
	cpu_place_file(place, "cpu.weight.nice", path, sizeof path);
	r = root_write(context->root, path, now);
	if (r < 0 && new)
		leases_drop(context->leases, id, NULL);
	return r < 0 ? error_errno(err, r, "cannot set %s to %s", path, now) : 0;
}

static int nice_set(struct act_context *context, const struct act_target *target,
		    const struct cpu_place *place, int64_t nice, char where[static 64],
		    struct error *err)
{
	char text[24];
	int r = refuse_idle(context, place, err);

	if (r < 0)
		return r;
	snprintf(text, sizeof text, "%lld", (long long)nice_weight((int)nice));
	r = place->v2 ? nice_set_v2(context, target, place, nice, err) :
			cpu_place_write(context, target, place, "cpu.shares", text, err);
	if (r == 0)
		cpu_place_tell(context, target, place,
			       name_of(place, "cpu.weight.nice", "cpu.shares"), where);
	return r;
}

/* -- quota and burst */

static const char *burst_file(const struct cpu_place *place)
{
	return name_of(place, "cpu.max.burst", "cpu.cfs_burst_us");
}

static const char *quota_file(const struct cpu_place *place)
{
	return name_of(place, "cpu.max", "cpu.cfs_quota_us");
}

static int quota_read(struct act_context *context, const struct cpu_place *place,
		      struct cgroup_quota *ret, struct error *err)
{
	int r = cgroup_quota_read(context->root, &place->layout, span_of(place), ret);

	return r < 0 ? file_missing(place, quota_file(place), r, err) : 0;
}

static int quota_get(struct act_context *context, const struct cpu_place *place,
		     struct setting_value *ret, char where[static 64], struct error *err)
{
	struct cgroup_quota quota;
	int r = quota_read(context, place, &quota, err);

	if (r < 0)
		return r;
	ret->number = cpu_scale_permyriad(quota.quota_usec, quota.period_usec);
	snprintf(where, 64, "%s", quota_file(place));
	return 0;
}

static void quota_write_text(const struct cpu_place *place, int64_t usec, int64_t period,
			     char ret[static 48])
{
	if (usec == FIELD_UNLIMITED && place->v2)
		snprintf(ret, 48, "max %lld", (long long)period);
	else if (usec == FIELD_UNLIMITED)
		snprintf(ret, 48, "-1");
	else if (place->v2)
		snprintf(ret, 48, "%lld %lld", (long long)usec, (long long)period);
	else
		snprintf(ret, 48, "%lld", (long long)usec);
}

/* What is above the VM holds as well: v2 takes the least, v1 refuses more than that. */
static void quota_tell(struct act_context *context, const struct cpu_place *place,
		       int64_t permyriad, char where[static 64])
{
	struct cgroup_quota tightest;

	if (cgroup_quota_effective(context->root, &place->layout, span_of(place), NULL,
				   &tightest) == 0 &&
	    tightest.permyriad < permyriad)
		snprintf(where, 64, "%.16s; a cgroup above allows %.2f CPUs",
			 quota_file(place), (double)tightest.permyriad / 10000);
	else
		snprintf(where, 64, "%s", quota_file(place));
}

static int quota_refused(const struct cpu_place *place, int code, struct error *err)
{
	if (code == -EINVAL && !place->v2)
		return error_set(err, code, "cgroup v1 refuses this CPU limit of %s: a cgroup above "
				 "has less, or one below more", place->path);
	return code;
}

static int burst_lower(struct act_context *context, const struct act_target *target,
		       const struct cpu_place *place, const struct cgroup_quota *before,
		       int64_t usec, struct error *err)
{
	char text[24];

	if (!field_present(before->burst_usec) || usec == FIELD_UNLIMITED ||
	    before->burst_usec <= usec)
		return 0;
	snprintf(text, sizeof text, "%lld", (long long)usec);
	return cpu_place_write(context, target, place, burst_file(place), text, err);
}

static int quota_set(struct act_context *context, const struct act_target *target,
		     const struct cpu_place *place, int64_t permyriad, char where[static 64],
		     struct error *err)
{
	struct cgroup_quota before;
	char text[48];
	int64_t usec;
	int r = quota_read(context, place, &before, err);

	if (r < 0)
		return r;
	usec = cpu_scale_quota(permyriad, before.period_usec);
	if (usec < QUOTA_LEAST_USEC)
		return error_set(err, -ERANGE, "a CPU limit of %lld.%02lld%% is %lld us in each "
				 "period of %lld us, and the kernel takes no less than %d us",
				 (long long)permyriad / 100, (long long)permyriad % 100,
				 (long long)usec, (long long)before.period_usec, QUOTA_LEAST_USEC);
	r = burst_lower(context, target, place, &before, usec, err);
	if (r < 0)
		return r;
	quota_write_text(place, usec, before.period_usec, text);
	r = quota_refused(place, cpu_place_write(context, target, place, quota_file(place), text,
						 err), err);
	if (r == 0)
		quota_tell(context, place, permyriad, where);
	return r;
}

static int burst_get(struct act_context *context, const struct cpu_place *place,
		     struct setting_value *ret, char where[static 64], struct error *err)
{
	int r = cpu_place_number(context, place, burst_file(place), &ret->number);

	if (r < 0)
		return file_missing(place, burst_file(place), r, err);
	snprintf(where, 64, "%s", burst_file(place));
	return 0;
}

static int burst_set(struct act_context *context, const struct act_target *target,
		     const struct cpu_place *place, int64_t usec, char where[static 64],
		     struct error *err)
{
	struct cgroup_quota quota;
	char text[24];
	int r = quota_read(context, place, &quota, err);

	if (r < 0)
		return r;
	if (!field_present(quota.burst_usec))
		return file_missing(place, burst_file(place), -ENOENT, err);
	if (usec > quota.quota_usec)
		return error_set(err, -ERANGE, "a burst of %lld us is more than the quota of %lld us "
				 "a period: raise cpu.quota first", (long long)usec,
				 (long long)quota.quota_usec);
	snprintf(text, sizeof text, "%lld", (long long)usec);
	r = cpu_place_write(context, target, place, burst_file(place), text, err);
	if (r == 0)
		snprintf(where, 64, "%s", burst_file(place));
	return r;
}

/* The quota that the lease gives back, in usec; FIELD_UNLIMITED where none is leased. */
static int64_t quota_was(struct act_context *context, const struct act_target *target,
			 const struct cpu_place *place)
{
	const struct lease *lease;
	int64_t usec = FIELD_UNLIMITED;
	struct cursor c;
	char path[1024];

	if (!cpu_place_file(place, quota_file(place), path, sizeof path))
		return usec;
	lease = leases_find(context->leases, &act_lease_file_kind, &target->vm, path);
	if (lease == NULL)
		return usec;
	c = cursor_over(lease->was, strlen(lease->was));
	return cursor_take_i64(&c, &usec) && usec >= 0 ? usec : FIELD_UNLIMITED;
}

void cpu_cgroup_before_release(struct act_context *context, const struct act_target *target,
			       enum setting setting)
{
	struct cpu_place place;
	char path[1024], text[24];
	int64_t burst, was;

	if (setting != SETTING_CPU_QUOTA || cpu_place_find(context, target, &place, NULL) < 0 ||
	    cpu_place_number(context, &place, burst_file(&place), &burst) < 0)
		return;
	was = quota_was(context, target, &place);
	if (was >= burst || !cpu_place_file(&place, burst_file(&place), path, sizeof path))
		return;
	snprintf(text, sizeof text, "%lld", (long long)was);
	root_write(context->root, path, text);
}

/* -- idle */

static int idle_get(struct act_context *context, const struct cpu_place *place,
		    struct setting_value *ret, char where[static 64], struct error *err)
{
	int r = cpu_place_number(context, place, "cpu.idle", &ret->number);

	if (r < 0)
		return file_missing(place, "cpu.idle", r, err);
	snprintf(where, 64, "cpu.idle");
	return 0;
}

static int idle_set(struct act_context *context, const struct act_target *target,
		    const struct cpu_place *place, int64_t idle, char where[static 64],
		    struct error *err)
{
	int r = cpu_place_write(context, target, place, "cpu.idle", idle != 0 ? "1" : "0", err);

	if (r == 0)
		snprintf(where, 64, "cpu.idle");
	return r;
}

/* -- by setting */

int cpu_cgroup_read_in(struct act_context *context, const struct cpu_place *place,
		       enum setting setting, struct setting_value *ret, char where[static 64],
		       struct error *err)
{
	*ret = (struct setting_value){ 0 };
	switch (setting) {
	case SETTING_CPU_WEIGHT:
		return weight_get(context, place, ret, where, err);
	case SETTING_CPU_NICE:
		return nice_get(context, place, ret, where, err);
	case SETTING_CPU_QUOTA:
		return quota_get(context, place, ret, where, err);
	case SETTING_CPU_BURST:
		return burst_get(context, place, ret, where, err);
	case SETTING_CPU_IDLE:
		return idle_get(context, place, ret, where, err);
	default:
		return error_set(err, -EINVAL, "%s is no knob of a CPU cgroup",
				 setting_info[setting].name);
	}
}

int cpu_cgroup_set_in(struct act_context *context, const struct act_target *target,
		      const struct cpu_place *place, enum setting setting,
		      const struct setting_value *value, char where[static 64],
		      struct error *err)
{
	int r = cpu_place_enable(context, place, "cpu", err);

	if (r < 0)
		return r;
	switch (setting) {
	case SETTING_CPU_WEIGHT:
		return weight_set(context, target, place, value->number, where, err);
	case SETTING_CPU_NICE:
		return nice_set(context, target, place, value->number, where, err);
	case SETTING_CPU_QUOTA:
		return quota_set(context, target, place, value->number, where, err);
	case SETTING_CPU_BURST:
		return burst_set(context, target, place, value->number, where, err);
	case SETTING_CPU_IDLE:
		return idle_set(context, target, place, value->number, where, err);
	default:
		return error_set(err, -EINVAL, "%s is no knob of a CPU cgroup",
				 setting_info[setting].name);
	}
}

/* -- the actuator */

/* What has no file at the root of the hierarchy stands in one that is like it everywhere else. */
static bool kernel_has(struct act_context *context, const struct act_target *target,
		       const struct cpu_place *place, enum setting setting)
{
	if (!place->own)
		return true;
	if (setting == SETTING_CPU_IDLE)
		return cpu_place_has(context, place, "cpu.idle");
	if (setting == SETTING_CPU_BURST)
		return cpu_place_has(context, place, burst_file(place));
	return true;
}

static bool is_realtime(const struct act_target *target, enum setting setting)
{
	return strcmp(target->weight_where, "realtime") == 0 &&
	       (setting == SETTING_CPU_WEIGHT || setting == SETTING_CPU_NICE ||
		setting == SETTING_CPU_IDLE);
}

static int serves(struct act_context *context, const struct act_target *target,
		  enum setting setting, char reason[static PLAN_REASON_SIZE])
{
	struct error err = { 0 };
	struct cpu_place place;

	if (is_realtime(target, setting)) {
		snprintf(reason, PLAN_REASON_SIZE, "its threads are real-time, which go before all "
			 "weights");
		return 0;
	}
	if (cpu_place_find(context, target, &place, &err) < 0) {
		text_copy(reason, PLAN_REASON_SIZE, err.text, strlen(err.text));
		return 0;
	}
	if (!kernel_has(context, target, &place, setting)) {
		snprintf(reason, PLAN_REASON_SIZE, "this kernel's cgroups have no %s",
			 setting_info[setting].name);
		return 0;
	}
	if (place.own)
		return 1;
	if (setting == SETTING_CPU_NICE) {
		snprintf(reason, PLAN_REASON_SIZE, "it has no cgroup of its own");
		return 0;
	}
	return cpu_place_can_be_made(target, &place, reason);
}

static int read_knob(struct act_context *context, const struct act_target *target,
		     enum setting setting, struct setting_value *ret, char where[static 64],
		     struct error *err)
{
	struct cpu_place place;
	int r = cpu_place_find(context, target, &place, err);

	if (r < 0)
		return r;
	if (place.own)
		return cpu_cgroup_read_in(context, &place, setting, ret, where, err);
	if (cpu_threads_has(setting))
		return cpu_threads_read(context, target, setting, ret, where, err);
	/* Without a place of its own nothing limits it but what limits others too. */
	*ret = (struct setting_value){ setting == SETTING_CPU_QUOTA ? SETTING_UNLIMITED : 0, "" };
	snprintf(where, 64, "no cgroup of its own");
	return 0;
}

static int set_knob(struct act_context *context, const struct act_target *target,
		    enum setting setting, const struct setting_value *value,
		    char where[static 64], struct error *err)
{
	struct cpu_place place;
	int r = cpu_place_find(context, target, &place, err);

	if (r == 0 && !place.own) {
		r = cpu_place_make(context, target, &place, err);
		if (cpu_place_is_refused(r) && cpu_threads_has(setting))
			return cpu_threads_set(context, target, setting, value, where, err);
	}
	if (r < 0)
		return r;
	r = cpu_cgroup_set_in(context, target, &place, setting, value, where, err);
	if (r < 0)
		cpu_place_abandon(context, target);
	return r;
}

static int release_knob(struct act_context *context, const struct act_target *target,
			enum setting setting, struct error *err)
{
	cpu_cgroup_before_release(context, target, setting);
	return cpu_place_release(context, target, setting, err);
}

const struct actuator cpu_cgroup_actuator = {
	.name = "cpu-cgroup",
	.settings = { SETTING_CPU_WEIGHT, SETTING_CPU_NICE, SETTING_CPU_QUOTA, SETTING_CPU_BURST,
		      SETTING_CPU_IDLE },
	.setting_count = 5,
	.serves = serves,
	.read = read_knob,
	.set = set_knob,
	.release = release_knob,
};
