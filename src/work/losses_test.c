/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "work/losses.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static struct losses losses;

static int begin(void **state)
{
	memset(&losses, 0, sizeof losses);
	return 0;
}

static void take(uint64_t first, uint64_t end)
{
	for (; first < end; first++)
		assert_true(losses_take(&losses, first));
}

static void all_that_came_in_order_lost_nothing(void **state)
{
	take(0, 100000);
	losses_settle(&losses);
	assert_int_equal(losses.lost, 0);
}

static void a_gap_is_lost_once_the_window_is_past_it(void **state)
{
	take(0, 10);
	take(12, 12 + LOSSES_WINDOW - 3);
	assert_int_equal(losses.lost, 0);
	take(12 + LOSSES_WINDOW - 3, 12 + LOSSES_WINDOW);
	assert_int_equal(losses.lost, 2);
	assert_false(losses_take(&losses, 10));
	assert_int_equal(losses.late, 1);
	losses_settle(&losses);
	assert_int_equal(losses.lost, 2);
}

static void what_comes_in_another_order_is_not_lost(void **state)
{
	uint64_t i;

	for (i = 4000; i > 0; i--)
		assert_true(losses_take(&losses, i - 1));
	losses_settle(&losses);
	assert_int_equal(losses.lost, 0);
}

static void what_comes_twice_counts_once(void **state)
{
	take(0, 5);
	assert_false(losses_take(&losses, 3));
	assert_int_equal(losses.again, 1);
}

static void the_last_ones_are_lost_when_the_sender_says_how_many_there_were(void **state)
{
	take(0, 90);
	losses_end(&losses, 100);
	losses_settle(&losses);
	assert_int_equal(losses.lost, 10);
}

static void the_first_ones_are_lost_too(void **state)
{
	take(50, 60);
	losses_settle(&losses);
	assert_int_equal(losses.lost, 50);
}

static void a_number_out_of_this_world_costs_no_time(void **state)
{
	take(0, 10);
	assert_true(losses_take(&losses, UINT64_MAX));
	losses_end(&losses, UINT64_MAX);
	losses_settle(&losses);
	assert_true(losses.lost > UINT64_MAX - 20);
}

/* Against counting by hand: each seventh never sent, neighbours swapped. */
static void lost_and_arrived_make_what_was_sent(void **state)
{
	uint64_t i, arrived = 0, dropped = 0, sent = 50000;

	for (i = 0; i < sent; i++) {
		uint64_t sequence = i ^ 1;

		if (sequence % 7 == 0)
			dropped++;
		else
			arrived += losses_take(&losses, sequence);
	}
	losses_end(&losses, sent);
	losses_settle(&losses);
	assert_int_equal(losses.lost, dropped);
	assert_int_equal(arrived + losses.lost, sent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(all_that_came_in_order_lost_nothing, begin),
		cmocka_unit_test_setup(a_gap_is_lost_once_the_window_is_past_it, begin),
		cmocka_unit_test_setup(what_comes_in_another_order_is_not_lost, begin),
		cmocka_unit_test_setup(what_comes_twice_counts_once, begin),
		cmocka_unit_test_setup(
			the_last_ones_are_lost_when_the_sender_says_how_many_there_were, begin),
		cmocka_unit_test_setup(the_first_ones_are_lost_too, begin),
		cmocka_unit_test_setup(a_number_out_of_this_world_costs_no_time, begin),
		cmocka_unit_test_setup(lost_and_arrived_make_what_was_sent, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
