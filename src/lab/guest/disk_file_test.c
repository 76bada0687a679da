/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/guest/disk_file.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "lab/host/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>

#define MIB (1ull << 20)
#define EXT4_MAGIC_AT 1080

static struct scratch *scratch;

static int scratch_make(void **state)
{
	return scratch_new(NULL, &scratch, NULL);
}

static int scratch_remove(void **state)
{
	scratch_free(scratch);
	return 0;
}

static struct disk_file_plan plan_of(uint64_t bytes)
{
	return (struct disk_file_plan){ .directory = scratch_path(scratch), .bytes = bytes };
}

static int file_make(const struct disk_file_plan *plan)
{
	struct error err = { 0 };
	int fd = -1;

	if (disk_file_make(plan, &fd, &err) < 0)
		fail_msg("%s", err.text);
	return fd;
}

static bool has_ext4(int fd)
{
	unsigned char magic[2] = "";

	assert_int_equal(pread(fd, magic, 2, EXT4_MAGIC_AT), 2);
	return magic[0] == 0x53 && magic[1] == 0xef;
}

static void need_tool(const char *name)
{
	CLEANUP_FREE char *path = NULL;

	if (host_program(name, &path, NULL) == 0)
		return;
	print_message("needs %s\n", name);
	skip();
}

static void a_raw_disk_has_its_size_and_no_name(void **state)
{
	struct disk_file_plan plan = plan_of(16 * MIB);
	CLEANUP_CLOSE int fd = -1;
	struct stat status;

	plan.blank = true;
	fd = file_make(&plan);
	assert_int_equal(fstat(fd, &status), 0);
	assert_int_equal(status.st_size, 16 * MIB);
	assert_int_equal(status.st_nlink, 0);
	assert_false(has_ext4(fd));
}

static void a_raw_disk_has_an_ext4_unless_it_is_to_be_blank(void **state)
{
	struct disk_file_plan plan = plan_of(16 * MIB);
	CLEANUP_CLOSE int fd = -1;

	need_tool("mke2fs");
	fd = file_make(&plan);
	assert_true(has_ext4(fd));
}

static void a_qcow2_grows_with_what_is_in_it(void **state)
{
	struct disk_file_plan plan = plan_of(1024 * MIB);
	CLEANUP_CLOSE int fd = -1;
	char magic[4];
	struct stat status;

	need_tool("qemu-img");
	plan.blank = true;
	plan.format = GUEST_DISK_QCOW2;
	fd = file_make(&plan);
	assert_int_equal(pread(fd, magic, 4, 0), 4);
	assert_memory_equal(magic, "QFI\373", 4);
	assert_int_equal(fstat(fd, &status), 0);
	assert_true((uint64_t)status.st_blocks * 512 < 2 * MIB);
	assert_int_equal(status.st_nlink, 0);
}

static void a_disk_that_does_not_fit_is_refused_with_what_is_free(void **state)
{
	struct disk_file_plan plan = plan_of(0);
	struct error err = { 0 };
	uint64_t available;
	int fd;

	assert_int_equal(host_disk_free(plan.directory, &available, NULL), 0);
	plan.bytes = available + (1ull << 36);
	plan.blank = true;
	assert_int_equal(disk_file_make(&plan, &fd, &err), -ENOSPC);
	assert_non_null(strstr(err.text, "MiB are free"));
}

/* /dev/shm has no O_DIRECT before Linux 6.6: where it has, it is taken. */
static void a_place_without_o_direct_is_refused(void **state)
{
	struct disk_file_plan plan = plan_of(16 * MIB);
	CLEANUP_CLOSE int fd = -1;
	struct error err = { 0 };

	plan.directory = "/dev/shm";
	plan.blank = true;
	plan.cache = GUEST_CACHE_DIRECT;
	if (access(plan.directory, W_OK) != 0)
		skip();
	if (disk_file_make(&plan, &fd, &err) < 0) {
		assert_int_equal(err.code, -EINVAL);
		assert_non_null(strstr(err.text, "O_DIRECT"));
	} else {
		assert_true(fcntl(fd, F_GETFD) >= 0);
	}
}

static void a_place_that_is_not_there_is_said(void **state)
{
	struct disk_file_plan plan = plan_of(16 * MIB);
	struct error err = { 0 };
	int fd;

	plan.directory = "/nonexistent";
	assert_int_equal(disk_file_make(&plan, &fd, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/nonexistent"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_raw_disk_has_its_size_and_no_name),
		cmocka_unit_test(a_raw_disk_has_an_ext4_unless_it_is_to_be_blank),
		cmocka_unit_test(a_qcow2_grows_with_what_is_in_it),
		cmocka_unit_test(a_disk_that_does_not_fit_is_refused_with_what_is_free),
		cmocka_unit_test(a_place_without_o_direct_is_refused),
		cmocka_unit_test(a_place_that_is_not_there_is_said),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
