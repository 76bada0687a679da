/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * disk.read_max and its like: io.max of the VM's own cgroup, blkio.throttle.* of v1, one number
 * for each disk that it lies on. The other numbers of a disk's line stay as they are, because the
 * kernel takes a line in parts. In v1 what goes through the page cache is written by the kernel's
 * own threads and is not limited: that is said in `where`. systemd leaves the lines of disks that
 * it was not told of as they are; it is asked for a scope only, where the VM has no place.
 */
#include "act/act_lease.h"
#include "act/actuator.h"
#include "act/cpu_place.h"
#include "act/cpu_scope.h"
#include "act/disk_devices.h"
#include "act/owner_systemd.h"
#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/error.h"
#include "sys/root.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_LIMIT (1 << 20)

extern const struct actuator act_disk_max, act_disk_max_systemd;
extern const struct lease_kind act_disk_max_kind;

static enum io_limit_key key_of(enum setting setting)
{
	switch (setting) {
	case SETTING_DISK_READ_MAX:
		return IO_READ_BYTES;
	case SETTING_DISK_WRITE_MAX:
		return IO_WRITE_BYTES;
	case SETTING_DISK_READ_OPERATIONS_MAX:
		return IO_READ_OPERATIONS;
	default:
		return IO_WRITE_OPERATIONS;
	}
}

static bool is_operations(enum io_limit_key key)
{
	return key == IO_READ_OPERATIONS || key == IO_WRITE_OPERATIONS;
}

static const char *file_of(const struct cpu_place *place, enum io_limit_key key)
{
	return place->v2 ? "io.max" : io_limit_file_v1(key);
}

static const char *where_of(const struct cpu_place *place, enum io_limit_key key)
{
	static const char *const v1[IO_LIMIT_KEY_COUNT] = {
		"blkio.throttle", "blkio.throttle, O_DIRECT and sync writes only",
		"blkio.throttle", "blkio.throttle, O_DIRECT and sync writes only",
	};

	return place->v2 ? "io.max" : v1[key];
}

/* -- the lease: "MAJ:MIN KEY FILE", KEY "-" in v1; was: a number or "max" */

static int write_limit(struct root *root, const char *target, const char *number)
{
	struct cursor c = cursor_over(target, strlen(target));
	const char *device, *key;
	size_t device_size, key_size;
	char line[128];

	if (!cursor_take_word(&c, &device, &device_size) || device_size > 32 ||
	    !cursor_take_word(&c, &key, &key_size) || key_size > 8 || !cursor_take_text(&c, " /"))
		return -EINVAL;
	if (*key == '-')
		snprintf(line, sizeof line, "%.*s %s", (int)device_size, device,
			 strcmp(number, "max") == 0 ? "0" : number);
	else
		snprintf(line, sizeof line, "%.*s %.*s=%s", (int)device_size, device, (int)key_size,
			 key, number);
	return root_write(root, c.at - 1, line);
}

/* A disk that is gone took its limit with it. */
static int kind_undo(void *context, const struct vm_identity *vm, const char *target,
		     const char *was, const char *now, struct error *err)
{
	int r = strlen(was) < 32 ? write_limit(context, target, was) : -EINVAL;

	if (r == -ENODEV || r == -ENXIO)
		r = -ENOENT;
	return r < 0 ? error_errno(err, r, "cannot give %.100s back to %.300s", was, target) : 0;
}

const struct lease_kind act_disk_max_kind = { .name = "disk-max", .undo = kind_undo };

static void number_text(int64_t number, char ret[static 24])
{
	if (number == FIELD_UNLIMITED)
		strcpy(ret, "max");
	else
		snprintf(ret, 24, "%" PRId64, number);
}

/* -- one disk */

static int read_file(struct act_context *context, const struct cpu_place *place,
		     enum io_limit_key key, char **ret, size_t *ret_size, struct error *err)
{
	char path[1024];
	ssize_t size;

	if (!cpu_place_file(place, file_of(place, key), path, sizeof path))
		return error_errno(err, -ENAMETOOLONG, "%s", place->directory);
	size = root_read_all(context->root, path, FILE_LIMIT, ret);
	if (size < 0)
		return error_errno(err, (int)size, "cannot read %s", path);
	*ret_size = (size_t)size;
	return 0;
}

static int64_t find_limit(const struct cpu_place *place, const char *bytes, size_t size,
			  struct io_device device, enum io_limit_key key)
{
	return place->v2 ? io_max_find(bytes, size, device, key) :
			   io_throttle_find(bytes, size, device);
}

static int limit_device(struct act_context *context, const struct act_target *target,
			const struct cpu_place *place, const struct disk_device *device,
			enum io_limit_key key, int64_t before, int64_t number, struct error *err)
{
	char what[1200], was[24], now[24];
	uint64_t id;
	bool new;
	int r;

	snprintf(what, sizeof what, "%u:%u %s %s/%s", device->number.major, device->number.minor,
		 place->v2 ? io_limit_key_v2(key) : "-", place->directory, file_of(place, key));
	number_text(before, was);
	number_text(number, now);
	r = act_lease_take(context, target, &act_disk_max_kind, what, was, now, &id, &new, err);
	if (r < 0)
		return r;
	r = write_limit(context->root, what, now);
	if (r < 0) {
		error_errno(err, r, "the kernel takes no limit of %s in %s", device->name,
			    file_of(place, key));
		if (new)
			leases_undo(context->leases, id, NULL);
	}
	return r;
}

/* -- the actuator */

static int place_find(struct act_context *context, const struct act_target *target,
		      struct cpu_place *ret, struct error *err)
{
	return cpu_place_find_in(context, target, CGROUP_IO, ret, err);
}

/* In the kernel since 3.x, but a choice when it is built. */
static bool has_file(struct act_context *context, const struct cpu_place *place,
		     enum io_limit_key key)
{
	return !place->v2 ? cpu_place_has(context, place, file_of(place, key)) || !place->own :
	       !place->own || cpu_place_has(context, place, "io.max") ||
	       !cpu_place_has(context, place, "io.stat");
}

static int max_serves(struct act_context *context, const struct act_target *target,
		      enum setting setting, char reason[static PLAN_REASON_SIZE])
{
	struct disk_devices devices;
	struct cpu_place place;
	struct error err = { 0 };
	int r = place_find(context, target, &place, &err);

	if (r == 0)
		r = disk_devices_find(context->root, target->vm.pid, &devices, &err);
	if (r < 0) {
		snprintf(reason, PLAN_REASON_SIZE, "%.190s", err.text);
		return r == -EOPNOTSUPP ? r : 0;
	}
	if (!has_file(context, &place, key_of(setting))) {
		snprintf(reason, PLAN_REASON_SIZE, "this kernel was built without I/O throttling");
		return 0;
	}
	return place.own || cpu_place_can_be_made(target, &place, reason);
}

static int max_read(struct act_context *context, const struct act_target *target,
		    enum setting setting, struct setting_value *ret, char where[static 64],
		    struct error *err)
{
	enum io_limit_key key = key_of(setting);
	CLEANUP_FREE char *bytes = NULL;
	struct disk_devices devices;
	struct cpu_place place;
	int64_t loosest = 0;
	size_t size;
	int r = place_find(context, target, &place, err);

	if (r == 0)
		r = disk_devices_find(context->root, target->vm.pid, &devices, err);
	if (r < 0)
		return r;
	snprintf(where, 64, "%s", where_of(&place, key));
	if (!place.own || !cpu_place_has(context, &place, file_of(&place, key))) {
		ret->number = SETTING_UNLIMITED;
		return 0;
	}
	r = read_file(context, &place, key, &bytes, &size, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < devices.count; i++) {
		int64_t limit = find_limit(&place, bytes, size, devices.items[i].number, key);

		loosest = limit > loosest ? limit : loosest;
	}
	ret->number = loosest;
	return 0;
}

static int place_prepare(struct act_context *context, const struct act_target *target,
			 bool by_systemd, struct cpu_place *place, struct error *err)
{
	int r = place_find(context, target, place, err);

	if (r == 0 && !place->own)
		r = by_systemd ? cpu_scope_make(context, target, place, err) :
				 cpu_place_make(context, target, place, err);
	return r == 0 ? cpu_place_enable(context, place, "io", err) : r;
}

/* The kernel keeps operations in 32 bits. */
static int64_t number_for(enum io_limit_key key, int64_t value)
{
	return is_operations(key) && value >= UINT32_MAX ? FIELD_UNLIMITED : value;
}

static int set_in(struct act_context *context, const struct act_target *target, bool by_systemd,
		  enum setting setting, const struct setting_value *value, char where[static 64],
		  struct error *err)
{
	enum io_limit_key key = key_of(setting);
	CLEANUP_FREE char *bytes = NULL;
	struct disk_devices devices;
	struct cpu_place place;
	size_t size;
	int r = disk_devices_find(context->root, target->vm.pid, &devices, err);

	if (r == 0)
		r = place_prepare(context, target, by_systemd, &place, err);
	if (r == 0)
		r = read_file(context, &place, key, &bytes, &size, err);
	for (size_t i = 0; r == 0 && i < devices.count; i++)
		r = limit_device(context, target, &place, &devices.items[i], key,
				 find_limit(&place, bytes, size, devices.items[i].number, key),
				 number_for(key, value->number), err);
	if (r == 0)
		snprintf(where, 64, "%s", where_of(&place, key));
	else
		act_release_setting(context, target, setting, NULL);
	return r;
}

static int max_set(struct act_context *context, const struct act_target *target,
		   enum setting setting, const struct setting_value *value, char where[static 64],
		   struct error *err)
{
	return set_in(context, target, false, setting, value, where, err);
}

#define SETTINGS_OF_IT                                                                             \
	.settings = { SETTING_DISK_READ_MAX, SETTING_DISK_WRITE_MAX,                               \
		      SETTING_DISK_READ_OPERATIONS_MAX, SETTING_DISK_WRITE_OPERATIONS_MAX },       \
	.setting_count = 4

/* -- on a host that systemd runs, where it has no place of its own yet or a scope that was made */

static int systemd_serves(struct act_context *context, const struct act_target *target,
			  enum setting setting, char reason[static PLAN_REASON_SIZE])
{
	if (!owner_systemd_runs(context->root)) {
		snprintf(reason, PLAN_REASON_SIZE, "systemd does not run this host");
		return 0;
	}
	return max_serves(context, target, setting, reason);
}

static int systemd_set(struct act_context *context, const struct act_target *target,
		       enum setting setting, const struct setting_value *value,
		       char where[static 64], struct error *err)
{
	int r = set_in(context, target, true, setting, value, where, err);

	if (r < 0)
		cpu_scope_abandon(context, target);
	return r;
}

static int systemd_release(struct act_context *context, const struct act_target *target,
			   enum setting setting, struct error *err)
{
	int r = cpu_place_release(context, target, setting, err);

	cpu_scope_abandon(context, target);
	return r;
}

const struct actuator act_disk_max_systemd = {
	.name = "disk-max-systemd",
	SETTINGS_OF_IT,
	.slow = true,
	.serves = systemd_serves,
	.read = max_read,
	.set = systemd_set,
	.release = systemd_release,
};

const struct actuator act_disk_max = {
	.name = "disk-max",
	SETTINGS_OF_IT,
	.serves = max_serves,
	.read = max_read,
	.set = max_set,
	.release = cpu_place_release,
};
