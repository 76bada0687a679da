/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "work/cpu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

/* The answers in cpu_integer.c are Python's. */
static void whole_numbers_give_the_answers_computed_by_other_means(void **state)
{
	uint64_t unit;

	cpu_integer_prepare();
	for (unit = 0; unit < CPU_UNITS; unit++)
		assert_true(cpu_integer_is_right(unit));
	assert_int_not_equal(cpu_integer_unit(0), cpu_integer_unit(1));
}

static void floating_point_gives_the_answers_of_forty_digits(void **state)
{
	assert_true(cpu_float_is_right(0));
	assert_true(cpu_float_is_right(CPU_UNITS - 1));
	/* Another unit of length is another answer: the comparison can fail. */
	assert_false(cpu_float_is_right(CPU_UNITS));
}

static void the_sieve_finds_as_many_primes_as_there_are(void **state)
{
	assert_int_equal(cpu_primes_sieved(100), 25);
	assert_int_equal(cpu_primes_sieved(10000), 1229);
	assert_int_equal(cpu_primes_sieved(1000000), 78498);
	assert_int_equal(cpu_primes_sieved(9973), 1229); /* the limit itself is prime */
}

static void trial_division_agrees_with_the_sieve(void **state)
{
	uint64_t number, found = 0;

	for (number = 0; number <= 10000; number++)
		found += cpu_is_prime(number);
	assert_int_equal(found, 1229);
	assert_true(cpu_is_prime(2));
	assert_false(cpu_is_prime(1));
	assert_false(cpu_is_prime(9));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_numbers_give_the_answers_computed_by_other_means),
		cmocka_unit_test(floating_point_gives_the_answers_of_forty_digits),
		cmocka_unit_test(the_sieve_finds_as_many_primes_as_there_are),
		cmocka_unit_test(trial_division_agrees_with_the_sieve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
