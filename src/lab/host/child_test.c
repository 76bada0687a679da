/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/host/child.h"
#include "lab/host/tool.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <cmocka.h>

#define LIMIT_MSEC 10000

static bool readable_within_limit(int fd)
{
	struct pollfd watched = { fd, POLLIN, 0 };

	return poll(&watched, 1, LIMIT_MSEC) == 1;
}

static void a_program_that_is_not_there_is_named(void **state)
{
	static const char *const arguments[] = { "no-such-program-anywhere", NULL };
	struct child_plan plan = { .arguments = arguments, .output_fd = -1, .error_fd = -1 };
	struct child process;
	struct error err = { 0 };

	assert_int_equal(child_start(&process, &plan, &err), -ENOENT);
	assert_non_null(strstr(err.text, "no-such-program-anywhere"));
	assert_int_equal(process.pid, 0);
	assert_int_equal(process.pidfd, -1);
}

static void the_exit_of_a_child_is_seen_at_its_descriptor(void **state)
{
	static const char *const arguments[] = { "sh", "-c", "exit 7", NULL };
	struct child_plan plan = { .arguments = arguments, .output_fd = -1, .error_fd = -1 };
	struct child process;
	int status = 0;

	assert_int_equal(child_start(&process, &plan, NULL), 0);
	assert_true(readable_within_limit(process.pidfd));
	assert_true(child_ended(&process, &status));
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
	child_done(&process);
}

static void done_kills_what_still_runs(void **state)
{
	static const char *const arguments[] = { "sleep", "1000", NULL };
	struct child_plan plan = { .arguments = arguments, .output_fd = -1, .error_fd = -1 };
	struct child process;
	pid_t pid;

	assert_int_equal(child_start(&process, &plan, NULL), 0);
	pid = process.pid;
	child_done(&process);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(errno, ESRCH);
	child_done(&process);
}

static void read_autogroup(pid_t pid, char ret[static 64])
{
	CLEANUP_CLOSE int fd = -1;
	char path[64];
	ssize_t size;

	snprintf(path, sizeof path, "/proc/%d/autogroup", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	size = fd >= 0 ? read(fd, ret, 63) : 0;
	ret[size > 0 ? size : 0] = '\0';
}

/* Two of them compete as two machines do that have nothing to do with each other. */
static void each_child_has_a_session_and_its_autogroup_of_its_own(void **state)
{
	static const char *const arguments[] = { "sleep", "1000", NULL };
	struct child_plan plan = { .arguments = arguments, .output_fd = -1, .error_fd = -1 };
	char groups[3][64];
	struct child one, two;

	assert_int_equal(child_start(&one, &plan, NULL), 0);
	assert_int_equal(child_start(&two, &plan, NULL), 0);
	assert_int_equal(getsid(one.pid), one.pid);
	assert_int_equal(getsid(two.pid), two.pid);
	read_autogroup(one.pid, groups[0]);
	read_autogroup(two.pid, groups[1]);
	read_autogroup(getpid(), groups[2]);
	child_done(&one);
	child_done(&two);
	if (groups[0][0] == '\0') {
		print_message("the rest needs a kernel with autogroups\n");
		return;
	}
	assert_string_not_equal(groups[0], groups[1]);
	assert_string_not_equal(groups[0], groups[2]);
	assert_string_not_equal(groups[1], groups[2]);
}

/* A parent in between starts the child, tells its pid, and is killed as nobody expects it. */
static void a_child_dies_with_a_parent_that_was_killed(void **state)
{
	static const char *const arguments[] = { "sh", "-c", "echo; exec sleep 1000", NULL };
	CLEANUP_CLOSE int alive_fd = -1;
	struct child_plan plan = { .arguments = arguments, .error_fd = -1 };
	struct child process;
	char newline;
	int alive[2];
	pid_t parent;

	assert_int_equal(pipe(alive), 0);
	alive_fd = alive[0];
	parent = fork();
	if (parent == 0) {
		close(alive[0]);
		plan.output_fd = alive[1];
		child_start(&process, &plan, NULL);
		close(alive[1]);
		pause();
	}
	close(alive[1]);
	assert_int_equal(read(alive_fd, &newline, 1), 1);
	kill(parent, SIGKILL);
	waitpid(parent, NULL, 0);
	/* The pipe ends when nobody has it open any more. */
	assert_true(readable_within_limit(alive_fd));
	assert_int_equal(read(alive_fd, &newline, 1), 0);
}

static void a_tool_gives_its_output(void **state)
{
	static const char *const arguments[] = { "sh", "-c", "pwd; echo noise >&2", NULL };
	struct str output;

	str_init(&output);
	assert_int_equal(tool_run(arguments, "/usr", -1, &output, NULL), 0);
	assert_string_equal(output.data, "/usr\n");
	str_done(&output);
}

static void a_tool_that_fails_is_quoted(void **state)
{
	static const char *const arguments[] = { "sh", "-c", "echo why >&2; exit 1", NULL };
	struct error err = { 0 };

	assert_int_equal(tool_run(arguments, NULL, -1, NULL, &err), -EIO);
	assert_non_null(strstr(err.text, "failed: why"));
}

static void a_tool_with_much_output_does_not_hang(void **state)
{
	static const char *const arguments[] = { "sh", "-c", "head -c 1000000 /dev/zero; "
						 "head -c 1000000 /dev/zero >&2", NULL };
	struct str output;

	str_init(&output);
	assert_int_equal(tool_run(arguments, NULL, -1, &output, NULL), 0);
	assert_int_equal(output.length, 1000000);
	str_done(&output);
}

static void a_cancelled_tool_is_killed(void **state)
{
	static const char *const arguments[] = { "sleep", "1000", NULL };
	struct error err = { 0 };
	int cancel[2];

	assert_int_equal(pipe(cancel), 0);
	assert_int_equal(write(cancel[1], "", 1), 1);
	assert_int_equal(tool_run(arguments, NULL, cancel[0], NULL, &err), -ECANCELED);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	close(cancel[0]);
	close(cancel[1]);
}

static void a_read_only_view_refuses_to_write(void **state)
{
	char file[] = "/tmp/child_test.XXXXXX";
	const char *arguments[] = { "sh", "-c", "echo written >\"$0\"", file, NULL };
	struct child_plan plan = { .arguments = arguments, .output_fd = -1, .error_fd = -1,
					 .read_only_view = true };
	struct child process;
	struct error err = { 0 };
	int fd, status = 0;

	fd = mkstemp(file);
	assert_true(fd >= 0);
	if (child_start(&process, &plan, &err) < 0) {
		close(fd);
		unlink(file);
		print_message("%s\n", err.text);
		skip();
	}
	assert_true(readable_within_limit(process.pidfd));
	assert_true(child_ended(&process, &status));
	child_done(&process);
	assert_int_not_equal(status, 0);
	assert_int_equal(lseek(fd, 0, SEEK_END), 0);
	close(fd);
	unlink(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_that_is_not_there_is_named),
		cmocka_unit_test(the_exit_of_a_child_is_seen_at_its_descriptor),
		cmocka_unit_test(done_kills_what_still_runs),
		cmocka_unit_test(each_child_has_a_session_and_its_autogroup_of_its_own),
		cmocka_unit_test(a_child_dies_with_a_parent_that_was_killed),
		cmocka_unit_test(a_tool_gives_its_output),
		cmocka_unit_test(a_tool_that_fails_is_quoted),
		cmocka_unit_test(a_tool_with_much_output_does_not_hang),
		cmocka_unit_test(a_cancelled_tool_is_killed),
		cmocka_unit_test(a_read_only_view_refuses_to_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
