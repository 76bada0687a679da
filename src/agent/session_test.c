/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The agent's end against hosts that are scripted, good and bad ones. Workloads are real. */
#include "agent/session.h"

#include "base/clock.h"
#include "base/error.h"
#include "work/work.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define LIMIT_NSEC (20 * NSEC_PER_SEC)
#define WORK { "cpu-integer threads=1", 21 }

static struct session session;
static struct agent_reader reader;
static struct agent_message heard;
static unsigned char frame[AGENT_FRAME_MAX];
static int host_fd;
static int ended; /* what session_turn said last */

static int host_connect(void)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
		return -1;
	session_attach(&session, fds[0]);
	agent_reader_init(&reader, AGENT_GUEST);
	host_fd = fds[1];
	return 0;
}

static int setup(void **state)
{
	const struct session_options options = { 0 };

	return session_init(&session, &options, NULL) < 0 ? -1 : host_connect();
}

static int teardown(void **state)
{
	session_done(&session);
	if (host_fd >= 0)
		close(host_fd);
	return 0;
}

static void turn(void)
{
	struct pollfd watches[SESSION_WATCHES];

	session_watch(&session, watches);
	poll(watches, SESSION_WATCHES, 5);
	ended = session_turn(&session, watches);
}

static void say_bytes(const void *bytes, size_t size)
{
	assert_int_equal(send(host_fd, bytes, size, MSG_NOSIGNAL), size);
}

static void say(struct agent_message message)
{
	int size = agent_message_encode(&message, frame, sizeof frame);

	assert_true(size > 0);
	say_bytes(frame, (size_t)size);
}

static bool hear(void)
{
	size_t space;
	unsigned char *to = agent_reader_space(&reader, &space);
	ssize_t size = space > 0 ? recv(host_fd, to, space, 0) : 0;

	if (size > 0)
		agent_reader_filled(&reader, (size_t)size);
	return agent_reader_next(&reader, &heard) == 1;
}

static void wait_heard(enum agent_kind kind)
{
	uint64_t until = clock_monotonic_nsec() + LIMIT_NSEC;

	while (!hear() || heard.kind != kind) {
		assert_true(clock_monotonic_nsec() < until);
		turn();
	}
}

/* All that it has to say to what it was told so far; nothing of it is of this kind. */
static void never_heard(enum agent_kind kind)
{
	uint64_t until = clock_monotonic_nsec() + LIMIT_NSEC;

	say((struct agent_message){ .kind = AGENT_PING, .ping = { 0xfeed } });
	for (;;) {
		assert_true(clock_monotonic_nsec() < until);
		if (!hear()) {
			turn();
			continue;
		}
		assert_int_not_equal(heard.kind, kind);
		if (heard.kind == AGENT_PONG && heard.pong.cookie == 0xfeed)
			return;
	}
}

static void greet(uint64_t host)
{
	say((struct agent_message){ .kind = AGENT_HOST_HELLO, .host_hello = { 1, host } });
	wait_heard(AGENT_HELLO);
	never_heard(AGENT_FAILURE);
}

static void prepare(uint16_t job)
{
	say((struct agent_message){ .kind = AGENT_PREPARE, .job = job,
				    .prepare = { 20, WORK } });
	wait_heard(AGENT_PREPARED);
	assert_int_equal(heard.job, job);
}

static void assert_failure(const char *because)
{
	char text[AGENT_TEXT_MAX + 1] = "";

	wait_heard(AGENT_FAILURE);
	memcpy(text, heard.failure.sentence.bytes, heard.failure.sentence.size);
	if (strstr(text, because) == NULL)
		fail_msg("failed because: %s", text);
}

static unsigned jobs_now(void)
{
	unsigned i, count = 0;

	for (i = 1; i <= AGENT_JOB_MAX; i++)
		count += session.jobs[i].work != NULL;
	return count;
}

static void it_greets_until_it_is_greeted(void **state)
{
	wait_heard(AGENT_HELLO);
	wait_heard(AGENT_HELLO);
	assert_false(session.greeted);
	greet(1);
	assert_true(session.greeted);
	assert_true(session_deadline(&session) == UINT64_MAX);
}

static void a_job_says_each_thing_once_and_in_order(void **state)
{
	uint64_t began;

	greet(1);
	prepare(2);
	never_heard(AGENT_PREPARED);
	say((struct agent_message){ .kind = AGENT_START, .job = 2 });
	wait_heard(AGENT_STARTED);
	began = heard.moment.nsec;
	wait_heard(AGENT_REPORT);
	assert_int_equal(heard.progress.sequence, 0);
	assert_true(heard.progress.nsec >= began + 20 * NSEC_PER_MSEC);
	say((struct agent_message){ .kind = AGENT_STOP, .job = 2 });
	wait_heard(AGENT_DONE);
	assert_true(heard.progress.sequence >= 1);
	never_heard(AGENT_DONE);
	assert_int_equal(jobs_now(), 0);
}

static void a_host_that_says_hello_again_is_the_same_one(void **state)
{
	greet(1);
	prepare(1);
	say((struct agent_message){ .kind = AGENT_HOST_HELLO, .host_hello = { 1, 1 } });
	never_heard(AGENT_HELLO);
	assert_int_equal(jobs_now(), 1);
}

static void another_host_ends_the_jobs_of_the_one_before(void **state)
{
	greet(1);
	prepare(1);
	greet(2);
	assert_int_equal(jobs_now(), 0);
	prepare(1);
}

static void garbage_ends_the_jobs_and_a_greeting_begins_again(void **state)
{
	greet(1);
	prepare(1);
	say_bytes("\xff\xff\xff\xff\xff\xff\xff\xff\xff", 9);
	wait_heard(AGENT_HELLO);
	assert_int_equal(jobs_now(), 0);
	assert_false(session.greeted);
	/* What is said to it now is not understood, until it is greeted. */
	say((struct agent_message){ .kind = AGENT_PREPARE, .job = 1, .prepare = { 20, WORK } });
	turn();
	assert_int_equal(jobs_now(), 0);
	greet(1);
	prepare(1);
}

static void a_host_that_dies_in_the_middle_of_a_frame_makes_room_for_the_next(void **state)
{
	greet(1);
	/* A PREPARE of 60000 bytes, of which nothing comes. */
	say_bytes("\x60\xea\0\0\3\0\1\0", 8);
	say((struct agent_message){ .kind = AGENT_HOST_HELLO, .host_hello = { 1, 2 } });
	wait_heard(AGENT_HELLO);
	never_heard(AGENT_FAILURE);
	assert_true(session.host == 2);
}

static void a_host_that_goes_is_noticed(void **state)
{
	greet(1);
	prepare(1);
	close(host_fd);
	host_fd = -1;
	turn();
	assert_int_equal(ended, -EPIPE);
	session_detach(&session);
	assert_int_equal(jobs_now(), 0);
	assert_int_equal(host_connect(), 0);
	greet(1);
}

static void a_host_that_reads_nothing_costs_a_bound(void **state)
{
	unsigned i, sent = 0;
	int size;

	greet(1);
	prepare(1);
	say((struct agent_message){ .kind = AGENT_START, .job = 1 });
	size = agent_message_encode(&(struct agent_message){ .kind = AGENT_COUNT }, frame,
				    sizeof frame);
	for (i = 0; i < 5000; i++) {
		sent += send(host_fd, frame, (size_t)size, MSG_NOSIGNAL) == size;
		if (i % 500 == 0)
			turn();
	}
	assert_true(outbox_waiting(&session.outbox) <= session.outbox.size);
	assert_true(sent > 100);
	/* Each question that it took is answered when the host reads at last. */
	for (i = 0; i < sent; i++)
		wait_heard(AGENT_COUNTERS);
	say((struct agent_message){ .kind = AGENT_STOP, .job = 1 });
	wait_heard(AGENT_DONE);
}

static void a_start_that_is_far_ahead_is_refused(void **state)
{
	greet(1);
	prepare(1);
	say((struct agent_message){ .kind = AGENT_START, .job = 1, .start = { UINT64_MAX } });
	assert_failure("the clocks differ");
	assert_int_equal(heard.job, 1);
	assert_int_equal(jobs_now(), 0);
}

static void what_is_not_prepared_cannot_start_and_needs_no_stop(void **state)
{
	greet(1);
	say((struct agent_message){ .kind = AGENT_STOP, .job = 5 });
	never_heard(AGENT_DONE);
	say((struct agent_message){ .kind = AGENT_START, .job = 5 });
	assert_failure("not prepared");
	assert_int_equal(heard.job, 5);
}

static void a_number_that_is_taken_is_told_without_harm_to_who_has_it(void **state)
{
	greet(1);
	prepare(1);
	say((struct agent_message){ .kind = AGENT_PREPARE, .job = 1, .prepare = { 20, WORK } });
	assert_failure("job 1 is there already");
	assert_int_equal(heard.job, 0);
	assert_int_equal(jobs_now(), 1);
}

static void troubles_from_before_the_host_are_told_to_it(void **state)
{
	session_trouble(&session, "module nothing.ko\tcannot be loaded");
	say((struct agent_message){ .kind = AGENT_HOST_HELLO, .host_hello = { 1, 1 } });
	assert_failure("module nothing.ko cannot be loaded");
	assert_int_equal(heard.job, 0);
	session_trouble(&session, "and another");
	assert_failure("and another");
}

/* A first process reaps what is left to it, and must not take a job's own child from it. */
static void its_children_are_known_as_its_own(void **state)
{
	siginfo_t child = { 0 };

	greet(1);
	assert_false(session_owns(&session, getpid()));
	prepare(1);
	assert_int_equal(kill(work_pid(session.jobs[1].work), SIGKILL), 0);
	assert_int_equal(waitid(P_ALL, 0, &child, WEXITED | WNOWAIT), 0);
	assert_true(session_owns(&session, child.si_pid));
	assert_failure("killed");
	assert_false(session_owns(&session, child.si_pid));
}

int main(void)
{
#define WITH_HOST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH_HOST(it_greets_until_it_is_greeted),
		WITH_HOST(a_job_says_each_thing_once_and_in_order),
		WITH_HOST(a_host_that_says_hello_again_is_the_same_one),
		WITH_HOST(another_host_ends_the_jobs_of_the_one_before),
		WITH_HOST(garbage_ends_the_jobs_and_a_greeting_begins_again),
		WITH_HOST(a_host_that_dies_in_the_middle_of_a_frame_makes_room_for_the_next),
		WITH_HOST(a_host_that_goes_is_noticed),
		WITH_HOST(a_host_that_reads_nothing_costs_a_bound),
		WITH_HOST(a_start_that_is_far_ahead_is_refused),
		WITH_HOST(what_is_not_prepared_cannot_start_and_needs_no_stop),
		WITH_HOST(a_number_that_is_taken_is_told_without_harm_to_who_has_it),
		WITH_HOST(troubles_from_before_the_host_are_told_to_it),
		WITH_HOST(its_children_are_known_as_its_own),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
