/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "work/test_work.h"

#include "work/lane.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void computing_gives_right_answers_only(void **state)
{
	test_expect_no_errors("cpu-integer threads=2", 100);
	test_expect_no_errors("cpu-float", 100);
	test_expect_no_errors("cpu-prime limit=1000", 5000);
}

static void what_memory_holds_at_the_end_is_what_was_written(void **state)
{
	test_expect_no_errors("memory-write size=1K", 1000);
	test_expect_no_errors("memory-write size=3M threads=2", 100000);
	test_expect_no_errors("memory-read size=1K", 5000);
	test_expect_no_errors("memory-read size=1088K", 3000000); /* past the first mark of a replay */
	test_expect_no_errors("memory-hold size=1M visits=100000 write=yes", 500);
	test_expect_no_errors("memory-hold size=1M visits=100000 content=identical", 500);
}

static void nothing_is_counted_before_its_instant(void **state)
{
	struct work *work = test_prepared("cpu-integer");
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
	test_wait_for_operations(work, 1);
	assert_true(work_began_nsec(work) >= start_nsec);
	work_free(work);
}

static void it_ends_by_itself_after_its_duration(void **state)
{
	struct work *work = test_prepared("cpu-integer duration=100ms");
	uint64_t took_nsec;

	assert_int_equal(work_start(work, 0), 0);
	assert_int_equal(test_wait_for(work, WORK_DONE), WORK_DONE);
	took_nsec = work_ended_nsec(work) - work_began_nsec(work);
	assert_in_range(took_nsec, 90000000, 10000000000);
	work_free(work);
}

static void it_ends_by_itself_after_its_passes(void **state)
{
	struct work *work = test_prepared("memory-write size=100K passes=7 threads=2");
	struct work_counts counts;

	assert_int_equal(work_start(work, 0), 0);
	assert_int_equal(test_wait_for(work, WORK_DONE), WORK_DONE);
	work_read(work, &counts);
	assert_int_equal(counts.bytes, 2 * 7 * 102400);
	assert_int_equal(counts.operations, 2 * 7 * 1600);
	assert_int_equal(counts.errors, 0);
	work_free(work);
}

static void one_that_is_stopped_before_it_starts_has_done_nothing(void **state)
{
	struct work *work = test_prepared("cpu-integer threads=4");
	struct work_counts counts;

	work_stop(work);
	assert_int_equal(test_wait_for(work, WORK_DONE), WORK_DONE);
	work_read(work, &counts);
	assert_int_equal(counts.operations, 0);
	work_free(work);
}

static void one_that_waits_in_the_kernel_is_stopped_too(void **state)
{
	struct work *work = test_prepared("memory-hold size=4K visits=0 threads=3");

	assert_int_equal(work_start(work, lane_now_nsec() + 3600000000000ull), 0);
	work_stop(work);
	assert_int_equal(test_wait_for(work, WORK_DONE), WORK_DONE);
	work_free(work);
}

static void one_that_is_killed_fails_alone(void **state)
{
	struct work *work = test_prepared("cpu-integer");
	struct work *other = test_prepared("cpu-integer");

	assert_int_equal(work_start(work, 0), 0);
	kill(work_pid(work), SIGKILL);
	assert_int_equal(test_wait_for(work, WORK_FAILED), WORK_FAILED);
	assert_non_null(strstr(work_why(work), "killed by signal 9"));
	assert_int_equal(work_poll(other), WORK_READY);
	work_free(work);
	work_free(other);
}

static void one_that_is_freed_leaves_no_process(void **state)
{
	struct work *work = test_prepared("cpu-integer threads=2");
	pid_t pid = work_pid(work);

	assert_int_equal(work_start(work, 0), 0);
	work_free(work);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void what_cannot_be_prepared_says_why(void **state)
{
	struct work *work;

	assert_int_equal(work_new("memory-write size=900G threads=64", &work, &test_err), 0);
	assert_int_equal(work_start(work, 0), -EINVAL);
	assert_int_equal(work_prepare(work, &test_err), 0);
	assert_int_equal(test_wait_for(work, WORK_READY), WORK_FAILED);
	assert_non_null(strstr(work_why(work), "memory-write: it takes 58982400 MB"));
	work_free(work);
}

static void what_is_dragged_is_done_and_not_counted(void **state)
{
	struct lane_counts counts = { 0 };
	struct lane lane = { .counts = &counts, .drag = 10 };
	unsigned i;

	for (i = 0; i < 1000; i++)
		lane_count(&lane, 1, 4096);
	assert_int_equal(counts.operations, 900);
	assert_int_equal(counts.bytes, 900 * 4096);
	for (i = 0; i < 1000; i++)
		lane_count(&lane, 33, 0);
	assert_int_equal(counts.operations, 900 + 29700);
	test_expect_no_errors("memory-write size=1M drag=50", 100000);
	test_expect_no_errors("memory-read size=1M drag=3", 100000);
	test_expect_no_errors("cpu-prime drag=99", 100);
}

static void it_tells_what_its_processor_time_was(void **state)
{
	struct work *work = test_prepared("cpu-integer duration=100ms");
	double seconds;

	assert_int_equal(work_start(work, 0), 0);
	assert_int_equal(test_wait_for(work, WORK_DONE), WORK_DONE);
	seconds = test_result(work, "cpu_seconds");
	assert_true(seconds > 0 && seconds < 2);
	work_free(work);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(computing_gives_right_answers_only),
		cmocka_unit_test(what_memory_holds_at_the_end_is_what_was_written),
		cmocka_unit_test(nothing_is_counted_before_its_instant),
		cmocka_unit_test(it_ends_by_itself_after_its_duration),
		cmocka_unit_test(it_ends_by_itself_after_its_passes),
		cmocka_unit_test(one_that_is_stopped_before_it_starts_has_done_nothing),
		cmocka_unit_test(one_that_waits_in_the_kernel_is_stopped_too),
		cmocka_unit_test(one_that_is_killed_fails_alone),
		cmocka_unit_test(one_that_is_freed_leaves_no_process),
		cmocka_unit_test(what_cannot_be_prepared_says_why),
		cmocka_unit_test(what_is_dragged_is_done_and_not_counted),
		cmocka_unit_test(it_tells_what_its_processor_time_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
