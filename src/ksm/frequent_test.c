/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ksm/frequent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define OFTEN 0xabcdef0123456789ull
#define PAGES 1000000

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
	assert_true(frequent_begin(&frequent, PAGES));
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
	assert_true(frequent_begin(&frequent, PAGES));
	for (i = 0; i < 1000000; i++)
		if (i % 10 == 0)
			told += frequent_meet(&frequent, OFTEN);
		else
			others += frequent_meet(&frequent, mixed(i));
	assert_in_range(told, 100000, 100000 + FREQUENT_LEAST);
	assert_int_equal(others, 0);
	frequent_done(&frequent);
}

static void thousands_are_remembered(void **state)
{
	struct frequent frequent;
	uint64_t content, i, told = 0;

	assert_true(frequent_init(&frequent));
	assert_true(frequent_begin(&frequent, PAGES));
	for (content = 1; content <= 5000; content++)
		for (i = 0; i < FREQUENT_LEAST * 2; i++)
			told += frequent_meet(&frequent, mixed(content));
	/* What others in both counters left is counted, too. */
	assert_in_range(told, 5000 * FREQUENT_LEAST * 2, 5000 * (FREQUENT_LEAST * 2 + 1));
	assert_int_equal(frequent.found_count, 5000);
	frequent_done(&frequent);
}

/* The least that is always found, spread over a VM of a million other pages. */
static void as_few_as_promised_are_found(void **state)
{
	struct frequent frequent;
	uint64_t i, told = 0;

	assert_true(frequent_init(&frequent));
	assert_true(frequent_begin(&frequent, PAGES));
	for (i = 0; i < PAGES; i++) {
		frequent_meet(&frequent, mixed(i + 1));
		if (i % (PAGES / FREQUENT_LEAST) == 0)
			told += frequent_meet(&frequent, OFTEN);
	}
	assert_in_range(told, FREQUENT_LEAST, FREQUENT_LEAST + 8);
	frequent_done(&frequent);
}

/* Each VM has its own pages: a few of each make no frequent one. */
static void few_in_each_vm_are_not_frequent(void **state)
{
	struct frequent frequent;
	uint64_t i, vm, told = 0;

	assert_true(frequent_init(&frequent));
	for (vm = 0; vm < 8; vm++) {
		assert_true(frequent_begin(&frequent, PAGES));
		for (i = 0; i < FREQUENT_LEAST / 2; i++)
			told += frequent_meet(&frequent, OFTEN);
	}
	assert_int_equal(told, 0);
	frequent_done(&frequent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_comes_often_is_counted_from_the_first),
		cmocka_unit_test(it_is_found_among_many_others),
		cmocka_unit_test(thousands_are_remembered),
		cmocka_unit_test(as_few_as_promised_are_found),
		cmocka_unit_test(few_in_each_vm_are_not_frequent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
