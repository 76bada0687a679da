/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/compile.h"

#include "base/error.h"
#include "decide/compete.h"
#include "model/synthetic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct bench {
	struct synthetic host;
	struct vm *vm;
	struct compile_context context;
	struct cause cause, person;
	struct wanted wanted[SETTING_COUNT];
	struct compiled compiled[COMPILED_MAX];
	size_t count;
};

static void say(char **text, const char *value)
{
	text_set(text, value, strlen(value));
}

static void compete(struct bench *bench)
{
	struct compile_share shares[64] = { { 0 } };
	size_t i;

	for (i = 0; i < bench->host.snapshot.vm_count; i++)
		shares[i].now = shares[i].base = 100;
	bench->context.snapshot = &bench->host.snapshot;
	compile_compete(&bench->context, shares, bench->host.snapshot.vm_count);
}

static void bench_begin(struct bench *bench, unsigned cpus, unsigned vms)
{
	memset(bench, 0, sizeof *bench);
	assert_int_equal(synthetic_init(&bench->host, cpus, vms, 1), 0);
	bench->vm = bench->host.snapshot.vms[0];
	strcpy(bench->cause.policy, "gold-first");
	bench->cause.line = 12;
	strcpy(bench->person.policy, "set");
	compete(bench);
}

static void bench_end(struct bench *bench)
{
	synthetic_done(&bench->host);
}

static void want(struct bench *bench, enum setting setting, int64_t number)
{
	bench->wanted[setting] = (struct wanted){
		true, COMPILE_RANK_INTENT(0), { .number = number }, &bench->cause,
	};
}

static void run(struct bench *bench)
{
	bench->count = compile_vm(&bench->context, bench->vm, bench->wanted, bench->compiled);
}

/* The one that came of this wish alone. */
static const struct compiled *only(struct bench *bench, enum setting setting, int64_t number)
{
	memset(bench->wanted, 0, sizeof bench->wanted);
	want(bench, setting, number);
	run(bench);
	assert_int_equal(bench->count, 1);
	return bench->compiled;
}

static void assert_knob(const struct compiled *compiled, enum setting knob, int64_t number)
{
	if (compiled->cannot)
		fail_msg("cannot: %s", compiled->reason);
	assert_string_equal(setting_info[compiled->setting].name, setting_info[knob].name);
	assert_int_equal(compiled->value.number, number);
}

static void assert_cannot(const struct compiled *compiled, const char *why)
{
	assert_true(compiled->cannot);
	if (strstr(compiled->reason, why) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", compiled->reason, why);
}

/* -- CPU -------------------------------------------------------------------------------- */

static void one_file_gives_the_same_weights_on_every_cgroup_version(void **state)
{
	static const char *const versions[] = { "v1", "v2", "hybrid" };
	static const char *const wheres[] = { "cpu.shares", "cpu.weight", "cpu.shares" };
	struct bench bench;
	size_t i;

	bench_begin(&bench, 4, 4);
	for (i = 0; i < 3; i++) {
		say(&bench.host.snapshot.host.text[HOST_TEXT_CGROUP], versions[i]);
		say(&bench.vm->text[VM_TEXT_WEIGHT_WHERE], wheres[i]);
		assert_knob(only(&bench, SETTING_CPU_SHARES, 400), SETTING_CPU_WEIGHT, 400);
		assert_string_equal(bench.compiled[0].reason, "");
	}
	bench_end(&bench);
}

static void a_vm_of_nobody_without_a_cgroup_is_given_one(void **state)
{
	struct bench bench;

	bench_begin(&bench, 4, 4);
	say(&bench.vm->text[VM_TEXT_CGROUP_OWN], "no");
	say(&bench.vm->text[VM_TEXT_OWNER], "none");
	say(&bench.vm->text[VM_TEXT_WEIGHT_WHERE], "autogroup");
	assert_knob(only(&bench, SETTING_CPU_SHARES, 400), SETTING_CPU_WEIGHT, 400);
	bench_end(&bench);
}

static void where_only_nice_is_possible_its_tolerance_is_said(void **state)
{
	struct bench bench;

	bench_begin(&bench, 4, 4);
	say(&bench.host.snapshot.host.text[HOST_TEXT_CGROUP], "none");
	say(&bench.vm->text[VM_TEXT_CGROUP_OWN], "no");
	say(&bench.vm->text[VM_TEXT_WEIGHT_WHERE], "nice");
	assert_knob(only(&bench, SETTING_CPU_SHARES, 400), SETTING_CPU_NICE, -6);
	assert_non_null(strstr(bench.compiled[0].reason, "nice -6 gives 3.81:1 instead of 4.00:1"));
	assert_knob(only(&bench, SETTING_CPU_SHARES, 25), SETTING_CPU_NICE, 6);
	assert_non_null(strstr(bench.compiled[0].reason, "nice 6 gives 0.27:1 instead of 0.25:1"));
	assert_knob(only(&bench, SETTING_CPU_SHARES, 100), SETTING_CPU_NICE, 0);
	assert_string_equal(bench.compiled[0].reason, "");
	assert_cannot(only(&bench, SETTING_CPU_LIMIT, 10000), "no cgroups");
	bench_end(&bench);
}

static void two_vms_of_one_process_have_no_weights_of_their_own(void **state)
{
	struct bench bench;
	struct vm_identity twin;

	bench_begin(&bench, 4, 4);
	twin = bench.vm->identity;
	twin.ordinal = 1;
	assert_non_null(snapshot_add_vm(&bench.host.snapshot, &twin));
	bench.vm = bench.host.snapshot.vms[0];
	say(&bench.vm->text[VM_TEXT_CGROUP_OWN], "no");
	say(&bench.vm->text[VM_TEXT_OWNER], "none");
	say(&bench.vm->text[VM_TEXT_WEIGHT_WHERE], "nice");
	assert_knob(only(&bench, SETTING_CPU_SHARES, 200), SETTING_CPU_NICE, -3);
	assert_non_null(strstr(bench.compiled[0].reason, "shares its process"));
	bench_end(&bench);
}

static void a_real_time_vm_can_be_given_no_part(void **state)
{
	struct bench bench;

	bench_begin(&bench, 4, 4);
	say(&bench.vm->text[VM_TEXT_WEIGHT_WHERE], "realtime");
	assert_cannot(only(&bench, SETTING_CPU_SHARES, 400), "real-time");
	assert_cannot(only(&bench, SETTING_CPU_RESERVE, 10000), "real-time");
	assert_cannot(only(&bench, SETTING_CPU_LIMIT, 10000), "real-time");
	assert_cannot(only(&bench, SETTING_CPU_NICE, 3), "real-time");
	bench_end(&bench);
}

static void a_limit_is_a_quota_and_takes_away_the_burst(void **state)
{
	struct bench bench;

	bench_begin(&bench, 4, 4);
	figure_set(bench.vm->value, bench.vm->state, VM_QUOTA_BURST, 5000);
	want(&bench, SETTING_CPU_LIMIT, 15000);
	run(&bench);
	assert_int_equal(bench.count, 2);
	assert_knob(&bench.compiled[0], SETTING_CPU_QUOTA, 15000);
	assert_knob(&bench.compiled[1], SETTING_CPU_BURST, 0);
	bench_end(&bench);
}

static void a_reservation_goes_before_a_lower_limit(void **state)
{
	struct bench bench;
	size_t i;

	bench_begin(&bench, 8, 2);
	want(&bench, SETTING_CPU_LIMIT, 5000);
	want(&bench, SETTING_CPU_RESERVE, 10000);
	run(&bench);
	for (i = 0; i < bench.count; i++)
		if (bench.compiled[i].setting == SETTING_CPU_QUOTA)
			break;
	assert_true(i < bench.count);
	assert_knob(&bench.compiled[i], SETTING_CPU_QUOTA, 10000);
	assert_non_null(strstr(bench.compiled[i].reason, "goes before"));
	bench_end(&bench);
}

static void a_persons_limit_goes_before_a_policys_reservation(void **state)
{
	struct bench bench;
	size_t i;

	bench_begin(&bench, 8, 2);
	want(&bench, SETTING_CPU_LIMIT, 5000);
	want(&bench, SETTING_CPU_RESERVE, 10000);
	bench.wanted[SETTING_CPU_LIMIT].rank = COMPILE_RANK_PERSON;
	run(&bench);
	for (i = 0; i < bench.count; i++)
		if (bench.compiled[i].setting == SETTING_CPU_QUOTA)
			break;
	assert_true(i < bench.count);
	assert_knob(&bench.compiled[i], SETTING_CPU_QUOTA, 5000);
	bench_end(&bench);
}

/* Its owner is not known either, and a cgroup made for a stranger's VM would be wrong. */
static void a_vm_that_was_not_looked_at_yet_is_put_off(void **state)
{
	struct bench bench;

	bench_begin(&bench, 4, 2);
	text_set(&bench.vm->text[VM_TEXT_CGROUP], "", 0);
	assert_knob(only(&bench, SETTING_CPU_SHARES, 400), SETTING_CPU_WEIGHT, 400);
	free(bench.vm->text[VM_TEXT_CGROUP]);
	bench.vm->text[VM_TEXT_CGROUP] = NULL;
	assert_cannot(only(&bench, SETTING_CPU_SHARES, 400), "not known yet");
	assert_true(bench.compiled[0].overruled);
	bench_end(&bench);
}

/* -- reservations ----------------------------------------------------------------------- */

static void a_reservation_is_a_weight_and_shows_its_arithmetic(void **state)
{
	struct compile_share shares[4] = {
		{ 100, 100, 0, false }, { 100, 100, 0, false }, { 100, 100, 0, false },
		{ 100, 100, 20000, false },
	};
	struct bench bench;

	bench_begin(&bench, 4, 4);
	compile_compete(&bench.context, shares, 4);
	assert_true(shares[3].raised);
	assert_int_equal(bench.context.weights, 300);
	assert_int_equal(bench.context.weights_then, 600);
	assert_knob(only(&bench, SETTING_CPU_RESERVE, 20000), SETTING_CPU_WEIGHT, 300);
	assert_non_null(strstr(bench.compiled[0].reason, "2 CPUs x 300"));
	assert_non_null(strstr(bench.compiled[0].reason, "(4 CPUs - 2 "));
	assert_non_null(strstr(bench.compiled[0].reason, "processes beside them"));
	bench_end(&bench);
}

static uint64_t draw(uint64_t *random, uint64_t below)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return *random % below;
}

static void check_guarantees(struct compile_context *context, struct compile_share *shares,
			     size_t count)
{
	double sum = 0;
	size_t i;

	compile_compete(context, shares, count);
	for (i = 0; i < count; i++)
		sum += (double)(shares[i].raised ?
				compile_reserve_weight(context, shares[i].reserve) : shares[i].base);
	for (i = 0; i < count; i++) {
		int64_t weight = shares[i].raised ?
			compile_reserve_weight(context, shares[i].reserve) : shares[i].base;
		double part = (double)weight / sum * (double)context->cpus;

		/* Weights are whole numbers, rounded up: others' roundings take a little. */
		if (part < (double)shares[i].reserve * 0.98 - 100)
			fail_msg("VM %zu of %zu: reserves %lld, gets %.0f", i, count,
				 (long long)shares[i].reserve, part);
		assert_true(weight >= shares[i].base);
	}
}

static void whoever_else_wants_the_cpu_reservations_that_fit_are_kept(void **state)
{
	uint64_t random = 88172645463325252u;
	struct compile_share shares[40];
	struct bench bench;
	unsigned round;

	bench_begin(&bench, 16, 1);
	for (round = 0; round < 2000; round++) {
		size_t count = 1 + draw(&random, 40), i;
		int64_t left = bench.context.cpus * 95 / 100;

		for (i = 0; i < count; i++) {
			shares[i] = (struct compile_share){ .now = 100 };
			shares[i].base = 50 + (int64_t)draw(&random, 400);
			if (draw(&random, 3) == 0 && left > 2000)
				shares[i].reserve = 1000 + (int64_t)draw(&random, (uint64_t)left / 2);
			left -= shares[i].reserve;
		}
		check_guarantees(&bench.context, shares, count);
	}
	bench_end(&bench);
}

static void a_reservation_of_more_than_its_vcpus_is_one_of_its_vcpus(void **state)
{
	struct bench bench;

	bench_begin(&bench, 8, 4);
	bench.context.weights = 300; /* vm000 has two vCPUs */
	bench.context.reserved = 20000;
	assert_knob(only(&bench, SETTING_CPU_RESERVE, 70000), SETTING_CPU_WEIGHT, 100);
	bench_end(&bench);
}

/* -- memory, disk, network -------------------------------------------------------------- */

static void memory_that_is_pinned_cannot_be_taken(void **state)
{
	static const char *const hindrances[] = { "vfio", "hugepages", "ovs,confidential" };
	struct bench bench;
	size_t i;

	bench_begin(&bench, 4, 4);
	for (i = 0; i < 3; i++) {
		say(&bench.vm->text[VM_TEXT_HINDRANCES], hindrances[i]);
		figure_set(bench.vm->value, bench.vm->state, VM_BALLOON_ACTUAL, 1 << 30);
		assert_cannot(only(&bench, SETTING_MEMORY_LIMIT, 1 << 30), "its memory is");
		assert_cannot(only(&bench, SETTING_MEMORY_BALLOON, 1 << 30), "its memory is");
		assert_cannot(only(&bench, SETTING_MEMORY_HIGH, 1 << 30), "its memory is");
	}
	bench_end(&bench);
}

static void a_memory_limit_is_a_balloon_else_a_bound_for_a_while(void **state)
{
	struct bench bench;

	bench_begin(&bench, 4, 4);
	assert_cannot(only(&bench, SETTING_MEMORY_LIMIT, 1 << 30), "not been asked yet");
	figure_set(bench.vm->value, bench.vm->state, VM_BALLOON_ACTUAL, (int64_t)2 << 30);
	assert_knob(only(&bench, SETTING_MEMORY_LIMIT, 1 << 30), SETTING_MEMORY_BALLOON, 1 << 30);
	bench.vm->state[VM_BALLOON_ACTUAL] = FIGURE_UNSUPPORTED;
	assert_knob(only(&bench, SETTING_MEMORY_LIMIT, 1 << 30), SETTING_MEMORY_HIGH,
		    (1 << 30) + (128 << 20));
	assert_non_null(strstr(bench.compiled[0].reason, "it has no balloon"));
	bench.vm->state[VM_MEMORY_HIGH] = FIGURE_UNSUPPORTED;
	say(&bench.host.snapshot.host.text[HOST_TEXT_CGROUP], "v1");
	assert_cannot(only(&bench, SETTING_MEMORY_LIMIT, 1 << 30),
		      "it has no balloon, and cgroup v1 has no memory.high");
	assert_cannot(only(&bench, SETTING_MEMORY_RESERVE, 1 << 30), "cgroup v1 has no memory.low");
	bench_end(&bench);
}

static void a_memory_reserve_is_the_knob_that_holds(void **state)
{
	struct bench bench;
	char **ageing;

	bench_begin(&bench, 4, 4);
	ageing = &bench.host.snapshot.host.text[HOST_TEXT_MEMORY_AGEING];
	assert_knob(only(&bench, SETTING_MEMORY_RESERVE, 1 << 30), SETTING_MEMORY_LOW, 1 << 30);
	say(ageing, "lists");
	assert_knob(only(&bench, SETTING_MEMORY_RESERVE, 1 << 30), SETTING_MEMORY_LOW, 1 << 30);
	assert_string_equal(bench.compiled[0].reason, "");
	say(ageing, "generations");
	assert_knob(only(&bench, SETTING_MEMORY_RESERVE, 1 << 30), SETTING_MEMORY_MIN, 1 << 30);
	assert_non_null(strstr(bench.compiled[0].reason, "lru_gen is on"));
	/* Nobody passes by the sum of the reserves. */
	assert_cannot(only(&bench, SETTING_MEMORY_MIN, 1 << 30), "ask for that");
	bench_end(&bench);
}

static void shares_of_memory_protect_a_part_of_what_is_used(void **state)
{
	struct bench bench;

	bench_begin(&bench, 4, 4);
	figure_set(bench.vm->value, bench.vm->state, VM_MEMORY_CURRENT, (int64_t)4 << 30);
	assert_knob(only(&bench, SETTING_MEMORY_SHARES, 400), SETTING_MEMORY_LOW, (int64_t)3 << 30);
	assert_knob(only(&bench, SETTING_MEMORY_SHARES, 200), SETTING_MEMORY_LOW, (int64_t)2 << 30);
	assert_knob(only(&bench, SETTING_MEMORY_SHARES, 100), SETTING_MEMORY_LOW, 0);
	bench_end(&bench);
}

static void disk_shares_need_somebody_who_heeds_them(void **state)
{
	struct bench bench;

	bench_begin(&bench, 4, 4);
	assert_cannot(only(&bench, SETTING_DISK_SHARES, 400), "no iocost, bfq or cfq");
	say(&bench.host.snapshot.host.text[HOST_TEXT_IO_ARBITER], "none");
	assert_cannot(only(&bench, SETTING_DISK_SHARES, 400), "no iocost, bfq or cfq");
	say(&bench.host.snapshot.host.text[HOST_TEXT_IO_ARBITER], "bfq");
	assert_knob(only(&bench, SETTING_DISK_SHARES, 400), SETTING_DISK_WEIGHT, 400);
	bench_end(&bench);
}

static void a_disk_limit_is_the_kernels_else_the_vmms(void **state)
{
	struct bench bench;

	bench_begin(&bench, 4, 4);
	want(&bench, SETTING_DISK_LIMIT, 10000000);
	run(&bench);
	assert_int_equal(bench.count, 2);
	assert_knob(&bench.compiled[0], SETTING_DISK_READ_MAX, 10000000);
	assert_knob(&bench.compiled[1], SETTING_DISK_WRITE_MAX, 10000000);
	say(&bench.vm->text[VM_TEXT_CGROUP_OWN], "no");
	assert_knob(only(&bench, SETTING_DISK_LIMIT, 10000000), SETTING_DISK_THROTTLE, 10000000);
	say(&bench.vm->text[VM_TEXT_VMM], "kvmtool");
	assert_cannot(only(&bench, SETTING_DISK_LIMIT, 10000000), "kvmtool");
	bench_end(&bench);
}

static void the_network_is_shaped_at_taps_that_are_ours(void **state)
{
	struct bench bench;

	bench_begin(&bench, 4, 4);
	want(&bench, SETTING_NET_LIMIT, 1000000);
	run(&bench);
	assert_int_equal(bench.count, 2);
	assert_knob(&bench.compiled[0], SETTING_NET_IN_MAX, 1000000);
	assert_knob(&bench.compiled[1], SETTING_NET_OUT_MAX, 1000000);
	assert_knob(only(&bench, SETTING_NET_RESERVE, 1000000), SETTING_NET_OUT_MIN, 1000000);
	say(&bench.vm->text[VM_TEXT_HINDRANCES], "ovs");
	assert_cannot(only(&bench, SETTING_NET_LIMIT, 1000000), "Open vSwitch");
	say(&bench.vm->text[VM_TEXT_HINDRANCES], "macvtap");
	assert_cannot(only(&bench, SETTING_NET_RESERVE, 1000000), "macvtap");
	say(&bench.vm->text[VM_TEXT_HINDRANCES], "");
	say(&bench.vm->text[VM_TEXT_TAPS], "");
	assert_cannot(only(&bench, SETTING_NET_LIMIT, 1000000), "no tap");
	bench_end(&bench);
}

/* -- several wishes --------------------------------------------------------------------- */

static void a_persons_intent_goes_before_a_policys_knob(void **state)
{
	struct bench bench;

	bench_begin(&bench, 4, 4);
	want(&bench, SETTING_CPU_WEIGHT, 50);
	want(&bench, SETTING_CPU_SHARES, 400);
	bench.wanted[SETTING_CPU_SHARES].rank = COMPILE_RANK_PERSON;
	bench.wanted[SETTING_CPU_SHARES].cause = &bench.person;
	run(&bench);
	assert_int_equal(bench.count, 2);
	assert_knob(&bench.compiled[0], SETTING_CPU_WEIGHT, 400);
	assert_cannot(&bench.compiled[1],
		      "cpu.shares comes to cpu.weight 400 and goes before (set)");
	bench_end(&bench);
}

static void of_one_policy_a_knob_goes_before_an_intent(void **state)
{
	struct bench bench;

	bench_begin(&bench, 4, 4);
	want(&bench, SETTING_CPU_NICE, 5);
	want(&bench, SETTING_CPU_SHARES, 400);
	run(&bench);
	assert_int_equal(bench.count, 1);
	assert_knob(&bench.compiled[0], SETTING_CPU_NICE, 5);
	bench_end(&bench);
}

static void an_idle_vm_has_no_weight_beside(void **state)
{
	struct bench bench;

	bench_begin(&bench, 4, 4);
	want(&bench, SETTING_CPU_IDLE, 1);
	want(&bench, SETTING_CPU_SHARES, 50);
	run(&bench);
	assert_int_equal(bench.count, 1);
	assert_knob(&bench.compiled[0], SETTING_CPU_IDLE, 1);
	bench.wanted[SETTING_CPU_SHARES].rank = COMPILE_RANK_PERSON;
	run(&bench);
	assert_int_equal(bench.count, 2);
	assert_knob(&bench.compiled[0], SETTING_CPU_WEIGHT, 50);
	assert_cannot(&bench.compiled[1], "goes before");
	want(&bench, SETTING_CPU_IDLE, 0);
	want(&bench, SETTING_CPU_SHARES, 50);
	run(&bench);
	assert_int_equal(bench.count, 2);
	assert_knob(&bench.compiled[0], SETTING_CPU_WEIGHT, 50);
	assert_knob(&bench.compiled[1], SETTING_CPU_IDLE, 0);
	bench_end(&bench);
}

/* Whatever is wanted, on whatever host: it is a knob of its range, or a reason; nothing is lost. */
static void nothing_that_is_wanted_is_dropped(void **state)
{
	static const char *const wheres[] = { "cpu.weight", "nice", "autogroup", "realtime" };
	static const char *const hosts[] = { "v1", "v2", "hybrid", "none" };
	static const char *const hindrances[] = { "", "vfio", "ovs", "hugepages,macvtap" };
	uint64_t random = 88172645463325252u;
	struct bench bench;
	unsigned round;
	size_t i;

	bench_begin(&bench, 4, 4);
	for (round = 0; round < 3000; round++) {
		enum setting setting = (enum setting)draw(&random, SETTING_COUNT);
		int64_t number = setting_info[setting].least + (int64_t)draw(&random, 10000);

		if (setting_info[setting].scope == SETTING_SCOPE_HOST ||
		    setting_info[setting].unit == SETTING_UNIT_TEXT ||
		    setting_check(setting, number, NULL) < 0)
			continue;
		say(&bench.vm->text[VM_TEXT_WEIGHT_WHERE], wheres[draw(&random, 4)]);
		say(&bench.vm->text[VM_TEXT_CGROUP_OWN], draw(&random, 2) == 0 ? "yes" : "no");
		say(&bench.vm->text[VM_TEXT_OWNER], draw(&random, 2) == 0 ? "libvirt" : "none");
		say(&bench.host.snapshot.host.text[HOST_TEXT_CGROUP], hosts[draw(&random, 4)]);
		say(&bench.vm->text[VM_TEXT_HINDRANCES], hindrances[draw(&random, 4)]);
		bench.vm->state[VM_BALLOON_ACTUAL] = (uint8_t)draw(&random, FIGURE_STATE_COUNT);
		memset(bench.wanted, 0, sizeof bench.wanted);
		want(&bench, setting, number);
		run(&bench);
		/* A reservation that its weight gives it already needs no knob. */
		if (setting != SETTING_CPU_RESERVE)
			assert_true(bench.count > 0);
		for (i = 0; i < bench.count; i++) {
			const struct compiled *one = &bench.compiled[i];

			assert_int_equal(one->asked, setting);
			assert_ptr_equal(one->cause, &bench.cause);
			if (one->cannot)
				assert_true(one->reason[0] != '\0');
			else
				assert_int_equal(setting_info[one->setting].kind, SETTING_KIND_KNOB);
			if (!one->cannot)
				assert_int_equal(setting_check(one->setting, one->value.number, NULL), 0);
		}
	}
	bench_end(&bench);
}

static void what_is_expected_is_said_in_parts(void **state)
{
	struct compile_share shares[4] = {
		{ 100, 400, 0, false }, { 100, 100, 0, false }, { 100, 100, 0, false },
		{ 100, 100, 0, false },
	};
	struct setting_value from = { .number = 100 };
	char predicted[CAUSE_TEXT_SIZE];
	struct bench bench;

	bench_begin(&bench, 4, 4);
	compile_compete(&bench.context, shares, 4);
	compile_predict(&bench.context, only(&bench, SETTING_CPU_SHARES, 400), &from, predicted);
	assert_string_equal(predicted, "its part when all VMs want the CPU: 25 % -> 57 %");
	bench_end(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_file_gives_the_same_weights_on_every_cgroup_version),
		cmocka_unit_test(a_vm_of_nobody_without_a_cgroup_is_given_one),
		cmocka_unit_test(where_only_nice_is_possible_its_tolerance_is_said),
		cmocka_unit_test(two_vms_of_one_process_have_no_weights_of_their_own),
		cmocka_unit_test(a_real_time_vm_can_be_given_no_part),
		cmocka_unit_test(a_limit_is_a_quota_and_takes_away_the_burst),
		cmocka_unit_test(a_reservation_goes_before_a_lower_limit),
		cmocka_unit_test(a_persons_limit_goes_before_a_policys_reservation),
		cmocka_unit_test(a_vm_that_was_not_looked_at_yet_is_put_off),
		cmocka_unit_test(a_reservation_is_a_weight_and_shows_its_arithmetic),
		cmocka_unit_test(whoever_else_wants_the_cpu_reservations_that_fit_are_kept),
		cmocka_unit_test(a_reservation_of_more_than_its_vcpus_is_one_of_its_vcpus),
		cmocka_unit_test(memory_that_is_pinned_cannot_be_taken),
		cmocka_unit_test(a_memory_limit_is_a_balloon_else_a_bound_for_a_while),
		cmocka_unit_test(a_memory_reserve_is_the_knob_that_holds),
		cmocka_unit_test(shares_of_memory_protect_a_part_of_what_is_used),
		cmocka_unit_test(disk_shares_need_somebody_who_heeds_them),
		cmocka_unit_test(a_disk_limit_is_the_kernels_else_the_vmms),
		cmocka_unit_test(the_network_is_shaped_at_taps_that_are_ours),
		cmocka_unit_test(a_persons_intent_goes_before_a_policys_knob),
		cmocka_unit_test(of_one_policy_a_knob_goes_before_an_intent),
		cmocka_unit_test(an_idle_vm_has_no_weight_beside),
		cmocka_unit_test(nothing_that_is_wanted_is_dropped),
		cmocka_unit_test(what_is_expected_is_said_in_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
