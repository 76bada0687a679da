/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/root.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static char directory[] = "/tmp/truce-root-live-XXXXXX";
static struct root *root;

static int setup(void **state)
{
	root = root_live_new();
	return mkdtemp(directory) == NULL || root == NULL ? -1 : 0;
}

static int teardown(void **state)
{
	root_free(root);
	return rmdir(directory);
}

static const char *inside(const char *name)
{
	static char path[64];

	snprintf(path, sizeof path, "%s/%s", directory, name);
	return path;
}

static void the_kernels_own_files_are_written(void **state)
{
	char name[32];

	assert_int_equal(root_write(root, "/proc/self/comm", "turned"), 0);
	assert_true(root_read(root, "/proc/self/comm", name, sizeof name) > 0);
	assert_string_equal(name, "turned\n");
}

static void no_file_on_a_disk_is_written_or_removed(void **state)
{
	char text[16];
	FILE *file = fopen(inside("file"), "w");

	assert_non_null(file);
	fputs("as it was", file);
	fclose(file);
	assert_int_equal(root_write(root, inside("file"), "x"), -EPERM);
	assert_int_equal(symlink("file", inside("link")), 0);
	assert_int_equal(root_write(root, inside("link"), "x"), -EPERM);
	assert_true(root_read(root, inside("file"), text, sizeof text) > 0);
	assert_string_equal(text, "as it was");
	assert_int_equal(root_rmdir(root, directory), -EPERM);
	unlink(inside("link"));
	unlink(inside("file"));
}

static void a_pipe_keeps_nobody_waiting(void **state)
{
	assert_int_equal(mkfifo(inside("pipe"), 0600), 0);
	assert_int_equal(root_write(root, inside("pipe"), "x"), -ENXIO);
	unlink(inside("pipe"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_kernels_own_files_are_written),
		cmocka_unit_test(no_file_on_a_disk_is_written_or_removed),
		cmocka_unit_test(a_pipe_keeps_nobody_waiting),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
