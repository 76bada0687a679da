/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/utilisation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define SECOND 1000000ull
#define MINUTE (60 * SECOND)

static void one_sample_is_no_share(void **state)
{
	struct utilisation u = { .count = 0 };
	int64_t share;

	assert_false(utilisation_over(&u, MINUTE, &share));
	utilisation_add(&u, SECOND, 0, 0);
	assert_false(utilisation_over(&u, MINUTE, &share));
}

/* Two CPUs: busy fully for 14 minutes, then idle for one. */
static void each_window_sees_its_own_past(void **state)
{
	struct utilisation u = { .count = 0 };
	uint64_t now, busy = 0;
	int64_t share;

	for (now = 0; now <= 15 * MINUTE; now += SECOND) {
		utilisation_add(&u, now, busy, 2 * now);
		if (now < 14 * MINUTE)
			busy += 2 * SECOND;
	}
	assert_true(utilisation_over(&u, MINUTE, &share));
	assert_int_equal(share, 0);
	assert_true(utilisation_over(&u, 5 * MINUTE, &share));
	assert_int_equal(share, 8000);
	assert_true(utilisation_over(&u, 15 * MINUTE, &share));
	assert_int_equal(share, 9333);
	assert_int_equal(utilisation_seen_usec(&u), 15 * MINUTE);
}

static void less_than_the_window_is_over_what_was_seen(void **state)
{
	struct utilisation u = { .count = 0 };
	int64_t share;

	utilisation_add(&u, 0, 0, 0);
	utilisation_add(&u, 10 * SECOND, 5 * SECOND, 20 * SECOND);
	assert_true(utilisation_over(&u, 15 * MINUTE, &share));
	assert_int_equal(share, 2500);
	assert_int_equal(utilisation_seen_usec(&u), 10 * SECOND);
}

static void a_cpu_that_goes_offline_starts_afresh(void **state)
{
	struct utilisation u = { .count = 0 };
	int64_t share;

	utilisation_add(&u, 0, 100, 1000);
	utilisation_add(&u, 10 * SECOND, 50, 500);
	assert_false(utilisation_over(&u, MINUTE, &share));
	utilisation_add(&u, 11 * SECOND, 60, 520);
	assert_true(utilisation_over(&u, MINUTE, &share));
	assert_int_equal(share, 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_sample_is_no_share),
		cmocka_unit_test(each_window_sees_its_own_past),
		cmocka_unit_test(less_than_the_window_is_over_what_was_seen),
		cmocka_unit_test(a_cpu_that_goes_offline_starts_afresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
