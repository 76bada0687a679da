/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/process.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

enum { MANY = 20 };

/* One that does not seem to end for a while: its descriptor never tells. */
static pid_t start_slow(struct process *process)
{
	process_init(process);
	process->pid = fork();
	if (process->pid == 0)
		for (;;)
			pause();
	assert_true(process->pid > 0);
	process->pidfd = eventfd(0, EFD_CLOEXEC);
	return process->pid;
}

static void expect_none_left(void)
{
	int tries;

	for (tries = 0; process_reap_left() > 0 && tries < 500; tries++)
		poll(NULL, 0, 10);
	assert_int_equal(process_reap_left(), 0);
}

static void whoever_takes_long_to_end_is_reaped_all_the_same(void **state)
{
	struct process process;
	pid_t pids[MANY];
	size_t i;

	for (i = 0; i < MANY; i++) {
		pids[i] = start_slow(&process);
		process_end(&process, NULL);
	}
	expect_none_left();
	for (i = 0; i < MANY; i++) {
		assert_int_equal(waitpid(pids[i], NULL, WNOHANG), -1);
		assert_int_equal(errno, ECHILD);
	}
}

static void whoever_is_left_is_not_reaped_before_it_has_ended(void **state)
{
	struct process process;
	int status;

	start_slow(&process);
	process_end(&process, &status);
	assert_int_equal(status, -1);
	expect_none_left();
	/* Whom nobody has ended stays. */
	start_slow(&process);
	assert_int_equal(process_reap_left(), 0);
	assert_int_equal(kill(process.pid, 0), 0);
	process_end(&process, NULL);
	expect_none_left();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whoever_takes_long_to_end_is_reaped_all_the_same),
		cmocka_unit_test(whoever_is_left_is_not_reaped_before_it_has_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
