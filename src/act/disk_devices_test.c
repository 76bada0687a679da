/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "act/disk_devices.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "sys/root_memory.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define FLAGS(flags, mount) "pos:\t0\nflags:\t" flags "\nmnt_id:\t" mount "\nino:\t1\n"
#define READ_WRITE "02140002"
#define WRITE_ONLY "0100001"
#define APPEND "0102001"

#define SYSFS                                                                                      \
	{ "/sys/dev/block/8:1", "../../devices/pci0/block/sda/sda1" },                              \
	{ "/sys/dev/block/8:0", "../../devices/pci0/block/sda" },                                   \
	{ "/sys/dev/block/7:3", "../../devices/virtual/block/loop3" },                              \
	{ "/sys/class/block/sda/dev", "8:0\n" }, { "/sys/class/block/sda1/dev", "8:1\n" },          \
	{ "/sys/class/block/sda1/partition", "1\n" }, { "/sys/class/block/loop3/dev", "7:3\n" }

#define MOUNTS                                                                                     \
	{ "/proc/7/mountinfo", "21 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n"                        \
	  "22 21 0:40 / /btrfs rw - btrfs /dev/sda1 rw\n"                                          \
	  "23 21 0:41 / /run rw shared:2 - tmpfs tmpfs rw\n"                                       \
	  "24 21 0:42 / /far rw - nfs4 server:/images rw\n"                                        \
	  "25 21 0:5 / /dev rw - devtmpfs devtmpfs rw\nbroken\n26 21\n" }

static int find(const struct root_memory_file *files, size_t count, struct disk_devices *ret,
		struct error *err)
{
	struct root *root = root_memory_new(files, count);
	int r = disk_devices_find(root, 7, ret, err);

	root_free(root);
	return r;
}

static void a_partition_is_its_whole_disk(void **state)
{
	const struct root_memory_file files[] = {
		SYSFS, MOUNTS,
		{ "/proc/7/fd/3", "/images/web.qcow2" }, { "/proc/7/fdinfo/3", FLAGS(READ_WRITE, "21") },
		{ "/proc/7/fd/4", "/images/base.qcow2" }, { "/proc/7/fdinfo/4", FLAGS("0100000", "21") },
	};
	struct disk_devices devices;

	assert_int_equal(find(files, ARRAY_SIZE(files), &devices, NULL), 0);
	assert_int_equal(devices.count, 1);
	assert_string_equal(devices.items[0].name, "sda");
	assert_int_equal(devices.items[0].number.major, 8);
	assert_int_equal(devices.items[0].number.minor, 0);
}

static void a_block_device_and_a_file_system_without_a_number_count(void **state)
{
	const struct root_memory_file files[] = {
		SYSFS, MOUNTS,
		{ "/proc/7/fd/3", "/dev/loop3" }, { "/proc/7/fdinfo/3", FLAGS(READ_WRITE, "25") },
		{ "/proc/7/fd/4", "/btrfs/a.raw" }, { "/proc/7/fdinfo/4", FLAGS(READ_WRITE, "22") },
		{ "/proc/7/fd/5", "/dev/kvm" }, { "/proc/7/fdinfo/5", FLAGS(READ_WRITE, "25") },
		{ "/proc/7/fd/6", "socket:[1]" },
	};
	struct disk_devices devices;

	assert_int_equal(find(files, ARRAY_SIZE(files), &devices, NULL), 0);
	assert_int_equal(devices.count, 2);
	assert_string_equal(devices.items[0].name, "loop3");
	assert_string_equal(devices.items[1].name, "sda");
}

static void logs_and_memory_are_no_disks(void **state)
{
	const struct root_memory_file files[] = {
		SYSFS, MOUNTS,
		{ "/proc/7/fd/1", "/var/log/vm" }, { "/proc/7/fdinfo/1", FLAGS(WRITE_ONLY, "21") },
		{ "/proc/7/fd/2", "/var/log/vm" }, { "/proc/7/fdinfo/2", FLAGS(APPEND, "21") },
		{ "/proc/7/fd/3", "/var/vm.pid" }, { "/proc/7/fdinfo/3", FLAGS(READ_WRITE, "21") },
		{ "/proc/7/fd/4", "/run/ram" }, { "/proc/7/fdinfo/4", FLAGS(READ_WRITE, "23") },
		{ "/proc/7/fd/5", "/gone" }, { "/proc/7/fdinfo/5", FLAGS(READ_WRITE, "99") },
		{ "/proc/7/fd/6", "/broken" }, { "/proc/7/fdinfo/6", "flags: what\n" },
	};
	struct disk_devices devices;
	struct error err = { 0 };

	assert_int_equal(find(files, ARRAY_SIZE(files), &devices, &err), -EOPNOTSUPP);
	assert_string_equal(err.text, "it has no disk on a block device of this host");
}

static void a_disk_elsewhere_is_said(void **state)
{
	const struct root_memory_file files[] = {
		SYSFS, MOUNTS,
		{ "/proc/7/fd/3", "/far/web.raw" }, { "/proc/7/fdinfo/3", FLAGS(READ_WRITE, "24") },
	};
	struct disk_devices devices;
	struct error err = { 0 };

	assert_int_equal(find(files, ARRAY_SIZE(files), &devices, &err), -EOPNOTSUPP);
	assert_string_equal(err.text, "its disks lie on nfs4, behind which there is no block device of "
			    "this host");
}

static void a_process_that_is_gone_is_no_vm(void **state)
{
	const struct root_memory_file files[] = { SYSFS };
	struct disk_devices devices;
	struct error err = { 0 };

	assert_int_equal(find(files, ARRAY_SIZE(files), &devices, &err), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_partition_is_its_whole_disk),
		cmocka_unit_test(a_block_device_and_a_file_system_without_a_number_count),
		cmocka_unit_test(logs_and_memory_are_no_disks),
		cmocka_unit_test(a_disk_elsewhere_is_said),
		cmocka_unit_test(a_process_that_is_gone_is_no_vm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
