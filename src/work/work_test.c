/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "work/work.h"

#include "base/error.h"
#include "work/lane.h"
#include "work/workload.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define MOST_MSEC 20000

static struct error err;

/* Until it is in this state, or ended. */
static enum work_state wait_for(struct work *work, enum work_state wanted)
{
	uint64_t end_nsec = lane_now_nsec() + MOST_MSEC * 1000000ull;
	enum work_state state;

	while ((state = work_poll(work)) != wanted && state < WORK_DONE &&
	       lane_now_nsec() < end_nsec) {
		struct pollfd fd = { work_fd(work), POLLIN, 0 };

		poll(&fd, 1, 100);
	}
	return state;
}

/* Until it has counted as many operations. */
static void wait_for_operations(struct work *work, uint64_t operations)
{
	uint64_t end_nsec = lane_now_nsec() + MOST_MSEC * 1000000ull;
	struct work_counts counts;

	do {
		poll(NULL, 0, 1);
		work_read(work, &counts);
	} while (counts.operations < operations && work_poll(work) == WORK_RUNNING &&
		 lane_now_nsec() < end_nsec);
}

static struct work *prepared(const char *line)
{
	struct work *work;

	err = (struct error){ 0 };
	if (work_new(line, &work, &err) < 0 || work_prepare(work, &err) < 0)
		fail_msg("%s: %s", line, err.text);
	if (wait_for(work, WORK_READY) != WORK_READY)
		fail_msg("%s: %s: %s", line, work_state_name(work_poll(work)), work_why(work));
	return work;
}

/* Runs it until it has done `operations`, and says what it then came to. */
static struct work_counts worked(const char *line, uint64_t operations)
{
	struct work *work = prepared(line);
	struct work_counts counts;

	assert_int_equal(work_start(work, 0), 0);
	wait_for_operations(work, operations);
	work_stop(work);
	if (wait_for(work, WORK_DONE) != WORK_DONE)
		fail_msg("%s: %s", line, work_why(work));
	work_read(work, &counts);
	if (counts.operations < operations)
		fail_msg("%s: only %llu operations", line, (unsigned long long)counts.operations);
	assert_true(work_began_nsec(work) < work_ended_nsec(work));
	work_free(work);
	return counts;
}

static void expect_no_errors(const char *line, uint64_t operations)
{
	struct work_counts counts = worked(line, operations);

	if (counts.errors != 0)
		fail_msg("%s: %llu errors", line, (unsigned long long)counts.errors);
}

static void computing_gives_right_answers_only(void **state)
{
	expect_no_errors("cpu-integer threads=2", 100);
	expect_no_errors("cpu-float", 100);
	expect_no_errors("cpu-prime limit=1000", 5000);
}

static void what_memory_holds_at_the_end_is_what_was_written(void **state)
{
	expect_no_errors("memory-write size=1K", 1000);
	expect_no_errors("memory-write size=3M threads=2", 100000);
	expect_no_errors("memory-read size=1K", 5000);
	expect_no_errors("memory-read size=1088K", 3000000); /* past the first mark of a replay */
	expect_no_errors("memory-hold size=1M visits=100000 write=yes", 500);
	expect_no_errors("memory-hold size=1M visits=100000 content=identical", 500);
}

static void nothing_is_counted_before_its_instant(void **state)
{
	struct work *work = prepared("cpu-integer");
	uint64_t start_nsec = lane_now_nsec() + 200000000;
	struct work_counts counts;

	assert_int_equal(work_start(work, start_nsec), 0);
	assert_int_equal(work_start(work, start_nsec), -EINVAL);
	while (lane_now_nsec() < start_nsec - 20000000) {
		work_read(work, &counts);
		if (lane_now_nsec() < start_nsec)
			assert_int_equal(counts.operations, 0);
		poll(NULL, 0, 1);
	}
	wait_for_operations(work, 1);
	assert_true(work_began_nsec(work) >= start_nsec);
	work_free(work);
}

static void it_ends_by_itself_after_its_duration(void **state)
{
	struct work *work = prepared("cpu-integer duration=100ms");
	uint64_t took_nsec;

	assert_int_equal(work_start(work, 0), 0);
	assert_int_equal(wait_for(work, WORK_DONE), WORK_DONE);
	took_nsec = work_ended_nsec(work) - work_began_nsec(work);
	assert_in_range(took_nsec, 90000000, 2000000000);
	work_free(work);
}

static void one_that_is_stopped_before_it_starts_has_done_nothing(void **state)
{
	struct work *work = prepared("cpu-integer threads=4");
	struct work_counts counts;

	work_stop(work);
	assert_int_equal(wait_for(work, WORK_DONE), WORK_DONE);
	work_read(work, &counts);
	assert_int_equal(counts.operations, 0);
	work_free(work);
}

static void one_that_waits_in_the_kernel_is_stopped_too(void **state)
{
	struct work *work = prepared("memory-hold size=4K visits=0 threads=3");

	assert_int_equal(work_start(work, lane_now_nsec() + 3600000000000ull), 0);
	work_stop(work);
	assert_int_equal(wait_for(work, WORK_DONE), WORK_DONE);
	work_free(work);
}

static void one_that_is_killed_fails_alone(void **state)
{
	struct work *work = prepared("cpu-integer");
	struct work *other = prepared("cpu-integer");

	assert_int_equal(work_start(work, 0), 0);
	kill(work_pid(work), SIGKILL);
	assert_int_equal(wait_for(work, WORK_FAILED), WORK_FAILED);
	assert_non_null(strstr(work_why(work), "killed by signal 9"));
	assert_int_equal(work_poll(other), WORK_READY);
	work_free(work);
	work_free(other);
}

static void one_that_is_freed_leaves_no_process(void **state)
{
	struct work *work = prepared("cpu-integer threads=2");
	pid_t pid = work_pid(work);

	assert_int_equal(work_start(work, 0), 0);
	work_free(work);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void what_cannot_be_prepared_says_why(void **state)
{
	struct work *work;

	assert_int_equal(work_new("memory-write size=900G threads=64", &work, &err), 0);
	assert_int_equal(work_start(work, 0), -EINVAL);
	assert_int_equal(work_prepare(work, &err), 0);
	assert_int_equal(wait_for(work, WORK_READY), WORK_FAILED);
	assert_non_null(strstr(work_why(work), "memory-write: it takes 58982400 MB"));
	work_free(work);
}

static void it_tells_what_its_processor_time_was(void **state)
{
	struct work *work = prepared("cpu-integer duration=100ms");
	const struct work_result *results;
	size_t i, count;

	assert_int_equal(work_start(work, 0), 0);
	assert_int_equal(wait_for(work, WORK_DONE), WORK_DONE);
	results = work_results(work, &count);
	for (i = 0; i < count; i++)
		if (strcmp(results[i].name, "cpu_seconds") == 0)
			break;
	assert_true(i < count);
	assert_true(results[i].value > 0 && results[i].value < 2);
	work_free(work);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(computing_gives_right_answers_only),
		cmocka_unit_test(what_memory_holds_at_the_end_is_what_was_written),
		cmocka_unit_test(nothing_is_counted_before_its_instant),
		cmocka_unit_test(it_ends_by_itself_after_its_duration),
		cmocka_unit_test(one_that_is_stopped_before_it_starts_has_done_nothing),
		cmocka_unit_test(one_that_waits_in_the_kernel_is_stopped_too),
		cmocka_unit_test(one_that_is_killed_fails_alone),
		cmocka_unit_test(one_that_is_freed_leaves_no_process),
		cmocka_unit_test(what_cannot_be_prepared_says_why),
		cmocka_unit_test(it_tells_what_its_processor_time_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
