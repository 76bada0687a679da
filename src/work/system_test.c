/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "work/test_work.h"

#include "work/lane.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void what_the_kernel_is_asked_for_is_done(void **state)
{
	test_expect_no_errors("system-call threads=2", 10000);
	test_expect_no_errors("system-pipe", 1000);
	test_expect_no_errors("system-switch threads=2", 200);
	test_expect_no_errors("system-switch one-cpu=no", 200);
	test_expect_no_errors("system-fork threads=2", 20);
	test_expect_no_errors("system-copy", 5000);
}

static void programs_are_executed(void **state)
{
	test_expect_no_errors("system-exec", 20);
	test_expect_no_errors("system-exec program=/bin/true", 20);
	test_expect_no_errors("system-shell", 3);
	test_expect_no_errors("system-shell script=\"exit 0\"", 3);
}

static void a_program_that_fails_is_an_error_and_no_operation(void **state)
{
	struct work *work = test_prepared("system-shell script=\"exit 1\" duration=200ms");
	struct work_counts counts;

	assert_int_equal(work_start(work, 0), 0);
	assert_int_equal(test_wait_for(work, WORK_DONE), WORK_DONE);
	work_read(work, &counts);
	assert_int_equal(counts.operations, 0);
	assert_true(counts.errors > 0);
	work_free(work);
}

static void an_index_is_told_once_every_kind_had_its_turn(void **state)
{
	struct work *work = test_prepared("system-index slice=50ms");
	uint64_t end_nsec = lane_now_nsec() + 2500000000;

	assert_int_equal(work_start(work, 0), 0);
	while (lane_now_nsec() < end_nsec)
		poll(NULL, 0, 10);
	test_end(work);
	assert_true(test_result(work, "kinds") >= 8);
	assert_true(test_result(work, "truce_index_not_unixbench") > 0);
	assert_true(test_result(work, "system_call") > 0);
	work_free(work);

	work = test_prepared("system-index slice=10s");
	assert_int_equal(work_start(work, 0), 0);
	test_wait_for_operations(work, 1);
	test_end(work);
	assert_int_equal(test_result(work, "truce_index_not_unixbench"), -1);
	work_free(work);
}

static uint64_t at_least(const struct histogram *latency, uint64_t nsec)
{
	uint64_t count = 0;
	unsigned i;

	for (i = histogram_bucket(nsec); i < HISTOGRAM_BUCKETS; i++)
		count += latency->counts[i];
	return count;
}

/* While it stands still for 300 ms, 300 requests are due: all of them are late, the first by the
 * whole time. One that only timed what it served would know of one. */
static void every_request_that_was_due_in_a_standstill_is_late(void **state)
{
	struct work *work = test_prepared("latency rate=1000 cost=0");
	struct histogram latency;
	struct work_counts counts;

	assert_int_equal(work_start(work, 0), 0);
	test_wait_for_operations(work, 100);
	kill(work_pid(work), SIGSTOP);
	poll(NULL, 0, 300);
	kill(work_pid(work), SIGCONT);
	test_wait_for_operations(work, 500);
	test_end(work);
	work_read(work, &counts);
	work_read_latency(work, &latency);
	assert_true(at_least(&latency, 100000000) >= 180);
	assert_true(at_least(&latency, 280000000) >= 5);
	assert_int_equal(histogram_total(&latency), counts.operations + counts.lost);
	work_free(work);
}

static void as_many_requests_come_as_are_due(void **state)
{
	static const char *const lines[] = {
		"latency rate=2000 cost=0 duration=500ms",
		"latency rate=2000 cost=0 arrivals=random threads=2 duration=500ms",
		/* Twice as many in half of the time. */
		"latency rate=1333 cost=0 burst=2 burst-every=100ms burst-length=50ms duration=500ms",
	};
	size_t i;

	for (i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		struct work *work = test_prepared(lines[i]);
		struct work_counts counts;
		double due;

		assert_int_equal(work_start(work, 0), 0);
		assert_int_equal(test_wait_for(work, WORK_DONE), WORK_DONE);
		work_read(work, &counts);
		due = (double)(work_ended_nsec(work) - work_began_nsec(work)) / 1e9 * 2000;
		/* Random arrivals of so many differ by 3 hundredths; five times that. */
		assert_true((double)(counts.operations + counts.lost) > due * 0.75);
		assert_true((double)(counts.operations + counts.lost) < due * 1.15);
		work_free(work);
	}
}

static void requests_may_read_a_disk(void **state)
{
	char path[] = "/tmp/truce-latency.XXXXXX", line[128];
	struct work_counts counts;

	close(mkstemp(path));
	snprintf(line, sizeof line, "latency rate=2000 cost=1 file=%s size=1M direct=no", path);
	counts = test_worked(line, 200);
	assert_int_equal(counts.errors, 0);
	assert_int_equal(counts.bytes, counts.operations * 4096);
	unlink(path);
}

static void what_could_not_be_served_is_lost(void **state)
{
	struct work *work = test_prepared("latency rate=100000 cost=1000 duration=300ms");
	struct histogram latency;
	struct work_counts counts;
	double due;

	assert_int_equal(work_start(work, 0), 0);
	assert_int_equal(test_wait_for(work, WORK_DONE), WORK_DONE);
	work_read(work, &counts);
	work_read_latency(work, &latency);
	due = (double)(work_ended_nsec(work) - work_began_nsec(work)) / 1e9 * 100000;
	assert_true((double)counts.lost > due * 0.9 && (double)counts.lost < due);
	assert_int_equal(histogram_total(&latency), counts.operations + counts.lost);
	/* Half of them have waited for half of the time. */
	assert_true(histogram_quantile_nsec(&latency, 5000) > (uint64_t)(due * 10000 * 0.4));
	work_free(work);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_kernel_is_asked_for_is_done),
		cmocka_unit_test(programs_are_executed),
		cmocka_unit_test(a_program_that_fails_is_an_error_and_no_operation),
		cmocka_unit_test(an_index_is_told_once_every_kind_had_its_turn),
		cmocka_unit_test(every_request_that_was_due_in_a_standstill_is_late),
		cmocka_unit_test(as_many_requests_come_as_are_due),
		cmocka_unit_test(requests_may_read_a_disk),
		cmocka_unit_test(what_could_not_be_served_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
