/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "act/act_lease.h"
#include "act/cpu_fake.h"
#include "sys/root_memory.h"
#include "sys/task.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

extern const struct actuator cpu_slice_actuator;

static int set(struct cpu_fake *fake, int64_t usec)
{
	return cpu_fake_set(fake, &cpu_slice_actuator, SETTING_CPU_SLICE, usec);
}

static void release(struct cpu_fake *fake)
{
	if (act_release_setting(&fake->context, &fake->target, SETTING_CPU_SLICE, &fake->err) < 0)
		fail_msg("%s", fake->err.text);
}

static void fake_new(struct cpu_fake *fake)
{
	cpu_fake_new(fake, false, "/");
	root_memory_put(fake->root, "slice:default", "1400000");
}

static void all_threads_have_it_and_give_it_back(void **state)
{
	struct cpu_fake fake;

	fake_new(&fake);
	assert_int_equal(cpu_fake_read(&fake, &cpu_slice_actuator, SETTING_CPU_SLICE), 1400);
	assert_int_equal(set(&fake, 100), 0);
	cpu_fake_assert_text(&fake, "slice:70", "100000");
	cpu_fake_assert_text(&fake, "slice:71", "100000");
	assert_int_equal(cpu_fake_read(&fake, &cpu_slice_actuator, SETTING_CPU_SLICE), 100);
	assert_int_equal(set(&fake, 500), 0);
	release(&fake);
	cpu_fake_assert_text(&fake, "slice:70", "0");
	cpu_fake_assert_text(&fake, "slice:71", "0");
	cpu_fake_free(&fake);
}

static void a_slice_that_somebody_chose_comes_back_as_it_was(void **state)
{
	struct cpu_fake fake;

	fake_new(&fake);
	root_memory_put(fake.root, "slice:71", "3000500");
	assert_int_equal(set(&fake, 100), 0);
	release(&fake);
	cpu_fake_assert_text(&fake, "slice:71", "3000500");
	cpu_fake_assert_text(&fake, "slice:70", "0");
	cpu_fake_free(&fake);
}

static void of_vms_in_one_process_only_the_own_threads_are_turned(void **state)
{
	struct cpu_fake fake;

	fake_new(&fake);
	fake.target.alone = false;
	fake.target.tid_count = 1;
	assert_int_equal(set(&fake, 200), 0);
	cpu_fake_assert_text(&fake, "slice:71", "200000");
	cpu_fake_assert_text(&fake, "slice:70", NULL);
	release(&fake);
	cpu_fake_free(&fake);
}

static void a_thread_that_is_refused_leaves_none_changed(void **state)
{
	struct cpu_fake fake;
	struct root *inner;

	fake_new(&fake);
	inner = fake.root;
	/* Read twice, of 71 as of 70; then set of 70, and refused of 71. */
	fake.root = fake.context.root = root_faulty_new(inner, "slice:71=EPERM@2", &fake.err);
	assert_int_equal(set(&fake, 200), -EPERM);
	cpu_fake_assert_text(&(struct cpu_fake){ .root = inner }, "slice:70", "0");
	cpu_fake_assert_text(&(struct cpu_fake){ .root = inner }, "slice:71", NULL);
	cpu_fake_free(&fake);
}

static void assert_not_served(struct cpu_fake *fake, const char *wanted)
{
	char reason[PLAN_REASON_SIZE] = "";

	assert_int_equal(cpu_slice_actuator.serves(&fake->context, &fake->target,
						   SETTING_CPU_SLICE, reason), 0);
	if (strstr(reason, wanted) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", reason, wanted);
}

static void a_kernel_with_one_slice_for_all_is_named(void **state)
{
	struct cpu_fake fake;

	cpu_fake_new(&fake, false, "/");
	assert_not_served(&fake, "before 6.12");
	cpu_fake_free(&fake);
}

static void one_realtime_thread_is_enough_to_refuse(void **state)
{
	struct cpu_fake fake;
	char reason[PLAN_REASON_SIZE];

	fake_new(&fake);
	assert_int_equal(cpu_slice_actuator.serves(&fake.context, &fake.target, SETTING_CPU_SLICE,
						   reason), 1);
	fake.root = fake.context.root = root_faulty_new(fake.root, "slice:71=EINVAL", &fake.err);
	assert_not_served(&fake, "real-time");
	cpu_fake_free(&fake);
}

static void a_thread_that_has_ended_does_not_matter(void **state)
{
	struct cpu_fake fake;
	char reason[PLAN_REASON_SIZE];
	struct root *inner;

	fake_new(&fake);
	inner = fake.root;
	fake.root = fake.context.root = root_faulty_new(inner, "slice:71=ESRCH", &fake.err);
	assert_int_equal(cpu_slice_actuator.serves(&fake.context, &fake.target, SETTING_CPU_SLICE,
						   reason), 1);
	assert_int_equal(set(&fake, 200), 0);
	cpu_fake_assert_text(&(struct cpu_fake){ .root = inner }, "slice:70", "200000");
	release(&fake);
	cpu_fake_free(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_threads_have_it_and_give_it_back),
		cmocka_unit_test(a_slice_that_somebody_chose_comes_back_as_it_was),
		cmocka_unit_test(of_vms_in_one_process_only_the_own_threads_are_turned),
		cmocka_unit_test(a_thread_that_is_refused_leaves_none_changed),
		cmocka_unit_test(a_kernel_with_one_slice_for_all_is_named),
		cmocka_unit_test(one_realtime_thread_is_enough_to_refuse),
		cmocka_unit_test(a_thread_that_has_ended_does_not_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
