/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/open_inside.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

/* Every case is asked of both ways to resolve a path. */
typedef int open_function(int directory, const char *path);

static int open_by_walk(int directory, const char *path)
{
	return open_inside_walking(directory, path, 0);
}

static open_function *const both_ways[] = { open_inside, open_by_walk };

struct tree {
	char path[64];
	int fd;
};

static void put_file(const struct tree *tree, const char *name, const char *text)
{
	int fd = openat(tree->fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void put_link(const struct tree *tree, const char *name, const char *target)
{
	assert_int_equal(symlinkat(target, tree->fd, name), 0);
}

static int setup(void **state)
{
	static struct tree tree;

	strcpy(tree.path, "/tmp/truce-open-inside-XXXXXX");
	assert_non_null(mkdtemp(tree.path));
	tree.fd = open(tree.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(mkdirat(tree.fd, "etc", 0700), 0);
	assert_int_equal(mkdirat(tree.fd, "proc", 0700), 0);
	assert_int_equal(mkdirat(tree.fd, "proc/1", 0700), 0);
	put_file(&tree, "etc/passwd", "inside");
	put_file(&tree, "proc/1/stat", "1 (init)");
	*state = &tree;
	return 0;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
	return remove(path);
}

static int teardown(void **state)
{
	struct tree *tree = *state;

	close(tree->fd);
	return nftw(tree->path, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static void assert_holds(const struct tree *tree, const char *path, const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(both_ways); i++) {
		char buffer[64] = "", own[40];
		int found = both_ways[i](tree->fd, path), fd;

		if (found < 0)
			fail_msg("%s: %s (way %zu)", path, strerror(-found), i);
		snprintf(own, sizeof own, "/proc/self/fd/%d", found);
		fd = open(own, O_RDONLY | O_CLOEXEC);
		assert_true(read(fd, buffer, sizeof buffer - 1) >= 0);
		assert_string_equal(buffer, text);
		close(fd);
		close(found);
	}
}

static void assert_refused(const struct tree *tree, const char *path, int code)
{
	for (size_t i = 0; i < ARRAY_SIZE(both_ways); i++)
		assert_int_equal(both_ways[i](tree->fd, path), code);
}

static void a_path_begins_at_the_directory(void **state)
{
	assert_holds(*state, "/proc/1/stat", "1 (init)");
	assert_holds(*state, "proc/1/stat", "1 (init)");
	assert_holds(*state, "//proc/./1//stat", "1 (init)");
	assert_refused(*state, "/proc/2/stat", -ENOENT);
	assert_refused(*state, "/proc/1/stat/more", -ENOTDIR);
}

static void an_absolute_link_stays_inside(void **state)
{
	put_link(*state, "absolute", "/etc/passwd");
	assert_holds(*state, "/absolute", "inside");
}

static void dots_never_climb_out(void **state)
{
	put_link(*state, "climber", "../../../../../../etc/passwd");
	put_link(*state, "proc/1/root", "../../..");
	assert_holds(*state, "/climber", "inside");
	assert_holds(*state, "/../../etc/passwd", "inside");
	assert_holds(*state, "/proc/1/../../../etc/passwd", "inside");
	assert_holds(*state, "/proc/1/root/etc/passwd", "inside");
}

static void relative_links_and_chains_are_followed(void **state)
{
	put_link(*state, "proc/self", "1");
	put_link(*state, "proc/1/again", "../self");
	assert_holds(*state, "/proc/self/stat", "1 (init)");
	assert_holds(*state, "/proc/1/again/stat", "1 (init)");
	assert_holds(*state, "/proc/self/again/again/stat", "1 (init)");
}

static void a_circle_of_links_ends(void **state)
{
	put_link(*state, "a", "b");
	put_link(*state, "b", "/a/c");
	assert_refused(*state, "/a", -ELOOP);
}

static void a_link_out_of_a_proc_is_not_followed(void **state)
{
	struct tree proc = { .fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC) };

	assert_true(proc.fd >= 0);
	/* cwd is a magic link: its text leads nowhere inside, its magic would lead out. */
	assert_true(open_inside(proc.fd, "/self/cwd") < 0);
	assert_true(open_by_walk(proc.fd, "/self/cwd/no-such-file") < 0);
	close(proc.fd);
}

static void fifos_and_devices_are_refused(void **state)
{
	struct tree *tree = *state;

	assert_int_equal(mkfifoat(tree->fd, "fifo", 0600), 0);
	assert_int_equal(open_inside(tree->fd, "/fifo"), -EPERM);
	if (mknodat(tree->fd, "device", S_IFCHR | 0600, (dev_t)0x103) == 0)
		assert_int_equal(open_inside(tree->fd, "/device"), -EPERM);
}

static void a_link_itself_can_be_had(void **state)
{
	struct tree *tree = *state;
	char target[32] = "";
	int ways[2];

	put_link(tree, "proc/1/exe", "/usr/bin/qemu");
	ways[0] = open_inside_link(tree->fd, "/proc/1/exe");
	ways[1] = open_inside_walking(tree->fd, "/proc/1/exe", O_NOFOLLOW);
	for (int i = 0; i < 2; i++) {
		assert_true(ways[i] >= 0);
		assert_int_equal(readlinkat(ways[i], "", target, sizeof target - 1), 13);
		assert_string_equal(target, "/usr/bin/qemu");
		close(ways[i]);
	}
}

static void names_without_measure_are_refused(void **state)
{
	char path[2 * PATH_MAX];

	memset(path, 'x', sizeof path - 1);
	path[sizeof path - 1] = '\0';
	path[0] = '/';
	assert_refused(*state, path, -ENAMETOOLONG);
	path[NAME_MAX + 2] = '\0';
	assert_refused(*state, path, -ENAMETOOLONG);
}

/* Somebody who renames a file to and fro until he is told to end. */
static pid_t rename_elsewhere(const struct tree *tree)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	for (;;) {
		renameat(tree->fd, "a", tree->fd, "b");
		renameat(tree->fd, "b", tree->fd, "a");
	}
}

static void renames_elsewhere_hide_no_file(void **state)
{
	const struct tree *tree = *state;
	pid_t pid;
	int i;

	put_file(tree, "a", "");
	put_link(tree, "proc/passwd", "../etc/passwd");
	pid = rename_elsewhere(tree);
	assert_true(pid > 0);
	for (i = 0; i < 3000; i++) {
		int fd = open_inside(tree->fd, "/proc/passwd");

		if (fd < 0)
			break;
		close(fd);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_int_equal(i, 3000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_path_begins_at_the_directory),
		TEST(renames_elsewhere_hide_no_file),
		TEST(an_absolute_link_stays_inside),
		TEST(dots_never_climb_out),
		TEST(relative_links_and_chains_are_followed),
		TEST(a_circle_of_links_ends),
		TEST(a_link_out_of_a_proc_is_not_followed),
		TEST(fifos_and_devices_are_refused),
		TEST(a_link_itself_can_be_had),
		TEST(names_without_measure_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
