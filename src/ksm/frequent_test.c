/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ksm/frequent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define OFTEN 0xabcdef0123456789ull

static uint64_t mixed(uint64_t number)
{
	number = (number ^ number >> 30) * 0xbf58476d1ce4e5b9ull;
	number = (number ^ number >> 27) * 0x94d049bb133111ebull;
	return number ^ number >> 31;
}

static void what_comes_often_is_counted_from_the_first(void **state)
{
	struct frequent frequent;
	uint64_t i, told = 0;

	assert_true(frequent_init(&frequent));
	for (i = 0; i < 1000; i++)
		told += frequent_meet(&frequent, OFTEN);
	assert_int_equal(told, 1000);
	frequent_done(&frequent);
}

/* A tenth of a million pages, the others all different: found, and nearly all of it counted. */
static void it_is_found_among_many_others(void **state)
{
	struct frequent frequent;
	uint64_t i, told = 0, others = 0;

	assert_true(frequent_init(&frequent));
	for (i = 0; i < 1000000; i++)
		if (i % 10 == 0)
			told += frequent_meet(&frequent, OFTEN);
		else
			others += frequent_meet(&frequent, mixed(i));
	assert_in_range(told, 99000, 100000);
	assert_int_equal(others, 0);
	frequent_done(&frequent);
}

static void thousands_are_remembered(void **state)
{
	struct frequent frequent;
	uint64_t content, i, told = 0;

	assert_true(frequent_init(&frequent));
	for (content = 1; content <= 5000; content++)
		for (i = 0; i < FREQUENT_LEAST * 2; i++)
			told += frequent_meet(&frequent, mixed(content));
	/* A slot is taken over from what was remembered out of it: one meeting is lost at most. */
	assert_in_range(told, 5000 * FREQUENT_LEAST * 2 - 5000, 5000 * FREQUENT_LEAST * 2);
	assert_int_equal(frequent.found_count, 5000);
	frequent_done(&frequent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_comes_often_is_counted_from_the_first),
		cmocka_unit_test(it_is_found_among_many_others),
		cmocka_unit_test(thousands_are_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
