/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/link/link_clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define SECOND 1000000000ull

/* A guest whose clock is `offset` ahead and drifts by `ppm`. */
static uint64_t guest_at(uint64_t host, int64_t offset, int ppm)
{
	return host + (uint64_t)offset + (uint64_t)((int64_t)host * ppm / 1000000);
}

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

/* Whatever the ways there and back take, and however the clock drifts within the bound. */
static void the_interval_always_has_the_true_offset(void **state)
{
	static const int drifts[] = { 0, 40, -40, 499, -499 };
	uint32_t random = 1;
	unsigned run, i;

	for (run = 0; run < 100; run++) {
		struct link_clock clock = { 0 };
		int64_t offset = (int64_t)(next_random(&random)) * 100000 - 500000000000;
		int ppm = drifts[run % 5];
		uint64_t now = 1000 * SECOND;

		for (i = 0; i < 200; i++) {
			uint64_t there = next_random(&random) % 3000000;
			uint64_t back = next_random(&random) % 3000000;
			int64_t low, high, truth;

			assert_true(link_clock_answer(&clock, now, now + there + back,
						      guest_at(now + there, offset, ppm)));
			now += there + back + next_random(&random) % (3 * SECOND);
			truth = (int64_t)(guest_at(now, offset, ppm) - now);
			link_clock_at(&clock, now, &low, &high);
			assert_true(low <= truth && truth <= high);
		}
	}
}

static void quick_answers_narrow_it(void **state)
{
	struct link_clock clock = { 0 };

	link_clock_answer(&clock, SECOND, SECOND + 2000000, 5 * SECOND + 1000000);
	assert_true(clock.high_nsec - clock.low_nsec < 2003000);
	link_clock_answer(&clock, SECOND + 3000000, SECOND + 3100000, 5 * SECOND + 3050000);
	assert_true(clock.high_nsec - clock.low_nsec < 100200);
	/* A slow one later does no harm. */
	link_clock_answer(&clock, SECOND + 4000000, SECOND + 9000000, 5 * SECOND + 6000000);
	assert_true(clock.high_nsec - clock.low_nsec < 110000);
}

static void a_clock_that_jumps_is_told_and_believed_anew(void **state)
{
	struct link_clock clock = { 0 };

	assert_true(link_clock_answer(&clock, SECOND, SECOND + 1000, SECOND + 500));
	assert_false(link_clock_answer(&clock, 2 * SECOND, 2 * SECOND + 1000, 9 * SECOND));
	assert_true(link_clock_answer(&clock, 3 * SECOND, 3 * SECOND + 1000, 10 * SECOND + 500));
}

static void a_made_up_clock_overflows_nothing(void **state)
{
	static const uint64_t stamps[] = { 0, 1, UINT64_MAX, INT64_MAX, 1ull << 63, SECOND };
	uint64_t uncertainty;
	unsigned i, j;

	for (i = 0; i < 6; i++)
		for (j = 0; j < 6; j++) {
			struct link_clock clock = { 0 };

			link_clock_answer(&clock, SECOND, 2 * SECOND, stamps[i]);
			link_clock_answer(&clock, 3 * SECOND, 4 * SECOND, stamps[j]);
			assert_true(link_clock_host(&clock, stamps[j], 5 * SECOND, &uncertainty) <=
				    5 * SECOND);
			assert_true(link_clock_guest(&clock, stamps[i]) > 0);
		}
}

static void instants_go_there_and_back(void **state)
{
	struct link_clock clock = { 0 };
	uint64_t uncertainty;

	link_clock_answer(&clock, 10 * SECOND, 10 * SECOND + 1000, 3 * SECOND + 500);
	assert_true(link_clock_guest(&clock, 11 * SECOND) == 4 * SECOND);
	assert_true(link_clock_host(&clock, 4 * SECOND, 20 * SECOND, &uncertainty) == 11 * SECOND);
	/* half of a microsecond, and the drift of a second */
	assert_in_range(uncertainty, 500000, 501010);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_interval_always_has_the_true_offset),
		cmocka_unit_test(quick_answers_narrow_it),
		cmocka_unit_test(a_clock_that_jumps_is_told_and_believed_anew),
		cmocka_unit_test(a_made_up_clock_overflows_nothing),
		cmocka_unit_test(instants_go_there_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
