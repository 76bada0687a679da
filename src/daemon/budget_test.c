/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "daemon/budget.h"

/* So many steps of ten seconds at this share of a CPU; how often the stretch changed. */
static unsigned live(struct budget *budget, uint64_t *now, uint64_t *cpu, unsigned steps, unsigned percent)
{
	unsigned changes = 0, i;

	for (i = 0; i < steps; i++) {
		*now += BUDGET_STEP_USEC;
		*cpu += BUDGET_STEP_USEC * percent / 100;
		changes += budget_add(budget, *now, *cpu, 0, 0);
	}
	return changes;
}

static void over_budget_it_doubles_and_within_it_comes_back(void **state)
{
	struct budget budget;
	uint64_t now = 1000, cpu = 0;

	budget_init(&budget, 200, now);
	assert_int_equal(live(&budget, &now, &cpu, 3, 1), 0);
	assert_int_equal(budget.stretch, 1);
	assert_int_equal(live(&budget, &now, &cpu, 2, 5), 2);
	assert_int_equal(budget.stretch, 4);
	assert_true(budget_is_over(&budget));
	/* Neither over nor a third of it: as it is. */
	assert_int_equal(live(&budget, &now, &cpu, 10, 1), 0);
	assert_int_equal(live(&budget, &now, &cpu, 2, 0), 0);
	assert_int_equal(live(&budget, &now, &cpu, 1, 0), 1);
	assert_int_equal(budget.stretch, 2);
	live(&budget, &now, &cpu, 3, 0);
	assert_false(budget_is_over(&budget));
}

static void what_clients_cost_stretches_nothing(void **state)
{
	struct budget budget;
	uint64_t now = 1000, i;

	budget_init(&budget, 200, now);
	for (i = 1; i <= 10; i++) /* 5 %, of which clients 4 % */
		assert_false(budget_add(&budget, now + i * BUDGET_STEP_USEC, i * BUDGET_STEP_USEC / 20,
					i * BUDGET_STEP_USEC / 25, 0));
	assert_int_equal(budget_own_permyriad(&budget), 500);
	assert_true(budget_add(&budget, now + i * BUDGET_STEP_USEC, i * BUDGET_STEP_USEC / 20,
			       (i - 1) * BUDGET_STEP_USEC / 25, 0));
}

static void it_never_stretches_beyond_its_bound(void **state)
{
	struct budget budget;
	uint64_t now = 1000, cpu = 0;

	budget_init(&budget, 200, now);
	live(&budget, &now, &cpu, 100, 50);
	assert_int_equal(budget.stretch, BUDGET_STRETCH_MOST);
}

static void without_a_budget_nothing_is_stretched(void **state)
{
	struct budget budget;
	uint64_t now = 1000, cpu = 0;

	budget_init(&budget, 0, now);
	assert_int_equal(live(&budget, &now, &cpu, 10, 100), 0);
}

static void the_share_is_that_of_the_last_minute(void **state)
{
	struct budget budget;
	uint64_t now = 1000, cpu = 0;

	budget_init(&budget, 0, now);
	assert_int_equal(budget_own_permyriad(&budget), 0);
	live(&budget, &now, &cpu, 3, 10);
	assert_int_equal(budget_own_permyriad(&budget), 1000);
	live(&budget, &now, &cpu, 6, 1);
	assert_int_equal(budget_own_permyriad(&budget), 100);
}

static void a_decider_that_ended_takes_no_time_back(void **state)
{
	struct budget budget;

	budget_init(&budget, 200, 0);
	budget_add(&budget, BUDGET_STEP_USEC, 0, 0, 50000);
	budget_add(&budget, 2 * BUDGET_STEP_USEC, 0, 0, 10000);
	assert_int_equal(budget_deciders_permyriad(&budget), 25);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(over_budget_it_doubles_and_within_it_comes_back),
		cmocka_unit_test(what_clients_cost_stretches_nothing),
		cmocka_unit_test(it_never_stretches_beyond_its_bound),
		cmocka_unit_test(without_a_budget_nothing_is_stretched),
		cmocka_unit_test(the_share_is_that_of_the_last_minute),
		cmocka_unit_test(a_decider_that_ended_takes_no_time_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
