/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/task.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define NSEC_PER_MSEC 1000000u

/* A process that waits, and this machine as a root. */
struct waiting {
	struct root *root;
	pid_t pid;
};

static int waiting_new(void **state)
{
	struct waiting *waiting = calloc(1, sizeof *waiting);

	waiting->root = root_live_new();
	waiting->pid = fork();
	if (waiting->pid == 0) {
		for (;;)
			pause();
	}
	*state = waiting;
	return waiting->pid < 0;
}

static int waiting_free(void **state)
{
	struct waiting *waiting = *state;

	kill(waiting->pid, SIGKILL);
	waitpid(waiting->pid, NULL, 0);
	root_free(waiting->root);
	free(waiting);
	return 0;
}

/* Its slice; the test ends here where the kernel has one for everybody. */
static uint64_t slice_of(const struct waiting *waiting)
{
	uint64_t nsec = 0;
	int r = task_slice(waiting->root, waiting->pid, &nsec);

	if (r == -EOPNOTSUPP) {
		print_message("this kernel (before 6.12) has one slice for all threads\n");
		skip();
	}
	assert_int_equal(r, 0);
	return nsec;
}

static void a_slice_is_set_and_nought_is_the_default_again(void **state)
{
	const struct waiting *waiting = *state;
	uint64_t before = slice_of(waiting);

	assert_true(before > 0);
	assert_int_equal(task_set_slice(waiting->root, waiting->pid, 7 * NSEC_PER_MSEC), 0);
	assert_int_equal(slice_of(waiting), 7 * NSEC_PER_MSEC);
	assert_int_equal(task_set_slice(waiting->root, waiting->pid, 0), 0);
	assert_int_equal(slice_of(waiting), before);
}

static void policy_and_nice_stay_as_they_are(void **state)
{
	const struct waiting *waiting = *state;
	struct sched_param param = { .sched_priority = 0 };

	(void)slice_of(waiting);
	assert_int_equal(sched_setscheduler(waiting->pid, SCHED_BATCH | SCHED_RESET_ON_FORK, &param), 0);
	assert_int_equal(task_set(waiting->root, waiting->pid, ROOT_TASK_NICE, "5"), 0);
	assert_int_equal(task_set_slice(waiting->root, waiting->pid, 7 * NSEC_PER_MSEC), 0);
	assert_int_equal(slice_of(waiting), 7 * NSEC_PER_MSEC);
	assert_int_equal(sched_getscheduler(waiting->pid), SCHED_BATCH | SCHED_RESET_ON_FORK);
	assert_int_equal(getpriority(PRIO_PROCESS, (id_t)waiting->pid), 5);
}

static void nice_and_policy_leave_the_slice(void **state)
{
	const struct waiting *waiting = *state;
	char idle[16];

	snprintf(idle, sizeof idle, "%d", SCHED_IDLE);
	(void)slice_of(waiting);
	assert_int_equal(task_set_slice(waiting->root, waiting->pid, 7 * NSEC_PER_MSEC), 0);
	assert_int_equal(task_set(waiting->root, waiting->pid, ROOT_TASK_NICE, "5"), 0);
	assert_int_equal(task_set(waiting->root, waiting->pid, ROOT_TASK_POLICY, idle), 0);
	assert_int_equal(slice_of(waiting), 7 * NSEC_PER_MSEC);
}

static void a_realtime_thread_has_no_slice(void **state)
{
	const struct waiting *waiting = *state;
	struct sched_param param = { .sched_priority = 1 };
	uint64_t nsec = 1;

	if (sched_setscheduler(waiting->pid, SCHED_FIFO, &param) < 0) {
		print_message("this user may not make a real-time thread\n");
		skip();
	}
	assert_int_equal(task_slice(waiting->root, waiting->pid, &nsec), -EINVAL);
	assert_int_equal(task_set_slice(waiting->root, waiting->pid, 7 * NSEC_PER_MSEC), -EINVAL);
	assert_int_equal(sched_getscheduler(waiting->pid), SCHED_FIFO);
	assert_int_equal(nsec, 1);
}

static void a_thread_that_has_ended_has_none(void **state)
{
	const struct waiting *waiting = *state;
	pid_t ended = fork();
	uint64_t nsec;

	if (ended == 0)
		_exit(0);
	assert_int_equal(waitpid(ended, NULL, 0), ended);
	assert_int_equal(task_slice(waiting->root, ended, &nsec), -ESRCH);
	assert_int_equal(task_set_slice(waiting->root, ended, 7 * NSEC_PER_MSEC), -ESRCH);
	/* 0 would be this thread. */
	assert_int_equal(task_slice(waiting->root, 0, &nsec), -ESRCH);
}

static void another_affinity_has_another_digest(void **state)
{
	const struct waiting *waiting = *state;
	uint64_t before = 0, again = 1, after = 0;
	cpu_set_t set;
	int first = 0;

	assert_int_equal(sched_getaffinity(waiting->pid, sizeof set, &set), 0);
	while (!CPU_ISSET(first, &set))
		first++;
	if (CPU_COUNT(&set) < 2) {
		print_message("one CPU: a thread can have no other affinity\n");
		skip();
	}
	assert_int_equal(task_cpus(waiting->root, waiting->pid, &before), 0);
	assert_int_equal(task_cpus(waiting->root, waiting->pid, &again), 0);
	assert_true(before == again);
	CPU_CLR(first, &set);
	assert_int_equal(sched_setaffinity(waiting->pid, sizeof set, &set), 0);
	assert_int_equal(task_cpus(waiting->root, waiting->pid, &after), 0);
	assert_true(before != after);
	assert_int_equal(task_cpus(waiting->root, 0, &after), -ESRCH);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, waiting_new, waiting_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_slice_is_set_and_nought_is_the_default_again),
		TEST(policy_and_nice_stay_as_they_are),
		TEST(nice_and_policy_leave_the_slice),
		TEST(a_realtime_thread_has_no_slice),
		TEST(a_thread_that_has_ended_has_none),
		TEST(another_affinity_has_another_digest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
