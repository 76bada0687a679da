/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "work/histogram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void each_bucket_holds_the_times_from_its_least_on(void **state)
{
	unsigned bucket;

	for (bucket = 1; bucket < HISTOGRAM_BUCKETS; bucket++) {
		uint64_t least = histogram_least_nsec(bucket);

		assert_int_equal(histogram_bucket(least), bucket);
		assert_int_equal(histogram_bucket(least - 1), bucket - 1);
	}
	assert_int_equal(histogram_bucket(UINT64_MAX), HISTOGRAM_BUCKETS - 1);
	assert_int_equal(histogram_least_nsec(HISTOGRAM_BUCKETS - 1), 1ull << 40);
}

static void no_bucket_is_wider_than_a_sixteenth_of_its_time(void **state)
{
	unsigned bucket;

	for (bucket = 32; bucket < HISTOGRAM_BUCKETS - 1; bucket++) {
		uint64_t least = histogram_least_nsec(bucket);

		assert_true((histogram_least_nsec(bucket + 1) - least) * 16 <= least);
	}
}

static void quantiles_of_a_thousand_different_times_are_near(void **state)
{
	struct histogram histogram = { { 0 } };
	uint64_t i, p50, p99;

	for (i = 1; i <= 1000; i++)
		histogram.counts[histogram_bucket(i * 1000)]++;
	assert_int_equal(histogram_total(&histogram), 1000);
	p50 = histogram_quantile_nsec(&histogram, 5000);
	p99 = histogram_quantile_nsec(&histogram, 9900);
	assert_in_range(p50, 500000 - 500000 / 16, 500000 + 500000 / 16);
	assert_in_range(p99, 990000 - 990000 / 16, 990000 + 990000 / 16);
}

static void a_rare_time_is_seen_at_its_quantile_only(void **state)
{
	struct histogram histogram = { { 0 } };

	histogram.counts[10] = 99;
	histogram.counts[20] = 1;
	assert_int_equal(histogram_quantile_nsec(&histogram, 9900), 10);
	assert_int_equal(histogram_quantile_nsec(&histogram, 9901), 20);
	assert_int_equal(histogram_quantile_nsec(&histogram, 0), 10);
	assert_int_equal(histogram_quantile_nsec(&histogram, 10000), 20);
}

static void without_any_time_there_is_no_quantile(void **state)
{
	struct histogram histogram = { { 0 } };

	assert_int_equal(histogram_quantile_nsec(&histogram, 5000), 0);
}

static void a_change_is_what_was_counted_between_two_readings(void **state)
{
	struct histogram before = { { 0 } }, after, change = { { 0 } };

	before.counts[7] = 5;
	after = before;
	after.counts[7] = 8;
	after.counts[9] = 1;
	histogram_add_change(&change, &after, &before);
	assert_int_equal(change.counts[7], 3);
	assert_int_equal(change.counts[9], 1);
	assert_int_equal(histogram_total(&change), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_bucket_holds_the_times_from_its_least_on),
		cmocka_unit_test(no_bucket_is_wider_than_a_sixteenth_of_its_time),
		cmocka_unit_test(quantiles_of_a_thousand_different_times_are_near),
		cmocka_unit_test(a_rare_time_is_seen_at_its_quantile_only),
		cmocka_unit_test(without_any_time_there_is_no_quantile),
		cmocka_unit_test(a_change_is_what_was_counted_between_two_readings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
