/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/test_peace.h"

#include "base/error.h"
#include "base/str.h"

#include <errno.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* -- who is heard ----------------------------------------------------------------------- */

static void what_is_wanted_is_planned_once(void **state)
{
	struct peace peace;
	const struct plan_item *item;

	peace_begin(&peace, 4, NULL);
	add_intent(&peace.policy, 0, SETTING_CPU_SHARES, 400);
	load(&peace);
	tick(&peace);
	assert_int_equal(peace.plan.count, 1);
	item = expect(&peace, 0, SETTING_CPU_WEIGHT, PLAN_SET, 400);
	assert_true(item->from_known);
	assert_int_equal(item->from.number, 100);
	assert_int_equal(item->asked, SETTING_CPU_SHARES);
	assert_string_equal(item->class_name, "gold");
	assert_string_equal(item->cause.policy, "gold-first");
	assert_int_equal(item->cause.line, 11);
	assert_string_equal(item->predicted, "its part when all VMs want the CPU: 25 % -> 57 %");
	tick(&peace); /* its outcome is awaited */
	assert_int_equal(peace.plan.count, 0);
	tell(&peace, &(struct plan_item){ .vm = vm_at(&peace, 0)->identity,
					  .setting = SETTING_CPU_WEIGHT }, OUTCOME_APPLIED, 400);
	tick(&peace);
	assert_int_equal(peace.plan.count, 0);
	peace_end(&peace);
}

static void what_was_set_since_the_host_was_looked_at_counts_in_what_is_expected(void **state)
{
	struct peace peace;

	peace_begin(&peace, 4, NULL);
	add_intent(&peace.policy, 0, SETTING_CPU_SHARES, 400);
	load(&peace);
	tick(&peace);
	tell(&peace, &(struct plan_item){ .vm = vm_at(&peace, 0)->identity,
					  .setting = SETTING_CPU_WEIGHT }, OUTCOME_APPLIED, 400);
	request(&peace, 0, "raise", 900);
	tick(&peace);
	assert_string_equal(expect(&peace, 0, SETTING_CPU_WEIGHT, PLAN_SET, 900)->predicted,
			    "its part when all VMs want the CPU: 57 % -> 75 %");
	peace_end(&peace);
}

static void what_nobody_wants_any_more_is_released(void **state)
{
	struct peace peace;

	peace_begin(&peace, 4, NULL);
	add_intent(&peace.policy, 0, SETTING_CPU_SHARES, 400);
	load(&peace);
	tick_and_obey(&peace);
	arbiter_remove_policy(peace.arbiter, &peace.policy);
	tick(&peace);
	assert_int_equal(peace.plan.count, 1);
	assert_int_equal(expect(&peace, 0, SETTING_CPU_WEIGHT, PLAN_RELEASE, 100)->from.number, 400);
	obey(&peace);
	tick(&peace);
	assert_int_equal(peace.plan.count, 0);
	peace_end(&peace);
}

static void a_person_goes_before_every_policy_until_the_time_is_up(void **state)
{
	struct peace peace;
	uint64_t until;

	peace_begin(&peace, 4, NULL);
	add_intent(&peace.policy, 0, SETTING_CPU_SHARES, 400);
	load(&peace);
	request(&peace, 0, "raise", 800);
	until = peace.host.snapshot.realtime_usec + 2500000;
	hold(&peace, 0, 50, until);
	tick(&peace);
	assert_string_equal(expect(&peace, 0, SETTING_CPU_WEIGHT, PLAN_SET, 50)->cause.policy, "set");
	obey(&peace);
	tick(&peace);
	assert_int_equal(peace.plan.count, 1);
	expect_reason(expect(&peace, 0, SETTING_CPU_WEIGHT, PLAN_HELD, 400), "goes before (set)");
	tick(&peace);
	expect(&peace, 0, SETTING_CPU_WEIGHT, PLAN_SET, 800);
	peace_end(&peace);
}

static void what_a_nice_is_expected_to_do_counts_everybody(void **state)
{
	struct peace peace;

	peace_begin(&peace, 4, NULL);
	load(&peace);
	assert_int_equal(request_of(&peace, 0, "raise", SETTING_CPU_NICE, -6, false), 0);
	tick(&peace);
	assert_string_equal(expect(&peace, 0, SETTING_CPU_NICE, PLAN_SET, -6)->predicted,
			    "its part when all VMs want the CPU: 25 % -> 56 %");
	obey(&peace);
	assert_int_equal(request_of(&peace, 1, "lower", SETTING_CPU_IDLE, 1, false), 0);
	assert_int_equal(request_of(&peace, 2, "lower", SETTING_CPU_IDLE, 1, false), 0);
	request(&peace, 3, "raise", 381);
	tick(&peace);
	assert_non_null(strstr(expect(&peace, 3, SETTING_CPU_WEIGHT, PLAN_SET, 381)->predicted,
			       "-> 50 %"));
	peace_end(&peace);
}

static void a_rule_goes_before_its_class_until_it_lets_go(void **state)
{
	struct peace peace;

	peace_begin(&peace, 4, NULL);
	add_intent(&peace.policy, 0, SETTING_CPU_SHARES, 400);
	load(&peace);
	request(&peace, 0, "raise", 800);
	tick(&peace);
	assert_string_equal(expect(&peace, 0, SETTING_CPU_WEIGHT, PLAN_SET, 800)->cause.rule,
			    "raise");
	obey(&peace);
	assert_int_equal(request_of(&peace, 0, "raise", SETTING_CPU_WEIGHT, 0, true), 0);
	tick(&peace);
	expect(&peace, 0, SETTING_CPU_WEIGHT, PLAN_SET, 400);
	peace_end(&peace);
}

static void of_two_rules_the_one_that_asked_last_is_heard(void **state)
{
	struct peace peace;

	peace_begin(&peace, 4, NULL);
	load(&peace);
	request(&peace, 0, "lower", 50);
	request(&peace, 0, "raise", 800);
	tick_and_obey(&peace);
	assert_int_equal(peace.plan.items[0].to.number, 800);
	request(&peace, 0, "lower", 40);
	tick_and_obey(&peace);
	expect(&peace, 0, SETTING_CPU_WEIGHT, PLAN_SET, 40);
	peace_end(&peace);
}

static void the_policy_that_was_loaded_first_goes_before(void **state)
{
	struct policy second;
	struct peace peace;

	peace_begin(&peace, 4, NULL);
	add_intent(&peace.policy, 0, SETTING_CPU_SHARES, 400);
	describe(&second);
	strcpy(second.name, "second");
	add_intent(&second, 0, SETTING_CPU_SHARES, 50);
	add_intent(&second, 1, SETTING_CPU_SHARES, 70);
	load(&peace);
	assert_int_equal(arbiter_add_policy(peace.arbiter, &second, NULL), 0);
	tick(&peace);
	expect(&peace, 0, SETTING_CPU_WEIGHT, PLAN_SET, 400);
	assert_string_equal(expect(&peace, 1, SETTING_CPU_WEIGHT, PLAN_SET, 70)->cause.policy,
			    "second");
	peace_end(&peace);
	policy_done(&second);
}

/* The rule that explain names is deleted from the file: its adjustments vanish, others stay. */
static void without_its_rule_an_adjustment_vanishes(void **state)
{
	struct policy edited;
	struct peace peace;

	peace_begin(&peace, 4, NULL);
	add_intent(&peace.policy, 0, SETTING_CPU_SHARES, 400);
	load(&peace);
	request(&peace, 1, "lower", 30);
	request(&peace, 2, "raise", 200);
	tick(&peace);
	assert_string_equal(expect(&peace, 1, SETTING_CPU_WEIGHT, PLAN_SET, 30)->cause.rule, "lower");
	obey(&peace);
	describe(&edited);
	edited.rule_count = 1; /* "lower" is gone */
	add_intent(&edited, 0, SETTING_CPU_SHARES, 400);
	assert_int_equal(arbiter_replace_policy(peace.arbiter, &peace.policy, &edited, NULL), 0);
	tick(&peace);
	assert_int_equal(peace.plan.count, 1);
	expect(&peace, 1, SETTING_CPU_WEIGHT, PLAN_RELEASE, 100);
	peace_end(&peace);
	policy_done(&edited);
}

static void requests_that_no_language_could_have_made_are_refused(void **state)
{
	struct request host = { .setting = SETTING_CPU_WEIGHT, .value.number = 100 };
	struct peace peace;

	peace_begin(&peace, 4, NULL);
	load(&peace);
	assert_int_equal(request_of(&peace, 0, "raise", SETTING_CPU_WEIGHT, 0, false), -EINVAL);
	assert_int_equal(request_of(&peace, 0, "raise", SETTING_KSM_RUN, 1, false), -EINVAL);
	assert_int_equal(request_of(&peace, 0, "raise", SETTING_CPU_AFFINITY, 0, false), -EINVAL);
	assert_int_equal(request_of(&peace, 0, "raise", (enum setting)999, 0, false), -EINVAL);
	assert_int_equal(request_of(&peace, 0, "no such", SETTING_CPU_WEIGHT, 100, false), -ENOENT);
	strcpy(host.cause.rule, "raise");
	assert_int_equal(arbiter_request(peace.arbiter, &peace.policy, &host), -EINVAL);
	tick(&peace);
	assert_int_equal(peace.plan.count, 0);
	peace_end(&peace);
}

static void a_host_setting_is_turned_only_where_it_is_named(void **state)
{
	struct request ksm = { .setting = SETTING_KSM_RUN, .value.number = 1 };
	struct peace peace;

	peace_begin(&peace, 4, NULL);
	load(&peace);
	strcpy(ksm.cause.rule, "raise");
	assert_int_equal(arbiter_request(peace.arbiter, &peace.policy, &ksm), 0);
	add_intent(&peace.policy, 0, SETTING_HOST_VM_WEIGHT, 300);
	assert_int_equal(arbiter_replace_policy(peace.arbiter, &peace.policy, &peace.policy, NULL), 0);
	tick(&peace);
	assert_int_equal(peace.plan.count, 2);
	assert_int_equal(peace.plan.items[0].vm.pid, 0);
	assert_int_equal(peace.plan.items[0].setting, SETTING_KSM_RUN);
	assert_int_equal(peace.plan.items[1].setting, SETTING_HOST_VM_WEIGHT);
	peace_end(&peace);
}

/* The owner's own quota of half a CPU keeps a limit of one and a half already. */
static void a_limit_does_not_loosen_what_somebody_else_set(void **state)
{
	struct peace peace;
	struct vm *vm;

	peace_begin(&peace, 2, NULL);
	add_intent(&peace.policy, 0, SETTING_CPU_LIMIT, 15000);
	add_intent(&peace.policy, 0, SETTING_MEMORY_RESERVE, 64 * MIB);
	load(&peace);
	vm = vm_at(&peace, 0);
	figure_set(vm->value, vm->state, VM_QUOTA, 5000);
	figure_set(vm->value, vm->state, VM_MEMORY_LOW, 128 * MIB);
	tick(&peace);
	assert_int_equal(peace.plan.count, 0);
	figure_set(vm->value, vm->state, VM_QUOTA, 20000);
	figure_set(vm->value, vm->state, VM_MEMORY_LOW, 0);
	tick(&peace);
	expect(&peace, 0, SETTING_CPU_QUOTA, PLAN_SET, 15000);
	expect(&peace, 0, SETTING_MEMORY_LOW, PLAN_SET, 64 * MIB);
	peace_end(&peace);
}

static void weights_below_different_cgroups_say_so(void **state)
{
	struct peace peace;

	peace_begin(&peace, 3, NULL);
	add_intent(&peace.policy, 0, SETTING_CPU_SHARES, 400);
	add_intent(&peace.policy, 1, SETTING_CPU_SHARES, 50);
	load(&peace);
	tick(&peace);
	assert_string_equal(find(&peace, 0, SETTING_CPU_WEIGHT)->reason, "");
	obey(&peace);
	say(&vm_at(&peace, 1)->text[VM_TEXT_CGROUP_OWN], "no");
	say(&vm_at(&peace, 1)->text[VM_TEXT_OWNER], "none");
	request(&peace, 0, "raise", 800);
	tick(&peace);
	expect_reason(expect(&peace, 0, SETTING_CPU_WEIGHT, PLAN_SET, 800), "below different ones");
	peace_end(&peace);
}

/* -- limits ----------------------------------------------------------------------------- */

static void nothing_is_taken_from_a_vm_in_a_delicate_state(void **state)
{
	static const char *const states[] = { "migrating", "saving", "backup", "paused" };
	struct peace peace;
	size_t i;

	for (i = 0; i < 4; i++) {
		peace_begin(&peace, 4, NULL);
		add_intent(&peace.policy, 1, SETTING_CPU_SHARES, 50);
		add_intent(&peace.policy, 1, SETTING_CPU_LIMIT, 5000);
		load(&peace);
		say(&vm_at(&peace, 1)->text[VM_TEXT_STATE], states[i]);
		tick_and_obey(&peace);
		expect_reason(expect(&peace, 1, SETTING_CPU_WEIGHT, PLAN_HELD, 50), states[i]);
		expect(&peace, 1, SETTING_CPU_QUOTA, PLAN_HELD, 5000);
		expect(&peace, 2, SETTING_CPU_WEIGHT, PLAN_SET, 50);
		request(&peace, 1, "raise", 700);
		tick_and_obey(&peace);
		expect(&peace, 1, SETTING_CPU_WEIGHT, PLAN_SET, 700);
		/* To give it back would take from it, too. */
		arbiter_remove_policy(peace.arbiter, &peace.policy);
		tick_and_obey(&peace);
		expect(&peace, 1, SETTING_CPU_WEIGHT, PLAN_HELD, 100);
		expect(&peace, 2, SETTING_CPU_WEIGHT, PLAN_RELEASE, 100);
		say(&vm_at(&peace, 1)->text[VM_TEXT_STATE], "running");
		tick(&peace);
		expect(&peace, 1, SETTING_CPU_WEIGHT, PLAN_RELEASE, 100);
		peace_end(&peace);
	}
}

static size_t asked(const struct peace *peace)
{
	const struct vm_identity *vms;
	size_t count = arbiter_asks(peace->arbiter, &vms);

	assert_true(count <= 1);
	if (count == 1)
		assert_int_equal(vm_identity_compare(&vms[0], &vm_at(peace, 1)->identity), 0);
	return count;
}

static void answer(struct peace *peace, const char *state)
{
	struct vm *vm = vm_at(peace, 1);

	say(&vm->text[VM_TEXT_STATE], state);
	vm->state_usec = peace->host.snapshot.monotonic_usec;
}

static void who_can_tell_is_asked_before_anything_is_taken(void **state)
{
	const struct arbiter_options options = { .asks_states = true };
	struct peace peace;
	int i;

	peace_begin(&peace, 4, &options);
	add_intent(&peace.policy, 1, SETTING_CPU_LIMIT, 5000);
	load(&peace);
	vm_at(&peace, 1)->tells_state = true;
	tick_and_obey(&peace);
	assert_null(find(&peace, 1, SETTING_CPU_QUOTA));
	assert_int_equal(asked(&peace), 1);
	expect(&peace, 2, SETTING_CPU_QUOTA, PLAN_SET, 5000);
	tick_and_obey(&peace);
	assert_null(find(&peace, 1, SETTING_CPU_QUOTA));
	assert_int_equal(asked(&peace), 1); /* nothing was heard yet */

	/* It migrates: held, said, and asked again until that is over. */
	answer(&peace, "migrating");
	for (i = 0; asked(&peace) == 0 || i == 0; i++) {
		assert_true(i < 5);
		tick_and_obey(&peace);
		expect_reason(expect(&peace, 1, SETTING_CPU_QUOTA, PLAN_HELD, 5000), "migrating");
	}
	answer(&peace, "running");
	tick_and_obey(&peace);
	expect(&peace, 1, SETTING_CPU_QUOTA, PLAN_SET, 5000);
	assert_int_equal(asked(&peace), 0);
	peace_end(&peace);
}

static void who_was_born_a_moment_ago_is_not_asked(void **state)
{
	const struct arbiter_options options = { .asks_states = true };
	struct peace peace;

	peace_begin(&peace, 4, &options);
	tick(&peace);
	add_intent(&peace.policy, 1, SETTING_CPU_LIMIT, 5000);
	load(&peace);
	vm_at(&peace, 1)->tells_state = true;
	vm_at(&peace, 1)->born_usec = peace.host.snapshot.realtime_usec + 1;
	tick(&peace);
	expect(&peace, 1, SETTING_CPU_QUOTA, PLAN_SET, 5000);
	assert_int_equal(asked(&peace), 0);
	peace_end(&peace);
}

static void memory_is_taken_in_steps_from_what_is_used(void **state)
{
	struct peace peace;
	struct vm *vm;

	peace_begin(&peace, 4, NULL);
	add_intent(&peace.policy, 0, SETTING_MEMORY_HIGH, 512 * MIB);
	load(&peace);
	vm = vm_at(&peace, 0);
	figure_set(vm->value, vm->state, VM_MEMORY_HIGH, SETTING_UNLIMITED);
	figure_set(vm->value, vm->state, VM_MEMORY_CURRENT, 4000 * MIB);
	tick(&peace);
	expect_reason(expect(&peace, 0, SETTING_MEMORY_HIGH, PLAN_SET, 3800 * MIB), "4000 MiB");
	obey(&peace);
	figure_set(vm->value, vm->state, VM_MEMORY_CURRENT, 3800 * MIB);
	tick(&peace);
	expect(&peace, 0, SETTING_MEMORY_HIGH, PLAN_SET, 3610 * MIB);
	obey(&peace);
	figure_set(vm->value, vm->state, VM_MEMORY_CURRENT, 300 * MIB);
	tick(&peace);
	expect(&peace, 0, SETTING_MEMORY_HIGH, PLAN_SET, 512 * MIB);
	peace_end(&peace);
}

static void a_balloon_is_never_below_what_the_guest_uses(void **state)
{
	struct peace peace;
	struct vm *vm;

	peace_begin(&peace, 4, NULL);
	add_intent(&peace.policy, 0, SETTING_MEMORY_LIMIT, 100 * MIB);
	load(&peace);
	vm = vm_at(&peace, 0);
	figure_set(vm->value, vm->state, VM_BALLOON_ACTUAL, 4096 * MIB);
	figure_set(vm->value, vm->state, VM_GUEST_AVAILABLE, 3072 * MIB);
	tick(&peace);
	expect(&peace, 0, SETTING_MEMORY_BALLOON, PLAN_SET, (1024 - 64) * MIB);
	peace_end(&peace);
}

static void no_vm_is_left_without_a_cpu(void **state)
{
	struct policy_intent *intent;
	struct peace peace;

	peace_begin(&peace, 4, NULL);
	add_intent(&peace.policy, 0, SETTING_CPU_QUOTA, 100); /* vm000 has two vCPUs */
	add_intent(&peace.policy, 1, SETTING_CPU_AFFINITY, 0);
	intent = &peace.policy.intents[1];
	strcpy(intent->value.text, "9");
	load(&peace);
	tick(&peace);
	expect_reason(expect(&peace, 0, SETTING_CPU_QUOTA, PLAN_SET, 200), "1 %");
	expect_reason(expect(&peace, 1, SETTING_CPU_AFFINITY, PLAN_HELD, 0), "no CPU 9");
	peace_end(&peace);
}

static void cpus_for_one_alone_leave_a_cpu_to_the_others(void **state)
{
	struct peace peace;

	peace_begin(&peace, 2, NULL);
	add_intent(&peace.policy, 0, SETTING_CPU_EXCLUSIVE, 0);
	strcpy(peace.policy.intents[0].value.text, "0-5");
	add_intent(&peace.policy, 1, SETTING_CPU_EXCLUSIVE, 0);
	strcpy(peace.policy.intents[1].value.text, "6-7");
	load(&peace);
	tick_and_obey(&peace);
	expect(&peace, 0, SETTING_CPU_EXCLUSIVE, PLAN_SET, 0);
	expect_reason(expect(&peace, 1, SETTING_CPU_EXCLUSIVE, PLAN_HELD, 0), "no CPU would be left");
	peace_end(&peace);
}

static void truce_itself_and_who_opted_out_are_never_touched(void **state)
{
	struct arbiter_options options = { 0 };
	struct peace peace;

	peace_begin(&peace, 4, NULL);
	options.own_pid = vm_at(&peace, 1)->identity.pid;
	arbiter_free(peace.arbiter);
	peace.arbiter = arbiter_new(&options);
	add_intent(&peace.policy, 1, SETTING_CPU_SHARES, 50);
	load(&peace);
	assert_int_equal(arbiter_exclude(peace.arbiter, &vm_at(&peace, 2)->identity, false), 0);
	tick_and_obey(&peace);
	assert_int_equal(peace.plan.count, 1);
	expect(&peace, 3, SETTING_CPU_WEIGHT, PLAN_SET, 50);
	arbiter_include(peace.arbiter, &vm_at(&peace, 2)->identity);
	tick_and_obey(&peace);
	expect(&peace, 2, SETTING_CPU_WEIGHT, PLAN_SET, 50);
	assert_int_equal(arbiter_exclude(peace.arbiter, &vm_at(&peace, 2)->identity, true), 0);
	tick_and_obey(&peace);
	expect(&peace, 2, SETTING_CPU_WEIGHT, PLAN_RELEASE, 100);
	tick(&peace);
	assert_int_equal(peace.plan.count, 0);
	peace_end(&peace);
}

static void what_a_person_gave_back_comes_again_when_he_lets_go(void **state)
{
	struct outcome given_back = { .setting = SETTING_CPU_WEIGHT, .status = OUTCOME_RESTORED };
	struct peace peace;

	peace_begin(&peace, 3, NULL);
	add_intent(&peace.policy, 1, SETTING_CPU_SHARES, 50);
	load(&peace);
	tick_and_obey(&peace);
	expect(&peace, 2, SETTING_CPU_WEIGHT, PLAN_SET, 50);
	given_back.vm = vm_at(&peace, 2)->identity;
	assert_int_equal(arbiter_exclude(peace.arbiter, &given_back.vm, false), 0);
	arbiter_outcome(peace.arbiter, &given_back);
	tick(&peace);
	assert_null(find(&peace, 2, SETTING_CPU_WEIGHT));
	arbiter_include(peace.arbiter, &given_back.vm);
	tick_and_obey(&peace);
	expect(&peace, 2, SETTING_CPU_WEIGHT, PLAN_SET, 50);
	peace_end(&peace);
}

/* -- cost and determinism --------------------------------------------------------------- */

static void append_plan(struct str *str, const struct plan *plan)
{
	size_t i;

	for (i = 0; i < plan->count; i++) {
		plan_item_append(str, &plan->items[i]);
		str_append_char(str, '\n');
	}
}

static void play(struct str *bytes)
{
	struct peace peace;
	unsigned i;

	peace_begin(&peace, 30, NULL);
	peace.policy.canary_permyriad = 3000;
	peace.policy.canary_usec = 4000000;
	add_intent(&peace.policy, 0, SETTING_CPU_RESERVE, 20000);
	add_intent(&peace.policy, 1, SETTING_CPU_SHARES, 50);
	add_intent(&peace.policy, 1, SETTING_DISK_SHARES, 50);
	add_intent(&peace.policy, 1, SETTING_MEMORY_SHARES, 200);
	load(&peace);
	for (i = 0; i < 30; i++) {
		if (i % 3 == 0)
			request(&peace, i, i % 2 == 0 ? "raise" : "lower", 100 + i * 20);
		if (i % 7 == 0)
			synthetic_death(&peace.host, i % 5 + 1), synthetic_birth(&peace.host);
		tick(&peace);
		append_plan(bytes, &peace.plan);
		obey(&peace);
	}
	peace_end(&peace);
}

static void the_same_inputs_give_the_same_plans(void **state)
{
	struct str once, again;

	str_init(&once);
	str_init(&again);
	play(&once);
	play(&again);
	assert_true(once.length > 1000);
	assert_string_equal(once.data, again.data);
	str_done(&once);
	str_done(&again);
}

static void nothing_is_allocated_while_nothing_changes(void **state)
{
	struct mallinfo2 before, after;
	struct peace peace;
	unsigned i;

	peace_begin(&peace, 100, NULL);
	add_intent(&peace.policy, 0, SETTING_CPU_SHARES, 400);
	add_intent(&peace.policy, 1, SETTING_CPU_SHARES, 50);
	add_intent(&peace.policy, 1, SETTING_DISK_SHARES, 50);
	load(&peace);
	for (i = 0; i < 12; i++)
		tick_and_obey(&peace);
	before = mallinfo2();
	for (i = 0; i < 8; i++)
		tick(&peace);
	after = mallinfo2();
	assert_int_equal(count_verdicts(&peace, PLAN_CANNOT), 99);
	assert_int_equal(after.uordblks, before.uordblks);
	peace_end(&peace);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_wanted_is_planned_once),
		cmocka_unit_test(what_was_set_since_the_host_was_looked_at_counts_in_what_is_expected),
		cmocka_unit_test(what_nobody_wants_any_more_is_released),
		cmocka_unit_test(a_person_goes_before_every_policy_until_the_time_is_up),
		cmocka_unit_test(what_a_nice_is_expected_to_do_counts_everybody),
		cmocka_unit_test(a_rule_goes_before_its_class_until_it_lets_go),
		cmocka_unit_test(of_two_rules_the_one_that_asked_last_is_heard),
		cmocka_unit_test(the_policy_that_was_loaded_first_goes_before),
		cmocka_unit_test(without_its_rule_an_adjustment_vanishes),
		cmocka_unit_test(requests_that_no_language_could_have_made_are_refused),
		cmocka_unit_test(a_host_setting_is_turned_only_where_it_is_named),
		cmocka_unit_test(a_limit_does_not_loosen_what_somebody_else_set),
		cmocka_unit_test(weights_below_different_cgroups_say_so),
		cmocka_unit_test(nothing_is_taken_from_a_vm_in_a_delicate_state),
		cmocka_unit_test(who_can_tell_is_asked_before_anything_is_taken),
		cmocka_unit_test(who_was_born_a_moment_ago_is_not_asked),
		cmocka_unit_test(memory_is_taken_in_steps_from_what_is_used),
		cmocka_unit_test(a_balloon_is_never_below_what_the_guest_uses),
		cmocka_unit_test(no_vm_is_left_without_a_cpu),
		cmocka_unit_test(cpus_for_one_alone_leave_a_cpu_to_the_others),
		cmocka_unit_test(truce_itself_and_who_opted_out_are_never_touched),
		cmocka_unit_test(what_a_person_gave_back_comes_again_when_he_lets_go),
		cmocka_unit_test(the_same_inputs_give_the_same_plans),
		cmocka_unit_test(nothing_is_allocated_while_nothing_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
