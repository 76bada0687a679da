/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/host/scratch.h"

#include "base/cleanup.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <cmocka.h>

static char place[64];

static int place_make(void **state)
{
	strcpy(place, "/tmp/truce-scratch-test." "XXXX" "XX");
	return mkdtemp(place) != NULL ? 0 : -1;
}

static int place_remove(void **state)
{
	tree_remove(place);
	return access(place, F_OK) == 0 ? -1 : 0;
}

static struct scratch *scratch_make(void)
{
	struct scratch *scratch;
	struct error err = { 0 };

	if (scratch_new(place, &scratch, &err) < 0)
		fail_msg("%s", err.text);
	return scratch;
}

static void file_put(const char *directory, const char *name)
{
	char path[400];
	int fd;

	snprintf(path, sizeof path, "%s/%s", directory, name);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
}

static void what_is_in_a_scratch_is_gone_with_it(void **state)
{
	struct scratch *scratch = scratch_make();
	char path[200], below[300];

	snprintf(path, sizeof path, "%s", scratch_path(scratch));
	assert_int_equal(path[0], '/');
	snprintf(below, sizeof below, "%s/below", path);
	assert_int_equal(mkdir(below, 0700), 0);
	file_put(below, "file");
	scratch_free(scratch);
	assert_int_equal(access(path, F_OK), -1);
}

/* A run that is killed leaves its directory, whose lock the kernel takes back. */
static void the_next_run_sweeps_what_a_killed_one_left(void **state)
{
	struct scratch *next;
	int told[2], status;
	char path[256] = "";
	pid_t pid;

	assert_int_equal(pipe(told), 0);
	pid = fork();
	if (pid == 0) {
		struct scratch *scratch = scratch_make();

		file_put(scratch_path(scratch), "left");
		(void)!write(told[1], scratch_path(scratch), strlen(scratch_path(scratch)));
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(read(told[0], path, sizeof path - 1) > 0);
	assert_int_equal(access(path, F_OK), 0);
	next = scratch_make();
	assert_int_equal(access(path, F_OK), -1);
	scratch_free(next);
	close(told[0]);
	close(told[1]);
}

static void a_run_that_lives_is_never_swept(void **state)
{
	struct scratch *first = scratch_make(), *second = scratch_make();

	assert_int_equal(access(scratch_path(first), F_OK), 0);
	assert_string_not_equal(scratch_path(first), scratch_path(second));
	scratch_free(second);
	assert_int_equal(access(scratch_path(first), F_OK), 0);
	scratch_free(first);
}

static void what_has_another_name_or_is_a_link_is_never_swept(void **state)
{
	char other[256], target[256], link[256];

	snprintf(other, sizeof other, "%s/somebodys", place);
	snprintf(target, sizeof target, "%s/target", place);
	snprintf(link, sizeof link, "%s/truce-lab-%u-abcdef", place, (unsigned)geteuid());
	assert_int_equal(mkdir(other, 0700), 0);
	assert_int_equal(mkdir(target, 0700), 0);
	file_put(target, "file");
	assert_int_equal(symlink(target, link), 0);
	scratch_free(scratch_make());
	assert_int_equal(access(other, F_OK), 0);
	strcat(target, "/file");
	assert_int_equal(access(target, F_OK), 0);
}

static void a_place_that_is_not_there_is_said(void **state)
{
	struct scratch *scratch;
	struct error err = { 0 };

	assert_int_equal(scratch_new("/nonexistent/place", &scratch, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/nonexistent/place"));
}

static void an_unnamed_file_is_in_no_directory(void **state)
{
	struct scratch *scratch = scratch_make();
	CLEANUP_CLOSE int fd = -1;
	struct stat status;

	assert_int_equal(unnamed_file(scratch_path(scratch), &fd, NULL), 0);
	assert_int_equal(fstat(fd, &status), 0);
	assert_int_equal(status.st_nlink, 0);
	scratch_free(scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_in_a_scratch_is_gone_with_it),
		cmocka_unit_test(the_next_run_sweeps_what_a_killed_one_left),
		cmocka_unit_test(a_run_that_lives_is_never_swept),
		cmocka_unit_test(what_has_another_name_or_is_a_link_is_never_swept),
		cmocka_unit_test(a_place_that_is_not_there_is_said),
		cmocka_unit_test(an_unnamed_file_is_in_no_directory),
	};

	return cmocka_run_group_tests(tests, place_make, place_remove);
}
