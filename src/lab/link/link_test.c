/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's end against agents that are scripted: they say what the test writes for them. */
#include "lab/link/link.h"

#include "base/clock.h"
#include "work/histogram.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define AHEAD_NSEC (5000 * NSEC_PER_SEC) /* what the guest's clock is ahead of ours */
#define LIMIT_NSEC (5 * NSEC_PER_SEC)

static struct link *lab_link;
static struct link_event event;
static int agent_fd;
static struct agent_reader agent_reader;
static struct agent_message heard;
static unsigned char frame[AGENT_FRAME_MAX];
static int64_t lie_nsec; /* what its answers' clock is off by */

static uint64_t guest_now(void)
{
	return clock_monotonic_nsec() + AHEAD_NSEC + (uint64_t)lie_nsec;
}

static void say_bytes(const void *bytes, size_t size)
{
	assert_int_equal(write(agent_fd, bytes, size), size);
}

static void say(const struct agent_message *message)
{
	int size = agent_message_encode(message, frame, sizeof frame);

	assert_true(size > 0);
	say_bytes(frame, (size_t)size);
}

static void say_hello(uint64_t session)
{
	struct agent_message hello = { .kind = AGENT_HELLO, .hello = {
		.version = 1, .session = session, .cpus = 2, .memory_bytes = 1 << 30,
		.nsec = guest_now(), .boot_id = { 0x12, 0x34 }, .first_process = true,
		.kernel = { "6.1\x1b[2J", 7 }, .agent = { "0.1.0", 5 } } };

	hello.hello.kernel = (struct agent_text){ "6.1\xe2\x80\xae", 6 };
	say(&hello);
}

/* The next of what the host said that is no PING; those are answered. False: nothing so far. */
static bool hear(void)
{
	size_t space;
	unsigned char *to = agent_reader_space(&agent_reader, &space);
	ssize_t size = recv(agent_fd, to, space, MSG_DONTWAIT);

	if (size > 0)
		agent_reader_filled(&agent_reader, (size_t)size);
	while (agent_reader_next(&agent_reader, &heard) == 1) {
		struct agent_message pong = { .kind = AGENT_PONG };

		if (heard.kind != AGENT_PING)
			return true;
		pong.pong.cookie = heard.ping.cookie;
		pong.pong.nsec = guest_now();
		say(&pong);
	}
	return false;
}

static void turn(void)
{
	struct pollfd watch = { .fd = link_fd(lab_link), .events = link_wants(lab_link) };

	poll(&watch, 1, 5);
	link_turn(lab_link, watch.revents);
}

/* Turns, with the agent answering, until there is an event. */
static enum link_event_kind wait_event(void)
{
	uint64_t until = clock_monotonic_nsec() + LIMIT_NSEC;

	while (!link_next(lab_link, &event)) {
		assert_true(clock_monotonic_nsec() < until);
		hear();
		turn();
	}
	return event.kind;
}

static void wait_heard(enum agent_kind kind)
{
	uint64_t until = clock_monotonic_nsec() + LIMIT_NSEC;

	while (!hear() || heard.kind != kind) {
		assert_true(clock_monotonic_nsec() < until);
		turn();
	}
}

static void assert_lost(const char *because)
{
	assert_int_equal(wait_event(), LINK_LOST);
	if (strstr(event.text, because) == NULL)
		fail_msg("lost because: %s", event.text);
	assert_non_null(strstr(event.text, "vm1"));
	assert_false(link_next(lab_link, &event));
	assert_int_equal(link_count(lab_link), -ENOTCONN);
}

static void assert_doubt(const char *because)
{
	assert_int_equal(wait_event(), LINK_DOUBT);
	if (strstr(event.text, because) == NULL)
		fail_msg("doubted because: %s", event.text);
}

static int setup(void **state)
{
	int fds[2];

	lie_nsec = 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return -1;
	agent_fd = fds[1];
	agent_reader_init(&agent_reader, AGENT_HOST);
	return link_new(fds[0], "vm1", &lab_link, NULL);
}

static int teardown(void **state)
{
	link_free(lab_link);
	if (agent_fd >= 0)
		close(agent_fd);
	return 0;
}

static int setup_ready(void **state)
{
	if (setup(state) < 0)
		return -1;
	say_hello(7);
	return wait_event() == LINK_READY ? 0 : -1;
}

static void prepare_job(uint16_t job)
{
	assert_int_equal(link_prepare(lab_link, job, "cpu-integer threads=1", 0), 0);
	wait_heard(AGENT_PREPARE);
	assert_int_equal(heard.job, job);
	say(&(struct agent_message){ .kind = AGENT_PREPARED, .job = job,
				     .moment = { guest_now() } });
	assert_int_equal(wait_event(), LINK_PREPARED);
}

static void run_job(uint16_t job)
{
	prepare_job(job);
	assert_int_equal(link_start(lab_link, job, 0), 0);
	wait_heard(AGENT_START);
	say(&(struct agent_message){ .kind = AGENT_STARTED, .job = job,
				     .moment = { guest_now() } });
	assert_int_equal(wait_event(), LINK_STARTED);
}

static void report(enum agent_kind kind, uint64_t sequence, uint64_t operations, uint64_t nsec)
{
	struct agent_message message = { .kind = kind, .job = 1, .progress = {
		.nsec = nsec, .sequence = sequence, .operations = operations,
		.bucket_count = 1, .buckets = { { 3, 9 } },
		.results = { "speed=1\n", kind == AGENT_DONE ? 8 : 0 } } };

	say(&message);
}

static void what_went_wrong_before_the_host_was_there_is_heard(void **state)
{
	say_hello(7);
	say(&(struct agent_message){ .kind = AGENT_FAILURE,
				     .failure = { .sentence = { "no root", 7 } } });
	assert_int_equal(wait_event(), LINK_FAILURE);
	assert_int_equal(event.job, 0);
	assert_string_equal(event.text, "no root");
	assert_int_equal(wait_event(), LINK_READY);
}

static void a_greeting_makes_ready_with_a_clock(void **state)
{
	const struct link_clock *clock;

	say_hello(7);
	assert_false(link_is_ready(lab_link));
	assert_int_equal(link_count(lab_link), -ENOTCONN);
	assert_int_equal(wait_event(), LINK_READY);
	clock = link_clock(lab_link);
	assert_true(clock->low_nsec <= (int64_t)AHEAD_NSEC);
	assert_true(clock->high_nsec >= (int64_t)AHEAD_NSEC);
	assert_true(clock->high_nsec - clock->low_nsec < (int64_t)NSEC_PER_SEC);
	assert_int_equal(link_guest(lab_link)->cpus, 2);
	assert_string_equal(link_guest(lab_link)->boot_id, "12340000-0000-0000-0000-000000000000");
	/* What turns the direction of text on a terminal does not reach one. */
	assert_string_equal(link_guest(lab_link)->kernel, "6.1\\xe2\\x80\\xae");
}

static void an_agent_that_comes_late_is_greeted_again(void **state)
{
	wait_heard(AGENT_HOST_HELLO);
	/* It was thrown away, say, with the guest that boots. The next one comes by itself. */
	wait_heard(AGENT_HOST_HELLO);
	say_hello(7);
	/* An agent says HELLO again while it does not know that it was heard. */
	say_hello(7);
	assert_int_equal(wait_event(), LINK_READY);
	assert_int_equal(link_count(lab_link), 0);
	wait_heard(AGENT_COUNT);
}

static void a_job_goes_its_way(void **state)
{
	uint64_t before = clock_monotonic_nsec();

	run_job(1);
	report(AGENT_REPORT, 0, 10, guest_now());
	assert_int_equal(wait_event(), LINK_REPORT);
	assert_int_equal(event.job, 1);
	assert_int_equal(event.progress->operations, 10);
	assert_int_equal(event.progress->buckets[0].added, 9);
	assert_true(event.at_nsec + event.uncertainty_nsec >= before);
	assert_true(event.at_nsec <= clock_monotonic_nsec());
	assert_int_equal(link_stop(lab_link, 1), 0);
	wait_heard(AGENT_STOP);
	report(AGENT_DONE, 1, 25, guest_now());
	assert_int_equal(wait_event(), LINK_DONE);
	assert_int_equal(event.progress->operations, 25);
	assert_int_equal(event.progress->results.size, 8);
	/* Its number is free again, and there is nothing to stop. */
	assert_int_equal(link_stop(lab_link, 1), 0);
	prepare_job(1);
}

static void a_start_is_an_instant_of_the_guests_clock(void **state)
{
	uint64_t at = clock_monotonic_nsec() + NSEC_PER_SEC;
	const struct link_clock *clock = link_clock(lab_link);

	prepare_job(3);
	assert_int_equal(link_start(lab_link, 3, at), 0);
	wait_heard(AGENT_START);
	assert_true(heard.start.nsec >= at + (uint64_t)clock->low_nsec - NSEC_PER_MSEC);
	assert_true(heard.start.nsec <= at + (uint64_t)clock->high_nsec + NSEC_PER_MSEC);
}

static void what_cannot_be_said_is_not_sent(void **state)
{
	assert_int_equal(link_start(lab_link, 1, 0), -EINVAL);
	assert_int_equal(link_prepare(lab_link, 0, "cpu", 0), -EINVAL);
	assert_int_equal(link_prepare(lab_link, AGENT_JOB_MAX + 1, "cpu", 0), -EINVAL);
	assert_int_equal(link_prepare(lab_link, 1, "two\nlines", 0), -EINVAL);
	assert_int_equal(link_prepare(lab_link, 1, "cpu", 1), -EINVAL);
	assert_int_equal(link_freeze(lab_link, "/", 0), -EINVAL);
	prepare_job(1);
	assert_int_equal(link_prepare(lab_link, 1, "cpu", 0), -EINVAL);
}

static void a_failure_ends_its_job_and_says_why(void **state)
{
	struct agent_message failure = { .kind = AGENT_FAILURE, .job = 1,
					 .failure = { { "no space\xff left", 14 } } };

	run_job(1);
	say(&failure);
	assert_int_equal(wait_event(), LINK_FAILURE);
	assert_int_equal(event.job, 1);
	assert_string_equal(event.text, "no space\\xff left");
	/* What it says of that job once more is old. */
	say(&failure);
	assert_int_equal(link_count(lab_link), 0);
	say(&(struct agent_message){ .kind = AGENT_COUNTERS, .counters = { guest_now() } });
	assert_int_equal(wait_event(), LINK_COUNTERS);
}

static void counts_that_go_back_are_told_and_dropped(void **state)
{
	run_job(1);
	report(AGENT_REPORT, 0, 10, guest_now());
	assert_int_equal(wait_event(), LINK_REPORT);
	report(AGENT_REPORT, 1, 9, guest_now());
	assert_doubt("operations of job 1 went back");
	report(AGENT_REPORT, 2, 11, guest_now());
	assert_int_equal(wait_event(), LINK_REPORT);
	report(AGENT_REPORT, 4, 12, guest_now());
	assert_doubt("report 3 of job 1 is called 4");
	report(AGENT_REPORT, 5, 13, guest_now());
	assert_int_equal(wait_event(), LINK_REPORT);
}

/* A file of experiments with such numbers in it would be refused as a stranger's. */
static void what_no_machine_does_is_told_and_dropped(void **state)
{
	struct agent_message message = { .kind = AGENT_REPORT, .job = 1 };

	run_job(1);
	report(AGENT_REPORT, 0, UINT64_C(1) << 60, guest_now());
	assert_doubt("job 1 counts more than can be");
	message.progress.sequence = 1;
	message.progress.nsec = guest_now();
	message.progress.bucket_count = 1;
	message.progress.buckets[0] = (struct agent_bucket){ HISTOGRAM_BUCKETS, 1 };
	say(&message);
	assert_doubt("job 1 times what no histogram has");
	message.progress.sequence = 2;
	message.progress.nsec = guest_now();
	message.progress.buckets[0].index = HISTOGRAM_BUCKETS - 1;
	message.progress.operations = (UINT64_C(1) << 60) - 1;
	say(&message);
	assert_int_equal(wait_event(), LINK_REPORT);
}

/* Who waits for it until its deadline would else never wait at all. */
static void an_agent_that_talks_on_without_an_answer_is_waited_for(void **state)
{
	uint64_t before, until, sequence = 0;

	run_job(1);
	link_set_silence(lab_link, 500 * NSEC_PER_MSEC);
	until = clock_monotonic_nsec() + 1800 * NSEC_PER_MSEC;
	while ((before = clock_monotonic_nsec()) < until) {
		report(AGENT_REPORT, sequence++, 0, guest_now());
		turn();
		poll(NULL, 0, 2); /* a flood is something else */
		/* A machine that lets us stand still for so long tells nothing. */
		if (clock_monotonic_nsec() - before > 100 * NSEC_PER_MSEC)
			skip();
		assert_true(link_deadline(lab_link) + 100 * NSEC_PER_MSEC > clock_monotonic_nsec());
		while (link_next(lab_link, &event))
			assert_int_equal(event.kind, LINK_REPORT);
	}
}

static void a_lying_clock_is_told(void **state)
{
	uint64_t stamp;

	run_job(1);
	stamp = guest_now();
	report(AGENT_REPORT, 0, 1, stamp + 60 * NSEC_PER_SEC);
	assert_doubt("is to happen in");
	report(AGENT_REPORT, 1, 2, stamp + 1);
	assert_int_equal(wait_event(), LINK_REPORT);
	report(AGENT_REPORT, 2, 3, stamp - NSEC_PER_SEC);
	assert_doubt("went back by 1000000 us");
	/* Told once: from there it goes on. */
	report(AGENT_REPORT, 3, 4, stamp - NSEC_PER_SEC / 2);
	assert_int_equal(wait_event(), LINK_REPORT);
}

static void a_clock_that_jumps_is_told_and_learnt_anew(void **state)
{
	lie_nsec = -(int64_t)(100 * NSEC_PER_SEC);
	assert_doubt("its clock jumped");
	run_job(1);
	report(AGENT_REPORT, 0, 1, guest_now());
	assert_int_equal(wait_event(), LINK_REPORT);
	assert_true(clock_monotonic_nsec() - event.at_nsec < 5 * NSEC_PER_SEC);
}

static void a_start_with_a_made_up_stamp_still_counts_as_one(void **state)
{
	prepare_job(1);
	assert_int_equal(link_start(lab_link, 1, 0), 0);
	wait_heard(AGENT_START);
	say(&(struct agent_message){ .kind = AGENT_STARTED, .job = 1, .moment = { UINT64_MAX } });
	assert_doubt("is to happen in");
	assert_int_equal(wait_event(), LINK_STARTED);
	assert_true(event.at_nsec <= clock_monotonic_nsec());
}

static void an_end_that_cannot_be_is_a_failure_of_the_job(void **state)
{
	run_job(1);
	report(AGENT_REPORT, 0, 10, guest_now());
	assert_int_equal(wait_event(), LINK_REPORT);
	report(AGENT_DONE, 1, 5, guest_now());
	assert_int_equal(wait_event(), LINK_FAILURE);
	assert_int_equal(event.job, 1);
	prepare_job(1);
}

static void jobs_that_nobody_asked_for_are_doubted(void **state)
{
	report(AGENT_REPORT, 0, 10, guest_now());
	assert_doubt("reports on job 1, which does not run");
	say(&(struct agent_message){ .kind = AGENT_PREPARED, .job = 2, .moment = { 1 } });
	assert_doubt("job 2 is prepared, which nobody asked for");
	say(&(struct agent_message){ .kind = AGENT_COUNTERS, .counters = { 1 } });
	assert_doubt("counts without being asked");
	say(&(struct agent_message){ .kind = AGENT_FROZEN, .moment = { 1 } });
	assert_doubt("freezes without being asked");
	say(&(struct agent_message){ .kind = AGENT_PONG, .pong = { 999, 1 } });
	assert_doubt("answers what was not asked");
}

static void counters_that_go_back_are_doubted(void **state)
{
	struct agent_message counters = { .kind = AGENT_COUNTERS };

	counters.counters.present = 1ull << AGENT_COUNTER_cpu_steal_nsec |
				    1ull << AGENT_COUNTER_memory_free_bytes;
	counters.counters.values[AGENT_COUNTER_cpu_steal_nsec] = 100;
	counters.counters.values[AGENT_COUNTER_memory_free_bytes] = 100;
	counters.counters.nsec = guest_now();
	assert_int_equal(link_count(lab_link), 0);
	say(&counters);
	assert_int_equal(wait_event(), LINK_COUNTERS);
	assert_int_equal(event.values[AGENT_COUNTER_cpu_steal_nsec], 100);
	counters.counters.values[AGENT_COUNTER_memory_free_bytes] = 1;
	assert_int_equal(link_count(lab_link), 0);
	say(&counters);
	assert_int_equal(wait_event(), LINK_COUNTERS);
	counters.counters.values[AGENT_COUNTER_cpu_steal_nsec] = 99;
	assert_int_equal(link_count(lab_link), 0);
	say(&counters);
	assert_doubt("cpu_steal_nsec went back");
}

static void an_agent_full_of_doubts_is_lost(void **state)
{
	unsigned i;

	for (i = 0; i < 200; i++)
		report(AGENT_REPORT, 0, 10, guest_now());
	for (i = 0; wait_event() == LINK_DOUBT; i++)
		;
	assert_in_range(i, 100, 101);
	assert_int_equal(event.kind, LINK_LOST);
	assert_non_null(strstr(event.text, "too much that cannot be"));
}

static void garbage_ends_the_link(void **state)
{
	say_bytes("this is no frame at all", 23);
	assert_lost("sends what no agent sends");
}

static void noise_before_the_greeting_is_borne_but_not_for_ever(void **state)
{
	static char noise[65536];
	unsigned i;

	memset(noise, 'n', sizeof noise);
	for (i = 0; i < 30 && link_wants(lab_link) != 0; i++) {
		if (send(agent_fd, noise, sizeof noise, MSG_DONTWAIT) < 0)
			assert_int_equal(errno, EAGAIN);
		turn();
		if (link_next(lab_link, &event))
			break;
	}
	assert_int_equal(event.kind, LINK_LOST);
	assert_non_null(strstr(event.text, "no greeting"));
}

static void a_flood_ends_the_link(void **state)
{
	struct agent_message failure = { .kind = AGENT_FAILURE, .failure = { { "!", 1 } } };
	int size = agent_message_encode(&failure, frame, sizeof frame);
	uint64_t until = clock_monotonic_nsec() + LIMIT_NSEC;
	unsigned events = 0;

	do {
		while (send(agent_fd, frame, (size_t)size, MSG_DONTWAIT) == size)
			;
		turn();
		while (link_next(lab_link, &event) && event.kind != LINK_LOST)
			events++;
		assert_true(clock_monotonic_nsec() < until);
	} while (event.kind != LINK_LOST);
	assert_non_null(strstr(event.text, "floods"));
	assert_in_range(events, 8000, 30000);
}

static void an_agent_that_hangs_is_lost(void **state)
{
	uint64_t before = clock_monotonic_nsec();

	link_set_silence(lab_link, 50 * NSEC_PER_MSEC);
	while (!link_next(lab_link, &event)) {
		assert_true(clock_monotonic_nsec() < before + LIMIT_NSEC);
		assert_true(link_deadline(lab_link) < before + LIMIT_NSEC);
		turn();
	}
	assert_int_equal(event.kind, LINK_LOST);
	assert_non_null(strstr(event.text, "has not answered"));
}

static void an_agent_that_takes_nothing_costs_a_bound(void **state)
{
	int code = 0;
	unsigned i;

	for (i = 0; i < 1000000 && code == 0; i++)
		code = link_count(lab_link);
	assert_int_equal(code, -ENOBUFS);
	assert_true(i > LINK_OUTPUT_MAX / AGENT_FRAME_HEADER);
}

static void an_agent_that_goes_is_lost_after_its_last_words(void **state)
{
	run_job(1);
	report(AGENT_DONE, 0, 3, guest_now());
	close(agent_fd);
	agent_fd = -1;
	turn();
	assert_true(link_next(lab_link, &event));
	assert_int_equal(event.kind, LINK_DONE);
	turn();
	assert_true(link_next(lab_link, &event));
	assert_int_equal(event.kind, LINK_LOST);
	assert_non_null(strstr(event.text, "closed its channel"));
}

static void an_agent_that_was_started_again_is_lost(void **state)
{
	say_hello(8);
	assert_lost("started again");
}

static void an_agent_that_has_forgotten_its_host_is_lost(void **state)
{
	say_hello(7);
	assert_lost("greets again");
}

int main(void)
{
#define IN_READY(test) cmocka_unit_test_setup_teardown(test, setup_ready, teardown)
#define UNGREETED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		UNGREETED(a_greeting_makes_ready_with_a_clock),
		UNGREETED(what_went_wrong_before_the_host_was_there_is_heard),
		UNGREETED(an_agent_that_comes_late_is_greeted_again),
		IN_READY(a_job_goes_its_way),
		IN_READY(a_start_is_an_instant_of_the_guests_clock),
		IN_READY(what_cannot_be_said_is_not_sent),
		IN_READY(a_failure_ends_its_job_and_says_why),
		IN_READY(counts_that_go_back_are_told_and_dropped),
		IN_READY(what_no_machine_does_is_told_and_dropped),
		IN_READY(an_agent_that_talks_on_without_an_answer_is_waited_for),
		IN_READY(a_lying_clock_is_told),
		IN_READY(a_clock_that_jumps_is_told_and_learnt_anew),
		IN_READY(a_start_with_a_made_up_stamp_still_counts_as_one),
		IN_READY(an_end_that_cannot_be_is_a_failure_of_the_job),
		IN_READY(jobs_that_nobody_asked_for_are_doubted),
		IN_READY(counters_that_go_back_are_doubted),
		IN_READY(an_agent_full_of_doubts_is_lost),
		IN_READY(garbage_ends_the_link),
		UNGREETED(noise_before_the_greeting_is_borne_but_not_for_ever),
		IN_READY(a_flood_ends_the_link),
		IN_READY(an_agent_that_hangs_is_lost),
		IN_READY(an_agent_that_takes_nothing_costs_a_bound),
		IN_READY(an_agent_that_goes_is_lost_after_its_last_words),
		IN_READY(an_agent_that_was_started_again_is_lost),
		IN_READY(an_agent_that_has_forgotten_its_host_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
