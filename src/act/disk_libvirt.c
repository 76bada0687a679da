/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * disk.throttle of libvirt's domains: the I/O tuning of each disk. Reads and writes have a limit
 * each; where a limit of both together stands, it stays, or becomes ours where ours is lower.
 */
#include "act/actuator.h"
#include "act/owner_libvirt_group.h"
#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { NUMBERS = 6, DISKS_MAX = 64 };

extern const struct actuator act_disk_libvirt;

static const struct owner_libvirt_number bytes[NUMBERS] = {
	{ "total_bytes_sec", 0 }, { "read_bytes_sec", 0 }, { "write_bytes_sec", 0 },
	{ "total_bytes_sec_max", 0 }, { "read_bytes_sec_max", 0 }, { "write_bytes_sec_max", 0 },
};

static const struct owner_libvirt_number operations[NUMBERS] = {
	{ "total_iops_sec", 0 }, { "read_iops_sec", 0 }, { "write_iops_sec", 0 },
	{ "total_iops_sec_max", 0 }, { "read_iops_sec_max", 0 }, { "write_iops_sec_max", 0 },
};

static int disk_serves(struct act_context *context, const struct act_target *target,
		       enum setting setting, char reason[static PLAN_REASON_SIZE])
{
	return owner_libvirt_serves(target, reason);
}

static ssize_t find_disks(const struct act_target *target, struct libvirt_disk *ret,
			  struct error *err)
{
	struct libvirt *libvirt;
	ssize_t count = libvirt_open_domain(target->uuid, target->vm.pid, false, &libvirt,
				    err);

	if (count < 0)
		return count;
	count = libvirt_disks(libvirt, target->uuid, ret, DISKS_MAX, err);
	libvirt_close(libvirt);
	if (count == 0)
		return error_set(err, -EOPNOTSUPP, "libvirt knows no disk of it");
	return count < DISKS_MAX ? count : DISKS_MAX;
}

static int64_t present(int64_t number)
{
	return field_present(number) ? number : 0;
}

/* What it allows in the way that is less bound. */
static int64_t limit_of(const struct owner_libvirt_number *numbers)
{
	int64_t total = present(numbers[0].number);
	int64_t read = present(numbers[1].number), write = present(numbers[2].number);

	if (total > 0)
		return total;
	if (read == 0 || write == 0)
		return SETTING_UNLIMITED;
	return read > write ? read : write;
}

static const struct owner_libvirt_number *names_of(enum setting setting)
{
	return setting == SETTING_DISK_THROTTLE ? bytes : operations;
}

static int disk_read(struct act_context *context, const struct act_target *target,
		     enum setting setting, struct setting_value *ret, char where[static 64],
		     struct error *err)
{
	struct libvirt_disk disks[DISKS_MAX];
	ssize_t count = find_disks(target, disks, err);
	int64_t loosest = 0;

	for (ssize_t i = 0; i < count; i++) {
		struct owner_libvirt_number numbers[NUMBERS];
		int r;

		memcpy(numbers, names_of(setting), sizeof numbers);
		r = owner_libvirt_group_read(target, LIBVIRT_BLOCK, disks[i].name, numbers, NUMBERS, err);
		if (r < 0)
			return r;
		loosest = limit_of(numbers) > loosest ? limit_of(numbers) : loosest;
	}
	if (count < 0)
		return (int)count;
	ret->number = loosest;
	snprintf(where, 64, "libvirt's iotune");
	return 0;
}

static int limit_disk(struct act_context *context, const struct act_target *target,
		      enum setting setting, const char *disk, int64_t value, struct error *err)
{
	struct owner_libvirt_number numbers[NUMBERS];
	int64_t total, limit = value == SETTING_UNLIMITED ? 0 : value;
	int r;

	memcpy(numbers, names_of(setting), sizeof numbers);
	r = owner_libvirt_group_read(target, LIBVIRT_BLOCK, disk, numbers, NUMBERS, err);
	if (r < 0)
		return r;
	total = present(numbers[0].number);
	memcpy(numbers, names_of(setting), sizeof numbers);
	if (total > 0 && limit > 0)
		numbers[0].number = total < limit ? total : limit;
	else
		numbers[1].number = numbers[2].number = limit;
	return owner_libvirt_group_set(context, target, LIBVIRT_BLOCK, disk,
				       setting == SETTING_DISK_THROTTLE ? "bytes" : "operations",
				       numbers, NUMBERS, err);
}

static int disk_set(struct act_context *context, const struct act_target *target,
		    enum setting setting, const struct setting_value *value,
		    char where[static 64], struct error *err)
{
	struct libvirt_disk disks[DISKS_MAX];
	ssize_t count = find_disks(target, disks, err);
	int r = count < 0 ? (int)count : 0;

	for (ssize_t i = 0; r == 0 && i < count; i++)
		r = limit_disk(context, target, setting, disks[i].name, value->number, err);
	snprintf(where, 64, "libvirt's iotune");
	return r;
}

const struct actuator act_disk_libvirt = {
	.name = "disk-libvirt",
	.settings = { SETTING_DISK_THROTTLE, SETTING_DISK_THROTTLE_OPERATIONS },
	.setting_count = 2,
	.slow = true,
	.serves = disk_serves,
	.read = disk_read,
	.set = disk_set,
};
