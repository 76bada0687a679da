/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "act/disk_weight.h"

#include "act/act_lease.h"
#include "act/disk_devices.h"
#include "act/owner_libvirt.h"
#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/error.h"
#include "sys/cgroup_files.h"
#include "sys/device.h"
#include "sys/root.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QOS_LIMIT (1 << 20)
#define STACKED_DEEP 4

extern const struct actuator act_disk_weight;
extern const struct actuator act_disk_weight_libvirt;

/* -- what arbitrates at a disk */

struct arbiter {
	struct act_context *context;
	char *qos; /* io.cost.qos of v2's root */
	size_t qos_size;
	unsigned depth;
	bool iocost, bfq;
};

/* "8:0 enable=1 ctrl=auto ..." */
static bool iocost_is_on(const struct arbiter *arbiter, struct io_device device)
{
	struct cursor all = cursor_over(arbiter->qos, arbiter->qos_size);
	struct cursor line;

	while (cursor_take_line(&all, &line)) {
		struct io_device found;
		size_t size;

		if (io_device_parse(line.at, cursor_left(&line), &found, &size) < 0 ||
		    found.major != device.major || found.minor != device.minor)
			continue;
		line.at += size;
		return cursor_take_text(&line, " enable=1");
	}
	return false;
}

static bool look_at_disk(struct arbiter *arbiter, const char *name);

static int look_below(const char *name, void *context)
{
	struct arbiter *arbiter = context;

	return look_at_disk(arbiter, name) ? 1 : 0;
}

/* The I/O of a stacked disk keeps its cgroup on the way down. */
static bool look_at_disk(struct arbiter *arbiter, const char *name)
{
	char path[96], text[32] = "";
	struct io_device device;
	bool found = false;
	ssize_t size;

	snprintf(path, sizeof path, "/sys/class/block/%.31s/dev", name);
	size = root_read(arbiter->context->root, path, text, sizeof text);
	size -= size > 0 && text[size - 1] == '\n';
	if (size > 0 && io_device_parse(text, (size_t)size, &device, NULL) == 0 &&
	    iocost_is_on(arbiter, device))
		arbiter->iocost = found = true;
	if (disk_scheduler_read(arbiter->context->root, name, text, sizeof text) == 0 &&
	    strcmp(text, "bfq") == 0)
		arbiter->bfq = found = true;
	if (!found && arbiter->depth < STACKED_DEEP) {
		arbiter->depth++;
		snprintf(path, sizeof path, "/sys/class/block/%.31s/slaves", name);
		found = root_list(arbiter->context->root, path, look_below, arbiter) == 1;
		arbiter->depth--;
	}
	return found;
}

static void read_qos(struct arbiter *arbiter, const struct cpu_place *place)
{
	char path[512];
	ssize_t size;

	snprintf(path, sizeof path, "%s/io.cost.qos", place->layout.controller[CGROUP_IO].mount);
	size = root_read_all(arbiter->context->root, path, QOS_LIMIT, &arbiter->qos);
	arbiter->qos_size = size > 0 ? (size_t)size : 0;
}

/* The first disk where nothing arbitrates, or NULL. */
static const char *find_arbiter(struct act_context *context, const struct cpu_place *place,
				const struct disk_devices *devices, struct arbiter *ret)
{
	const char *idle = NULL;

	*ret = (struct arbiter){ .context = context };
	if (place->v2)
		read_qos(ret, place);
	for (size_t i = 0; i < devices->count; i++)
		if (!look_at_disk(ret, devices->items[i].name) && idle == NULL)
			idle = devices->items[i].name;
	free(ret->qos);
	ret->qos = NULL;
	return idle;
}

/* -- the files */

static const char *bfq_file(const struct cpu_place *place)
{
	return place->v2 ? "io.bfq.weight" : "blkio.bfq.weight";
}

int disk_weight_serves(struct act_context *context, const struct act_target *target,
		       struct cpu_place *ret, char reason[static PLAN_REASON_SIZE])
{
	struct disk_devices devices;
	struct arbiter arbiter;
	struct error err = { 0 };
	const char *idle;
	char scheduler[32] = "none";

	if (cpu_place_find_in(context, target, CGROUP_IO, ret, &err) < 0 ||
	    disk_devices_find(context->root, target->vm.pid, &devices, &err) < 0) {
		snprintf(reason, PLAN_REASON_SIZE, "%.190s", err.text);
		return 0;
	}
	idle = find_arbiter(context, ret, &devices, &arbiter);
	if (idle != NULL && !arbiter.iocost && !arbiter.bfq) {
		disk_scheduler_read(context->root, idle, scheduler, sizeof scheduler);
		snprintf(reason, PLAN_REASON_SIZE, "nothing makes I/O weights act on %s: its scheduler "
			 "is %s and iocost is off", idle, scheduler);
		return 0;
	}
	return ret->own || cpu_place_can_be_made(target, ret, reason);
}

static int read_one(struct act_context *context, const struct cpu_place *place, const char *file,
		    int64_t *ret)
{
	char path[1024], bytes[4096];
	ssize_t size;

	if (!cpu_place_file(place, file, path, sizeof path))
		return -ENAMETOOLONG;
	size = root_read(context->root, path, bytes, sizeof bytes);
	return size < 0 ? (int)size : cgroup_weight_parse(bytes, (size_t)size, ret);
}

/* Only BFQ acts. io.weight is there whenever iocost is built in, whether or not it acts. */
static bool is_by_bfq(struct act_context *context, const struct act_target *target,
		      const struct cpu_place *place)
{
	struct disk_devices devices;
	struct arbiter arbiter;

	if (disk_devices_find(context->root, target->vm.pid, &devices, NULL) < 0)
		return false;
	find_arbiter(context, place, &devices, &arbiter);
	return arbiter.bfq && !arbiter.iocost;
}

int disk_weight_read(struct act_context *context, const struct act_target *target,
		     const struct cpu_place *place, int64_t *ret)
{
	int r = place->v2 && !is_by_bfq(context, target, place) ?
		read_one(context, place, "io.weight", ret) : -ENOENT;

	return r < 0 ? read_one(context, place, bfq_file(place), ret) : r;
}

int64_t disk_weight_for_systemd(struct act_context *context, const struct act_target *target,
				const struct cpu_place *place, int64_t weight)
{
	if (weight <= DISK_WEIGHT_USUAL || !is_by_bfq(context, target, place))
		return weight;
	weight = weight < DISK_WEIGHT_BFQ_MOST ? weight : DISK_WEIGHT_BFQ_MOST;
	return DISK_WEIGHT_USUAL + (weight - DISK_WEIGHT_USUAL) * 11;
}

/* A weight above BFQ's scale is its highest. */
static int write_bfq(struct act_context *context, const struct act_target *target,
		     const struct cpu_place *place, int64_t weight, struct error *err)
{
	char path[1024], was[24], now[24];
	int64_t before;
	int r = read_one(context, place, bfq_file(place), &before);

	if (r < 0)
		return error_errno(err, r, "cannot read %s", bfq_file(place));
	if (!cpu_place_file(place, bfq_file(place), path, sizeof path))
		return error_errno(err, -ENAMETOOLONG, "%s", place->directory);
	snprintf(was, sizeof was, "%" PRId64, before);
	snprintf(now, sizeof now, "%" PRId64,
		 weight < DISK_WEIGHT_BFQ_MOST ? weight : DISK_WEIGHT_BFQ_MOST);
	return act_lease_file_was(context, target, path, was, now, err);
}

static int write_iocost(struct act_context *context, const struct act_target *target,
			const struct cpu_place *place, int64_t weight, struct error *err)
{
	char path[1024], was[24], now[24];
	int64_t before;
	int r = read_one(context, place, "io.weight", &before);

	if (r < 0)
		return error_errno(err, r, "cannot read io.weight");
	if (!cpu_place_file(place, "io.weight", path, sizeof path))
		return error_errno(err, -ENAMETOOLONG, "%s", place->directory);
	snprintf(was, sizeof was, "%" PRId64, before);
	snprintf(now, sizeof now, "%" PRId64, weight);
	return act_lease_file_was(context, target, path, was, now, err);
}

int disk_weight_write(struct act_context *context, const struct act_target *target,
		      const struct cpu_place *place, int64_t weight, struct error *err)
{
	int r = 0;
	bool iocost = place->v2 && cpu_place_has(context, place, "io.weight");
	bool bfq = cpu_place_has(context, place, bfq_file(place));

	if (!iocost && !bfq)
		return error_set(err, -EOPNOTSUPP, "%s has no file for an I/O weight",
				 place->directory);
	if (iocost)
		r = write_iocost(context, target, place, weight, err);
	if (r == 0 && bfq)
		r = write_bfq(context, target, place, weight, err);
	return r;
}

/* -- the actuators */

static int weight_serves(struct act_context *context, const struct act_target *target,
			 enum setting setting, char reason[static PLAN_REASON_SIZE])
{
	struct cpu_place place;

	return disk_weight_serves(context, target, &place, reason);
}

static int weight_read(struct act_context *context, const struct act_target *target,
		       enum setting setting, struct setting_value *ret, char where[static 64],
		       struct error *err)
{
	struct cpu_place place;
	int64_t weight = DISK_WEIGHT_USUAL;
	int r = cpu_place_find_in(context, target, CGROUP_IO, &place, err);

	if (r < 0)
		return r;
	if (place.own)
		disk_weight_read(context, target, &place, &weight);
	ret->number = weight;
	snprintf(where, 64, "%s", place.v2 && !is_by_bfq(context, target, &place) ?
		 "io.weight" : bfq_file(&place));
	return 0;
}

static int weight_set(struct act_context *context, const struct act_target *target,
		      enum setting setting, const struct setting_value *value,
		      char where[static 64], struct error *err)
{
	struct cpu_place place;
	int r = cpu_place_find_in(context, target, CGROUP_IO, &place, err);

	if (r == 0 && !place.own)
		r = cpu_place_make(context, target, &place, err);
	if (r == 0)
		r = cpu_place_enable(context, &place, "io", err);
	if (r == 0)
		r = disk_weight_write(context, target, &place, value->number, err);
	if (r < 0)
		act_release_setting(context, target, setting, NULL);
	return r;
}

const struct actuator act_disk_weight = {
	.name = "disk-weight",
	.settings = { SETTING_DISK_WEIGHT },
	.setting_count = 1,
	.serves = weight_serves,
	.read = weight_read,
	.set = weight_set,
	.release = cpu_place_release,
};

static int libvirt_serves(struct act_context *context, const struct act_target *target,
			  enum setting setting, char reason[static PLAN_REASON_SIZE])
{
	struct cpu_place place;

	return disk_weight_serves(context, target, &place, reason) &&
	       owner_libvirt_serves(target, reason);
}

static int libvirt_read(struct act_context *context, const struct act_target *target,
			enum setting setting, struct setting_value *ret, char where[static 64],
			struct error *err)
{
	snprintf(where, 64, "libvirt's blkio weight");
	return owner_libvirt_read(target, LIBVIRT_BLKIO, NULL, "weight", &ret->number, err);
}

static int libvirt_set(struct act_context *context, const struct act_target *target,
		       enum setting setting, const struct setting_value *value,
		       char where[static 64], struct error *err)
{
	int64_t weight = value->number < DISK_WEIGHT_BFQ_MOST ? value->number : DISK_WEIGHT_BFQ_MOST;

	snprintf(where, 64, "libvirt's blkio weight");
	return owner_libvirt_set(context, target, LIBVIRT_BLKIO, NULL, "weight", weight, err);
}

const struct actuator act_disk_weight_libvirt = {
	.name = "disk-weight-libvirt",
	.settings = { SETTING_DISK_WEIGHT },
	.setting_count = 1,
	.slow = true,
	.serves = libvirt_serves,
	.read = libvirt_read,
	.set = libvirt_set,
};
