/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "work/test_work.h"

#include "work/lane.h"

#include <poll.h>
#include <string.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define MOST_MSEC 20000

struct error test_err;

/* Until it is in this state, or ended. */
enum work_state test_wait_for(struct work *work, enum work_state wanted)
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
void test_wait_for_operations(struct work *work, uint64_t operations)
{
	uint64_t end_nsec = lane_now_nsec() + MOST_MSEC * 1000000ull;
	struct work_counts counts;

	do {
		poll(NULL, 0, 1);
		work_read(work, &counts);
	} while (counts.operations < operations && work_poll(work) == WORK_RUNNING &&
		 lane_now_nsec() < end_nsec);
}

struct work *test_prepared(const char *line)
{
	struct work *work;

	test_err = (struct error){ 0 };
	if (work_new(line, &work, &test_err) < 0 || work_prepare(work, &test_err) < 0)
		fail_msg("%s: %s", line, test_err.text);
	if (test_wait_for(work, WORK_READY) != WORK_READY)
		fail_msg("%s: %s: %s", line, work_state_name(work_poll(work)), work_why(work));
	return work;
}

/* Runs it until it has done `operations`, and says what it then came to. */
struct work_counts test_worked(const char *line, uint64_t operations)
{
	struct work *work = test_prepared(line);
	struct work_counts counts;

	assert_int_equal(work_start(work, 0), 0);
	test_wait_for_operations(work, operations);
	work_stop(work);
	if (test_wait_for(work, WORK_DONE) != WORK_DONE)
		fail_msg("%s: %s", line, work_why(work));
	work_read(work, &counts);
	if (counts.operations < operations)
		fail_msg("%s: only %llu operations", line, (unsigned long long)counts.operations);
	assert_true(work_began_nsec(work) < work_ended_nsec(work));
	work_free(work);
	return counts;
}

void test_end(struct work *work)
{
	work_stop(work);
	if (test_wait_for(work, WORK_DONE) != WORK_DONE)
		fail_msg("%s", work_why(work));
}

double test_result(struct work *work, const char *name)
{
	size_t i, count;
	const struct work_result *results = work_results(work, &count);

	for (i = 0; i < count; i++)
		if (strcmp(results[i].name, name) == 0)
			return results[i].value;
	return -1;
}

void test_expect_no_errors(const char *line, uint64_t operations)
{
	struct work_counts counts = test_worked(line, operations);

	if (counts.errors != 0)
		fail_msg("%s: %llu errors", line, (unsigned long long)counts.errors);
}
