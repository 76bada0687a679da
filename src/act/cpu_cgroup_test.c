/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "act/cpu_fake.h"
#include "act/act_hurry.h"
#include "act/act_lease.h"
#include "act/cpu_place.h"
#include "act/cpu_scale.h"

#include "base/cleanup.h"
#include "sys/root_memory.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

extern const struct actuator cpu_cgroup_actuator;

#define OWN_V1 FAKE_V1 "/vm.slice/a"
#define OWN_V2 FAKE_V2 "/vm.slice/a"
#define MADE_V1 FAKE_V1 "/truce/vm-70-500-0"
#define MADE_V2 FAKE_V2 "/truce/vm-70-500-0"

static void own(struct cpu_fake *fake, bool v2)
{
	cpu_fake_new(fake, v2, "/vm.slice/a");
	strcpy(fake->target.cgroup, "/vm.slice/a");
	fake->target.cgroup_own = true;
	if (v2) {
		cpu_fake_put(fake, "cpu memory\n", FAKE_V2 "/cgroup.subtree_control");
		cpu_fake_put(fake, "cpu\n", FAKE_V2 "/vm.slice/cgroup.subtree_control");
	}
}

static int set(struct cpu_fake *fake, enum setting setting, int64_t number)
{
	return cpu_fake_set(fake, &cpu_cgroup_actuator, setting, number);
}

static void release(struct cpu_fake *fake, enum setting setting)
{
	cpu_fake_release(fake, &cpu_cgroup_actuator, setting);
}

static void weights_keep_their_ratio_in_both_scales(void **state)
{
	int64_t weight;

	assert_int_equal(cpu_scale_shares(100), 1024);
	assert_int_equal(cpu_scale_weight(1024), 100);
	for (weight = 1; weight <= 10000; weight++) {
		int64_t shares = cpu_scale_shares(weight);

		assert_int_equal(cpu_scale_weight(shares), weight);
		assert_true(shares * 100 * 100 >= weight * 1024 * 95);
		assert_true(shares * 100 * 100 <= weight * 1024 * 105);
	}
}

static void an_own_cgroup_is_weighed_and_given_back(void **state)
{
	struct cpu_fake fake;

	own(&fake, false);
	cpu_fake_put(&fake, "512\n", OWN_V1 "/cpu.shares");
	assert_int_equal(set(&fake, SETTING_CPU_WEIGHT, 400), 0);
	cpu_fake_assert_text(&fake, OWN_V1 "/cpu.shares", "4096");
	assert_string_equal(fake.where, "cpu.shares");
	assert_int_equal(cpu_fake_read(&fake, &cpu_cgroup_actuator, SETTING_CPU_WEIGHT), 400);
	release(&fake, SETTING_CPU_WEIGHT);
	cpu_fake_assert_text(&fake, OWN_V1 "/cpu.shares", "512");
	cpu_fake_free(&fake);
}

static void nice_of_a_cgroup_is_its_weight(void **state)
{
	struct cpu_fake fake;

	own(&fake, false);
	assert_int_equal(set(&fake, SETTING_CPU_NICE, -5), 0);
	cpu_fake_assert_text(&fake, OWN_V1 "/cpu.shares", "3121");
	assert_int_equal(cpu_fake_read(&fake, &cpu_cgroup_actuator, SETTING_CPU_NICE), -5);
	release(&fake, SETTING_CPU_NICE);
	cpu_fake_free(&fake);

	own(&fake, true);
	cpu_fake_put(&fake, "130\n", OWN_V2 "/cpu.weight");
	assert_int_equal(set(&fake, SETTING_CPU_NICE, 19), 0);
	cpu_fake_assert_text(&fake, OWN_V2 "/cpu.weight.nice", "19");
	assert_string_equal(fake.where, "cpu.weight.nice");
	release(&fake, SETTING_CPU_NICE);
	cpu_fake_assert_text(&fake, OWN_V2 "/cpu.weight", "130");
	cpu_fake_free(&fake);
}

static void a_vm_without_a_cgroup_is_given_one_and_taken_back(void **state)
{
	struct cpu_fake fake;

	cpu_fake_new(&fake, false, "/");
	assert_int_equal(cpu_fake_read(&fake, &cpu_cgroup_actuator, SETTING_CPU_WEIGHT), 100);
	assert_int_equal(set(&fake, SETTING_CPU_WEIGHT, 25), 0);
	cpu_fake_assert_text(&fake, MADE_V1 "/cpu.shares", "256");
	cpu_fake_assert_text(&fake, "/proc/70/cgroup", "1:cpu:/truce/vm-70-500-0");
	assert_int_equal(set(&fake, SETTING_CPU_QUOTA, 5000), 0);
	cpu_fake_assert_text(&fake, MADE_V1 "/cpu.cfs_quota_us", "50000");
	release(&fake, SETTING_CPU_WEIGHT);
	cpu_fake_assert_text(&fake, MADE_V1 "/cpu.shares", "1024");
	cpu_fake_assert_text(&fake, "/proc/70/cgroup", "1:cpu:/truce/vm-70-500-0");
	release(&fake, SETTING_CPU_QUOTA);
	cpu_fake_assert_text(&fake, "/proc/70/cgroup", "1:cpu:/");
	assert_false(root_exists(fake.root, FAKE_V1 "/truce"));
	cpu_fake_free(&fake);
}

static void in_v2_the_controller_is_switched_on_on_the_way(void **state)
{
	struct cpu_fake fake;

	cpu_fake_new(&fake, true, "/");
	assert_int_equal(set(&fake, SETTING_CPU_WEIGHT, 400), 0);
	cpu_fake_assert_text(&fake, FAKE_V2 "/cgroup.subtree_control", "+cpu");
	cpu_fake_assert_text(&fake, FAKE_V2 "/truce/cgroup.subtree_control", "+cpu");
	cpu_fake_assert_text(&fake, MADE_V2 "/cpu.weight", "400");
	release(&fake, SETTING_CPU_WEIGHT);
	cpu_fake_assert_text(&fake, FAKE_V2 "/cgroup.subtree_control", "-cpu");
	cpu_fake_free(&fake);
}

static void it_stands_beside_libvirts_domains(void **state)
{
	struct cpu_fake fake;

	cpu_fake_new(&fake, false, "/");
	cpu_fake_put(&fake, "1024\n", FAKE_V1 "/machine/qemu-1-a.libvirt-qemu/cpu.shares");
	assert_int_equal(set(&fake, SETTING_CPU_WEIGHT, 200), 0);
	cpu_fake_assert_text(&fake, FAKE_V1 "/machine/vm-70-500-0/cpu.shares", "2048");
	release(&fake, SETTING_CPU_WEIGHT);
	assert_true(root_exists(fake.root, FAKE_V1 "/machine"));
	cpu_fake_free(&fake);
}

static void where_cgroups_are_refused_nice_is_the_nearest(void **state)
{
	struct cpu_fake fake;
	struct root *inner;

	cpu_fake_new(&fake, false, "/");
	inner = fake.root;
	/* The kernel takes a session's nice ten times a second only. */
	fake.root = fake.context.root = root_faulty_new(inner,
		"mkdir:*=EROFS; write:/proc/70/autogroup=EAGAIN@1; write:/proc/70/autogroup=EAGAIN@2",
		&fake.err);
	assert_int_equal(set(&fake, SETTING_CPU_WEIGHT, 400), 0);
	cpu_fake_assert_text(&(struct cpu_fake){ .root = inner }, "/proc/70/autogroup", "-6");
	assert_string_equal(fake.where, "autogroup nice: -6, worth 381");
	cpu_fake_put(&(struct cpu_fake){ .root = inner }, "/autogroup-9 nice -6\n",
		     "/proc/70/autogroup");
	assert_int_equal(cpu_fake_read(&fake, &cpu_cgroup_actuator, SETTING_CPU_WEIGHT), 381);
	release(&fake, SETTING_CPU_WEIGHT);
	cpu_fake_assert_text(&(struct cpu_fake){ .root = inner }, "/proc/70/autogroup", "0");
	cpu_fake_free(&fake);
}

static void a_failure_leaves_no_cgroup_behind(void **state)
{
	struct cpu_fake fake;
	struct root *inner;

	cpu_fake_new(&fake, false, "/");
	inner = fake.root;
	fake.root = fake.context.root =
		root_faulty_new(inner, "write:" MADE_V1 "/cpu.shares=EINVAL", &fake.err);
	assert_int_equal(set(&fake, SETTING_CPU_WEIGHT, 400), -EINVAL);
	assert_non_null(strstr(fake.err.text, "cannot set " MADE_V1 "/cpu.shares to \"4096\""));
	cpu_fake_assert_text(&(struct cpu_fake){ .root = inner }, "/proc/70/cgroup", "1:cpu:/");
	assert_false(root_exists(inner, FAKE_V1 "/truce"));
	cpu_fake_free(&fake);
}

static void a_quota_keeps_its_period(void **state)
{
	struct cpu_fake fake;

	own(&fake, true);
	cpu_fake_put(&fake, "max 20000\n", OWN_V2 "/cpu.max");
	assert_int_equal(set(&fake, SETTING_CPU_QUOTA, 2500), 0);
	cpu_fake_assert_text(&fake, OWN_V2 "/cpu.max", "5000 20000");
	assert_int_equal(cpu_fake_read(&fake, &cpu_cgroup_actuator, SETTING_CPU_QUOTA), 2500);
	assert_int_equal(set(&fake, SETTING_CPU_QUOTA, SETTING_UNLIMITED), 0);
	cpu_fake_assert_text(&fake, OWN_V2 "/cpu.max", "max 20000");
	release(&fake, SETTING_CPU_QUOTA);
	cpu_fake_assert_text(&fake, OWN_V2 "/cpu.max", "max 20000");
	cpu_fake_free(&fake);
}

static void a_quota_below_what_the_kernel_takes_is_refused(void **state)
{
	struct cpu_fake fake;

	own(&fake, false);
	cpu_fake_put(&fake, "10000\n", OWN_V1 "/cpu.cfs_period_us");
	assert_int_equal(set(&fake, SETTING_CPU_QUOTA, 500), -ERANGE);
	assert_non_null(strstr(fake.err.text, "500 us in each period of 10000 us"));
	cpu_fake_assert_text(&fake, OWN_V1 "/cpu.cfs_quota_us", "-1");
	cpu_fake_free(&fake);
}

static void a_limit_above_is_told(void **state)
{
	struct cpu_fake fake;

	own(&fake, true);
	cpu_fake_put(&fake, "150000 100000\n", FAKE_V2 "/vm.slice/cpu.max");
	assert_int_equal(set(&fake, SETTING_CPU_QUOTA, 30000), 0);
	assert_string_equal(fake.where, "cpu.max; a cgroup above allows 1.50 CPUs");
	release(&fake, SETTING_CPU_QUOTA);
	cpu_fake_free(&fake);
}

static void burst_never_stands_above_the_quota(void **state)
{
	struct cpu_fake fake;

	own(&fake, false);
	cpu_fake_put(&fake, "30000\n", OWN_V1 "/cpu.cfs_quota_us");
	assert_int_equal(set(&fake, SETTING_CPU_BURST, 40000), -ERANGE);
	assert_non_null(strstr(fake.err.text, "raise cpu.quota first"));
	assert_int_equal(set(&fake, SETTING_CPU_QUOTA, 5000), 0);
	assert_int_equal(set(&fake, SETTING_CPU_BURST, 40000), 0);
	assert_int_equal(set(&fake, SETTING_CPU_QUOTA, 2000), 0);
	cpu_fake_assert_text(&fake, OWN_V1 "/cpu.cfs_burst_us", "20000");
	assert_int_equal(set(&fake, SETTING_CPU_QUOTA, 5000), 0);
	assert_int_equal(set(&fake, SETTING_CPU_BURST, 40000), 0);
	release(&fake, SETTING_CPU_QUOTA);
	cpu_fake_assert_text(&fake, OWN_V1 "/cpu.cfs_quota_us", "30000");
	cpu_fake_assert_text(&fake, OWN_V1 "/cpu.cfs_burst_us", "30000");
	release(&fake, SETTING_CPU_BURST);
	cpu_fake_assert_text(&fake, OWN_V1 "/cpu.cfs_burst_us", "0");
	cpu_fake_free(&fake);
}

static void an_idle_cgroup_has_no_weight(void **state)
{
	struct cpu_fake fake;

	own(&fake, true);
	assert_int_equal(set(&fake, SETTING_CPU_IDLE, 1), 0);
	cpu_fake_assert_text(&fake, OWN_V2 "/cpu.idle", "1");
	assert_int_equal(set(&fake, SETTING_CPU_WEIGHT, 400), -EBUSY);
	assert_non_null(strstr(fake.err.text, "give cpu.idle back first"));
	release(&fake, SETTING_CPU_IDLE);
	cpu_fake_assert_text(&fake, OWN_V2 "/cpu.idle", "0");
	cpu_fake_free(&fake);
}

/* Whichever way a knob is looked for, and however the VM came there. */
static void the_cgroup_of_everybody_is_never_turned(void **state)
{
	struct cpu_place place = { .own = true };
	struct cpu_fake fake;
	uint64_t id;
	bool new;

	cpu_fake_new(&fake, true, "/");
	cpu_fake_put(&fake, "0\n", FAKE_V2 "/cpu.idle");
	assert_int_equal(act_lease_file(&fake.context, &fake.target, FAKE_V2 "/cpu.idle", "1", &fake.err),
			 -EPERM);
	assert_non_null(strstr(fake.err.text, "all processes of this host"));
	assert_int_equal(act_lease_take(&fake.context, &fake.target, &act_lease_file_kind,
					"8:0 rbps " FAKE_V2 "/io.max", "max", "1", &id, &new, &fake.err),
			 -EPERM);
	strcpy(place.directory, FAKE_V2);
	assert_int_equal(cpu_place_write(&fake.context, &fake.target, &place, "cpu.idle", "1", &fake.err),
			 -EPERM);
	strcpy(place.directory, FAKE_V2 "/others");
	strcpy(place.path, "/others");
	place.own = false;
	assert_int_equal(cpu_place_write(&fake.context, &fake.target, &place, "cpu.idle", "1", &fake.err),
			 -ENOENT);
	assert_non_null(strstr(fake.err.text, "not this VM's alone"));
	cpu_fake_assert_text(&fake, FAKE_V2 "/cpu.idle", "0");
	assert_int_equal(leases_count(fake.leases), 0);
	cpu_fake_free(&fake);
}

static void vms_of_one_process_are_parted_in_v1_only(void **state)
{
	char reason[PLAN_REASON_SIZE];
	struct cpu_fake fake;

	cpu_fake_new(&fake, false, "/");
	fake.target.alone = false;
	fake.target.tid_count = 1;
	assert_int_equal(set(&fake, SETTING_CPU_WEIGHT, 400), 0);
	cpu_fake_assert_text(&fake, MADE_V1 "/cpu.shares", "4096");
	release(&fake, SETTING_CPU_WEIGHT);
	assert_false(root_exists(fake.root, FAKE_V1 "/truce"));
	cpu_fake_free(&fake);

	cpu_fake_new(&fake, true, "/");
	fake.target.alone = false;
	assert_int_equal(cpu_cgroup_actuator.serves(&fake.context, &fake.target, SETTING_CPU_WEIGHT,
						    reason), 0);
	assert_non_null(strstr(reason, "shares its process"));
	cpu_fake_free(&fake);
}

static void real_time_threads_are_not_weighed(void **state)
{
	char reason[PLAN_REASON_SIZE];
	struct cpu_fake fake;

	own(&fake, true);
	strcpy(fake.target.weight_where, "realtime");
	assert_int_equal(cpu_cgroup_actuator.serves(&fake.context, &fake.target, SETTING_CPU_WEIGHT,
						    reason), 0);
	assert_string_equal(reason, "its threads are real-time, which go before all weights");
	assert_int_equal(cpu_cgroup_actuator.serves(&fake.context, &fake.target, SETTING_CPU_QUOTA,
						    reason), 1);
	cpu_fake_free(&fake);
}

/* -- moves that do not wait (act_hurry.h) */

static void while_a_vm_is_moved_the_kernel_is_hurried_under_a_lease(void **state)
{
	struct cpu_fake fake;

	cpu_fake_new(&fake, false, "/");
	assert_int_equal(set(&fake, SETTING_CPU_WEIGHT, 400), 0);
	assert_int_equal(fake.moves, 1);
	assert_int_equal(fake.hurried, 1);
	cpu_fake_assert_text(&fake, FAKE_EXPEDITED, "0");
	release(&fake, SETTING_CPU_WEIGHT);
	assert_true(fake.moves > 1);
	assert_int_equal(fake.hurried, fake.moves);
	cpu_fake_assert_text(&fake, FAKE_EXPEDITED, "0");
	cpu_fake_free(&fake);
}

static void what_the_administrator_has_set_hurries_nothing(void **state)
{
	struct cpu_fake fake;

	cpu_fake_new(&fake, true, "/");
	cpu_fake_put(&fake, "1\n", FAKE_NORMAL);
	assert_int_equal(set(&fake, SETTING_CPU_WEIGHT, 400), 0);
	release(&fake, SETTING_CPU_WEIGHT);
	assert_int_equal(fake.hurried, 0);
	cpu_fake_put(&fake, "0\n", FAKE_NORMAL);
	cpu_fake_put(&fake, "1\n", FAKE_EXPEDITED);
	assert_int_equal(set(&fake, SETTING_CPU_WEIGHT, 400), 0);
	release(&fake, SETTING_CPU_WEIGHT);
	cpu_fake_assert_text(&fake, FAKE_EXPEDITED, "1");
	cpu_fake_free(&fake);
}

static void a_predecessor_killed_in_a_move_hurries_the_kernel_no_longer(void **state)
{
	struct cpu_fake fake;

	cpu_fake_new(&fake, false, "/");
	(void)act_hurry_begin(&fake.context);
	cpu_fake_assert_text(&fake, FAKE_EXPEDITED, "1");
	act_hurry_clean(fake.leases);
	cpu_fake_assert_text(&fake, FAKE_EXPEDITED, "0");
	cpu_fake_free(&fake);
}

static void where_the_kernel_cannot_be_hurried_the_move_is_made_all_the_same(void **state)
{
	struct cpu_fake fake;
	struct root *inner;

	cpu_fake_new(&fake, false, "/");
	inner = fake.root;
	fake.root = fake.context.root =
		root_faulty_new(inner, "write:" FAKE_EXPEDITED "=EROFS", &fake.err);
	assert_int_equal(set(&fake, SETTING_CPU_WEIGHT, 400), 0);
	assert_null(leases_find(fake.leases, &act_lease_hurry_kind,
				&(struct vm_identity){ .pid = 0 }, FAKE_EXPEDITED));
	assert_int_equal(fake.hurried, 0);
	release(&fake, SETTING_CPU_WEIGHT);
	cpu_fake_free(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(weights_keep_their_ratio_in_both_scales),
		cmocka_unit_test(an_own_cgroup_is_weighed_and_given_back),
		cmocka_unit_test(nice_of_a_cgroup_is_its_weight),
		cmocka_unit_test(a_vm_without_a_cgroup_is_given_one_and_taken_back),
		cmocka_unit_test(in_v2_the_controller_is_switched_on_on_the_way),
		cmocka_unit_test(it_stands_beside_libvirts_domains),
		cmocka_unit_test(where_cgroups_are_refused_nice_is_the_nearest),
		cmocka_unit_test(a_failure_leaves_no_cgroup_behind),
		cmocka_unit_test(a_quota_keeps_its_period),
		cmocka_unit_test(a_quota_below_what_the_kernel_takes_is_refused),
		cmocka_unit_test(a_limit_above_is_told),
		cmocka_unit_test(burst_never_stands_above_the_quota),
		cmocka_unit_test(an_idle_cgroup_has_no_weight),
		cmocka_unit_test(the_cgroup_of_everybody_is_never_turned),
		cmocka_unit_test(vms_of_one_process_are_parted_in_v1_only),
		cmocka_unit_test(real_time_threads_are_not_weighed),
		cmocka_unit_test(while_a_vm_is_moved_the_kernel_is_hurried_under_a_lease),
		cmocka_unit_test(what_the_administrator_has_set_hurries_nothing),
		cmocka_unit_test(a_predecessor_killed_in_a_move_hurries_the_kernel_no_longer),
		cmocka_unit_test(where_the_kernel_cannot_be_hurried_the_move_is_made_all_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
