/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/copy_place.h"

#include "base/cleanup.h"
#include "sys/root.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static char directory[64];
static struct copy copy;

/* A host that is all links: /sys/block/vda, and one that leads in circles. */
static ssize_t host_readlink(struct root *root, const char *path, char *buffer, size_t size)
{
	static const char *const links[][2] = {
		{ "/sys/block/vda", "../devices/pci/block/vda" },
		{ "/sys/circle", "circle" },
		{ "/sys/out", "/../../../../tmp/outside" },
		{ "/proc/7/root", "/" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		if (strcmp(links[i][0], path) == 0)
			return snprintf(buffer, size, "%s", links[i][1]);
	return -EINVAL;
}

static const struct root_ops host_ops = { .name = "links", .readlink = host_readlink };
static struct root host = { .ops = &host_ops };

static int setup(void **state)
{
	strcpy(directory, "/tmp/truce-copy-place-XXXXXX");
	assert_non_null(mkdtemp(directory));
	copy.directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	copy.host = &host;
	return 0;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
	return remove(path);
}

static int teardown(void **state)
{
	close(copy.directory);
	return nftw(directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static void assert_file(const char *path, const char *text)
{
	char buffer[32] = "";
	int fd = openat(copy.directory, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat status;

	assert_true(fd >= 0);
	assert_true(read(fd, buffer, sizeof buffer - 1) >= 0);
	assert_string_equal(buffer, text);
	assert_int_equal(fstat(fd, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	close(fd);
}

static int put(const char *path, const char *text, bool replace)
{
	return copy_put_file(&copy, path, text, strlen(text), replace);
}

static void directories_are_made_on_the_way(void **state)
{
	struct stat status;

	assert_int_equal(put("/proc/7/stat", "7", false), 0);
	assert_int_equal(put("/proc//7/./status", "8", false), 0);
	assert_file("proc/7/stat", "7");
	assert_file("proc/7/status", "8");
	assert_int_equal(fstatat(copy.directory, "proc/7", &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	assert_true(copy_has(&copy, "/proc/7/stat"));
	assert_false(copy_has(&copy, "/proc/7/statm"));
}

static void links_on_the_way_are_links_in_the_copy(void **state)
{
	char target[64] = "";

	assert_int_equal(put("/sys/block/vda/queue/rotational", "0", false), 0);
	assert_file("sys/devices/pci/block/vda/queue/rotational", "0");
	assert_true(readlinkat(copy.directory, "sys/block/vda", target, sizeof target - 1) > 0);
	assert_string_equal(target, "../devices/pci/block/vda");
	assert_int_equal(put("/sys/block/vda/size", "1", false), 0);
	assert_file("sys/devices/pci/block/vda/size", "1");
	assert_int_equal(copy_put_directory(&copy, "/sys/block/vda"), 0);
}

static void no_path_and_no_link_leads_out(void **state)
{
	assert_int_equal(put("/../x", "x", false), -EINVAL);
	assert_int_equal(put("/proc/..", "x", false), -EINVAL);
	assert_int_equal(put("relative", "x", false), -EINVAL);
	assert_int_equal(put("/sys/out/x", "x", false), 0);
	assert_file("tmp/outside/x", "x");
	assert_int_equal(put("/sys/circle/x", "x", false), -ELOOP);
}

static void links_of_processes_are_not_followed(void **state)
{
	assert_int_equal(put("/proc/7/root/etc/passwd", "x", false), 0);
	assert_file("proc/7/root/etc/passwd", "x");
}

static void a_file_is_replaced_only_on_request(void **state)
{
	assert_int_equal(put("/a", "long text", false), 0);
	assert_int_equal(put("/a", "b", false), -EEXIST);
	assert_file("a", "long text");
	assert_int_equal(put("/a", "b", true), 0);
	assert_file("a", "b");
	assert_int_equal(copy_put_directory(&copy, "/d"), 0);
	assert_int_equal(put("/d", "b", true), -EEXIST);
	assert_int_equal(put("/a/b", "b", true), -ENOTDIR);
}

static void a_link_is_replaced_only_on_request(void **state)
{
	char target[16] = "";

	assert_int_equal(copy_put_link(&copy, "/proc/7/exe", "/bin/a", false), 0);
	assert_int_equal(copy_put_link(&copy, "/proc/7/exe", "/bin/b", false), -EEXIST);
	assert_int_equal(copy_put_link(&copy, "/proc/7/exe", "/bin/b", true), 0);
	assert_int_equal(readlinkat(copy.directory, "proc/7/exe", target, sizeof target - 1), 6);
	assert_string_equal(target, "/bin/b");
	/* A file is never written through a link. */
	assert_int_equal(put("/proc/7/exe", "x", true), -EEXIST);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(directories_are_made_on_the_way),
		TEST(links_on_the_way_are_links_in_the_copy),
		TEST(no_path_and_no_link_leads_out),
		TEST(links_of_processes_are_not_followed),
		TEST(a_file_is_replaced_only_on_request),
		TEST(a_link_is_replaced_only_on_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
