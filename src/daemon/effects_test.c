/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "daemon/effects.h"

#include <string.h>

#define SECOND 1000000ull

/* A VM that used so much CPU until now, on a host of one CPU. */
struct world {
	struct snapshot snapshot;
	struct vm vm;
	struct cpu cpu;
};

static const struct vm *look_at(struct world *world, uint64_t usec, int64_t cpu_usec, int64_t waiting_usec)
{
	memset(world, 0, sizeof *world);
	world->snapshot.monotonic_usec = usec;
	world->snapshot.cpus = &world->cpu;
	world->snapshot.cpu_count = 1;
	figure_set(world->cpu.value, world->cpu.state, CPU_USER, cpu_usec);
	figure_set(world->vm.value, world->vm.state, VM_USER, cpu_usec);
	figure_set(world->vm.value, world->vm.state, VM_SYSTEM, 0);
	figure_set(world->vm.value, world->vm.state, VM_WAITING, waiting_usec);
	figure_set(world->vm.value, world->vm.state, VM_RSS, 4096 + (int64_t)usec);
	return &world->vm;
}

static void the_time_before_is_compared_with_the_time_after(void **state)
{
	struct effects effects = { 0 };
	struct effect_history history = { 0 };
	struct effect_mark mark;
	struct effect_wait wait;
	struct world world;
	const struct vm *vm;
	unsigned i;

	/* 40 s at a whole CPU; then 30 s at a half, waiting for the rest. */
	for (i = 1; i <= 40; i++) {
		vm = look_at(&world, i * SECOND, (int64_t)(i * SECOND), 0);
		effect_look(&world.snapshot, vm, &mark);
		effect_remember(&history, &mark);
	}
	effects_begin(&effects, 7, &world.vm.identity, &history, &mark);
	assert_false(effects_take_due(&effects, 69 * SECOND, &wait));
	assert_true(effects_take_due(&effects, 70 * SECOND, &wait));
	assert_int_equal(wait.id, 7);
	vm = look_at(&world, 70 * SECOND, 55 * SECOND, 15 * SECOND);
	effect_look(&world.snapshot, vm, &mark);
	effect_finish(&wait, &mark);
	assert_in_range(wait.effect.before_usec, 29 * SECOND, 35 * SECOND);
	assert_int_equal(wait.effect.after_usec, 30 * SECOND);
	assert_int_equal(wait.effect.before[EFFECT_CPU], 10000);
	assert_int_equal(wait.effect.after[EFFECT_CPU], 5000);
	assert_int_equal(wait.effect.before[EFFECT_WAITING], 0);
	assert_int_equal(wait.effect.after[EFFECT_WAITING], 5000);
	assert_int_equal(wait.effect.before[EFFECT_HOST], 10000);
	assert_true(wait.effect.after[EFFECT_RSS] == (int64_t)(4096 + 70 * SECOND));
	assert_false(wait.effect.after_known[EFFECT_NET]);
	assert_int_equal(effects.count, 0);
	effects_done(&effects);
}

static void a_vm_that_was_just_born_has_no_time_before(void **state)
{
	struct effects effects = { 0 };
	struct effect_history history = { 0 };
	struct effect_mark mark;
	struct effect_wait wait;
	struct world world;

	effect_look(&world.snapshot, look_at(&world, SECOND, 0, 0), &mark);
	effects_begin(&effects, 1, &world.vm.identity, &history, &mark);
	assert_true(effects_take_due(&effects, 31 * SECOND, &wait));
	assert_int_equal(wait.effect.before_usec, 0);
	assert_false(wait.effect.before_known[EFFECT_CPU]);
	effects_done(&effects);
}

static void of_too_many_the_oldest_are_given_up(void **state)
{
	struct effects effects = { 0 };
	struct effect_history history = { 0 };
	struct effect_mark mark;
	struct effect_wait wait;
	struct world world;
	uint64_t i;

	effect_look(&world.snapshot, look_at(&world, SECOND, 0, 0), &mark);
	for (i = 1; i <= EFFECTS_MOST + 10; i++)
		effects_begin(&effects, i, &world.vm.identity, &history, &mark);
	assert_int_equal(effects.count, EFFECTS_MOST);
	assert_true(effects_take_due(&effects, 40 * SECOND, &wait));
	assert_int_equal(wait.id, 11);
	effects_done(&effects);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_time_before_is_compared_with_the_time_after),
		cmocka_unit_test(a_vm_that_was_just_born_has_no_time_before),
		cmocka_unit_test(of_too_many_the_oldest_are_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
