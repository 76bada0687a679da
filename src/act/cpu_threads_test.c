/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "act/cpu_fake.h"

#include "act/act_lease.h"
#include "sys/root_memory.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

extern const struct actuator cpu_threads_actuator;

static int set(struct cpu_fake *fake, enum setting setting, int64_t number)
{
	return cpu_fake_set(fake, &cpu_threads_actuator, setting, number);
}

static void release(struct cpu_fake *fake, enum setting setting)
{
	if (act_release_setting(&fake->context, &fake->target, setting, &fake->err) < 0)
		fail_msg("%s", fake->err.text);
}

static void a_session_of_its_own_is_niced_as_one(void **state)
{
	struct cpu_fake fake;

	cpu_fake_new(&fake, false, "/");
	assert_int_equal(set(&fake, SETTING_CPU_NICE, 7), 0);
	assert_string_equal(fake.where, "autogroup nice");
	cpu_fake_assert_text(&fake, "/proc/70/autogroup", "7");
	cpu_fake_assert_text(&fake, "nice:70", NULL);
	release(&fake, SETTING_CPU_NICE);
	cpu_fake_assert_text(&fake, "/proc/70/autogroup", "0");
	cpu_fake_free(&fake);
}

static void in_company_the_threads_are_niced(void **state)
{
	struct cpu_fake fake;

	cpu_fake_new(&fake, false, "/");
	cpu_fake_put(&fake, "/autogroup-9 nice 0\n", "/proc/80/autogroup");
	assert_int_equal(set(&fake, SETTING_CPU_NICE, 7), 0);
	assert_string_equal(fake.where, "nice, inside its session");
	cpu_fake_assert_text(&fake, "nice:70", "7");
	cpu_fake_assert_text(&fake, "nice:71", "7");
	release(&fake, SETTING_CPU_NICE);
	cpu_fake_assert_text(&fake, "nice:71", "0");
	cpu_fake_free(&fake);
}

static void in_a_shared_cgroup_autogroups_do_not_count(void **state)
{
	struct cpu_fake fake;

	cpu_fake_new(&fake, false, "/user.slice");
	assert_int_equal(set(&fake, SETTING_CPU_NICE, 7), 0);
	assert_string_equal(fake.where, "nice, inside its cgroup");
	release(&fake, SETTING_CPU_NICE);
	cpu_fake_free(&fake);
}

static void in_v2_without_the_controller_autogroups_count(void **state)
{
	struct cpu_fake fake;

	cpu_fake_new(&fake, true, "/user.slice");
	root_memory_remove(fake.root, FAKE_V2 "/user.slice/cpu.weight");
	root_memory_remove(fake.root, FAKE_V2 "/cpu.weight");
	assert_int_equal(set(&fake, SETTING_CPU_NICE, 7), 0);
	assert_string_equal(fake.where, "autogroup nice");
	release(&fake, SETTING_CPU_NICE);
	cpu_fake_free(&fake);
}

static void a_weight_says_what_its_nice_is_worth(void **state)
{
	struct cpu_fake fake;

	cpu_fake_new(&fake, false, "/user.slice");
	assert_int_equal(set(&fake, SETTING_CPU_WEIGHT, 400), 0);
	assert_string_equal(fake.where, "nice, inside its cgroup: -6, worth 381");
	release(&fake, SETTING_CPU_WEIGHT);
	cpu_fake_free(&fake);
}

static void idle_is_a_policy_of_all_threads(void **state)
{
	struct cpu_fake fake;

	cpu_fake_new(&fake, false, "/user.slice");
	assert_int_equal(set(&fake, SETTING_CPU_IDLE, 1), 0);
	cpu_fake_assert_text(&fake, "policy:70", "5");
	cpu_fake_assert_text(&fake, "policy:71", "5");
	release(&fake, SETTING_CPU_IDLE);
	cpu_fake_assert_text(&fake, "policy:71", "0");
	cpu_fake_free(&fake);
}

static void of_vms_in_one_process_only_the_own_threads_are_turned(void **state)
{
	struct cpu_fake fake;

	cpu_fake_new(&fake, false, "/");
	fake.target.alone = false;
	fake.target.tid_count = 1;
	assert_int_equal(set(&fake, SETTING_CPU_NICE, 3), 0);
	cpu_fake_assert_text(&fake, "nice:71", "3");
	cpu_fake_assert_text(&fake, "nice:70", NULL);
	release(&fake, SETTING_CPU_NICE);
	cpu_fake_free(&fake);
}

static void a_thread_that_is_refused_leaves_none_changed(void **state)
{
	struct cpu_fake fake;
	struct root *inner;

	cpu_fake_new(&fake, false, "/user.slice");
	inner = fake.root;
	fake.root = fake.context.root = root_faulty_new(inner, "nice:71=EPERM", &fake.err);
	assert_int_equal(set(&fake, SETTING_CPU_NICE, 3), -EPERM);
	cpu_fake_assert_text(&(struct cpu_fake){ .root = inner }, "nice:70", "0");
	cpu_fake_free(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_of_its_own_is_niced_as_one),
		cmocka_unit_test(in_company_the_threads_are_niced),
		cmocka_unit_test(in_a_shared_cgroup_autogroups_do_not_count),
		cmocka_unit_test(in_v2_without_the_controller_autogroups_count),
		cmocka_unit_test(a_weight_says_what_its_nice_is_worth),
		cmocka_unit_test(idle_is_a_policy_of_all_threads),
		cmocka_unit_test(of_vms_in_one_process_only_the_own_threads_are_turned),
		cmocka_unit_test(a_thread_that_is_refused_leaves_none_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
