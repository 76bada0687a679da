/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/test_peace.h"

#include "base/error.h"
#include "base/str.h"
#include "decide/reservations.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* -- not now ---------------------------------------------------------------------------- */

static void changes_too_small_to_matter_are_left(void **state)
{
	struct peace peace;

	peace_begin(&peace, 4, NULL);
	load(&peace);
	request(&peace, 0, "raise", 1000);
	tick_and_obey(&peace);
	request(&peace, 0, "raise", 1019);
	tick(&peace);
	assert_int_equal(peace.plan.count, 0);
	request(&peace, 0, "raise", 1021);
	tick(&peace);
	expect(&peace, 0, SETTING_CPU_WEIGHT, PLAN_SET, 1021);
	peace_end(&peace);
}

static void one_knob_is_not_turned_twice_within_its_interval(void **state)
{
	struct peace peace;

	peace_begin(&peace, 4, NULL);
	peace.policy.vm_interval_usec = 3000000;
	load(&peace);
	request(&peace, 0, "raise", 200);
	tick_and_obey(&peace);
	request(&peace, 0, "raise", 400);
	tick(&peace);
	expect_reason(expect(&peace, 0, SETTING_CPU_WEIGHT, PLAN_HELD, 400), "a moment ago");
	tick(&peace);
	expect(&peace, 0, SETTING_CPU_WEIGHT, PLAN_HELD, 400);
	tick(&peace);
	expect(&peace, 0, SETTING_CPU_WEIGHT, PLAN_SET, 400);
	peace_end(&peace);
}

static void too_many_at_once_wait_and_what_gives_goes_first(void **state)
{
	struct arbiter_options options = { .changes_per_minute = 3 };
	struct peace peace;
	size_t i;

	peace_begin(&peace, 6, &options);
	load(&peace);
	request(&peace, 1, "lower", 50);
	request(&peace, 2, "lower", 50);
	request(&peace, 3, "raise", 200);
	request(&peace, 4, "raise", 200);
	tick_and_obey(&peace);
	assert_int_equal(count_verdicts(&peace, PLAN_SET), 3);
	expect(&peace, 3, SETTING_CPU_WEIGHT, PLAN_SET, 200);
	expect(&peace, 4, SETTING_CPU_WEIGHT, PLAN_SET, 200);
	expect(&peace, 1, SETTING_CPU_WEIGHT, PLAN_SET, 50);
	expect_reason(expect(&peace, 2, SETTING_CPU_WEIGHT, PLAN_HELD, 50), "in this minute");
	/* A younger wish does not overtake; a person is not counted out. */
	request(&peace, 5, "lower", 50);
	hold(&peace, 0, 300, 0);
	tick_and_obey(&peace);
	expect(&peace, 0, SETTING_CPU_WEIGHT, PLAN_SET, 300);
	expect(&peace, 5, SETTING_CPU_WEIGHT, PLAN_HELD, 50);
	for (i = 0; i < 58; i++) {
		tick_and_obey(&peace);
		assert_int_equal(count_verdicts(&peace, PLAN_SET), 0);
	}
	tick_and_obey(&peace);
	assert_int_equal(count_verdicts(&peace, PLAN_SET), 2);
	peace_end(&peace);
}

static void the_same_refusal_is_in_each_plan_but_news_once(void **state)
{
	struct peace peace;

	peace_begin(&peace, 4, NULL);
	add_intent(&peace.policy, 1, SETTING_DISK_SHARES, 50);
	load(&peace);
	tick(&peace);
	assert_int_equal(count_verdicts(&peace, PLAN_CANNOT), 3);
	assert_true(arbiter_is_news(peace.arbiter, &peace.plan.items[0]));
	tick(&peace);
	assert_int_equal(count_verdicts(&peace, PLAN_CANNOT), 3);
	assert_false(arbiter_is_news(peace.arbiter, &peace.plan.items[0]));
	say(&vm_at(&peace, 1)->text[VM_TEXT_STATE], "paused"); /* looked at anew: still the same */
	tick(&peace);
	assert_false(arbiter_is_news(peace.arbiter, find(&peace, 1, SETTING_DISK_SHARES)));
	say(&peace.host.snapshot.host.text[HOST_TEXT_IO_ARBITER], "bfq");
	tick(&peace);
	assert_int_equal(count_verdicts(&peace, PLAN_CANNOT), 0);
	peace_end(&peace);
}

/* -- what came of it -------------------------------------------------------------------- */

static void what_was_refused_is_tried_again_later_and_later(void **state)
{
	struct peace peace;
	unsigned tries = 0, i;

	peace_begin(&peace, 1, NULL);
	add_intent(&peace.policy, 0, SETTING_CPU_SHARES, 400);
	load(&peace);
	for (i = 0; i < 64; i++) {
		const struct plan_item *item;

		tick(&peace);
		item = find(&peace, 0, SETTING_CPU_WEIGHT);
		assert_non_null(item);
		if (item->verdict == PLAN_HELD) {
			expect_reason(item, "refused: it says no");
			continue;
		}
		tries++;
		tell(&peace, item, OUTCOME_REFUSED, 0);
	}
	assert_in_range(tries, 5, 8);
	peace_end(&peace);
}

static void lacks(struct peace *peace, enum setting setting)
{
	struct outcome outcome = { .vm = vm_at(peace, 0)->identity, .setting = setting,
				   .status = OUTCOME_REFUSED, .lacking = true,
				   .text = "it has no disk" };

	arbiter_outcome(peace->arbiter, &outcome);
}

/* A limit of a disk comes to the next way, and is said once to be impossible where there is none;
 * a disk that is plugged in later is found after a while. */
static void what_a_vm_has_nothing_for_cannot_be_and_is_not_tried_each_time(void **state)
{
	const struct plan_item *item;
	unsigned tries = 0, i;
	struct peace peace;

	peace_begin(&peace, 1, NULL);
	say(&vm_at(&peace, 0)->text[VM_TEXT_VMM], "qemu");
	add_intent(&peace.policy, 0, SETTING_DISK_LIMIT, 1000000);
	load(&peace);
	tick(&peace);
	expect(&peace, 0, SETTING_DISK_READ_MAX, PLAN_SET, 1000000);
	expect(&peace, 0, SETTING_DISK_WRITE_MAX, PLAN_SET, 1000000);
	lacks(&peace, SETTING_DISK_READ_MAX);
	lacks(&peace, SETTING_DISK_WRITE_MAX);
	tick(&peace);
	assert_int_equal(peace.plan.count, 1);
	expect(&peace, 0, SETTING_DISK_THROTTLE, PLAN_SET, 1000000);
	lacks(&peace, SETTING_DISK_THROTTLE);
	for (i = 0; i < 290; i++) {
		tick(&peace);
		assert_int_equal(peace.plan.count, 1);
		item = expect(&peace, 0, SETTING_DISK_LIMIT, PLAN_CANNOT, 1000000);
		expect_reason(item, "it has no disk");
		assert_int_equal(arbiter_is_news(peace.arbiter, item), i == 0);
	}
	for (i = 0; i < 20; i++) {
		tick(&peace);
		item = find(&peace, 0, SETTING_DISK_READ_MAX);
		if (item == NULL || item->verdict != PLAN_SET)
			continue;
		tries++;
		lacks(&peace, SETTING_DISK_READ_MAX);
		lacks(&peace, SETTING_DISK_WRITE_MAX);
	}
	assert_int_equal(tries, 1);
	peace_end(&peace);
}

/* As the weight of VMs' cgroup, before there is one. */
static void a_hosts_knob_that_was_refused_is_set_once_it_can_be(void **state)
{
	struct peace peace;
	unsigned refused = 0, applied = 0, i, j;

	peace_begin(&peace, 1, NULL);
	add_intent(&peace.policy, 0, SETTING_HOST_VM_WEIGHT, 300);
	load(&peace);
	for (i = 0; i < 8; i++) {
		tick(&peace);
		for (j = 0; j < peace.plan.count; j++) {
			if (peace.plan.items[j].verdict != PLAN_SET)
				continue;
			tell(&peace, &peace.plan.items[j], refused < 2 ? OUTCOME_REFUSED : OUTCOME_APPLIED,
			     300);
			applied += refused == 2;
			refused += refused < 2;
		}
	}
	assert_int_equal(refused, 2);
	assert_int_equal(applied, 1);
	peace_end(&peace);
}

static const struct plan_item *drift(struct peace *peace, int64_t to)
{
	tell(peace, &(struct plan_item){ .vm = vm_at(peace, 0)->identity,
					 .setting = SETTING_CPU_WEIGHT }, OUTCOME_DRIFT, to);
	tick(peace);
	return find(peace, 0, SETTING_CPU_WEIGHT);
}

static void what_somebody_turned_back_is_set_again_three_times(void **state)
{
	const struct plan_item *item;
	struct peace peace;
	unsigned again, i;

	peace_begin(&peace, 1, NULL);
	add_intent(&peace.policy, 0, SETTING_CPU_SHARES, 400);
	load(&peace);
	tick_and_obey(&peace);
	tick(&peace);
	for (again = 0; again < 3; again++) {
		item = drift(&peace, 100);
		assert_non_null(item);
		for (i = 0; item->verdict == PLAN_HELD && i < 70; i++) {
			tick(&peace);
			item = find(&peace, 0, SETTING_CPU_WEIGHT);
			assert_non_null(item);
		}
		assert_int_equal(item->verdict, PLAN_SET);
		assert_int_equal(item->from.number, 100);
		expect_reason(item, "set to 400 by us, found at 100");
		obey(&peace);
	}
	for (i = 0; i < 600; i++) {
		item = i == 0 ? drift(&peace, 100) : find(&peace, 0, SETTING_CPU_WEIGHT);
		assert_non_null(item);
		assert_int_equal(item->verdict, PLAN_HELD);
		expect_reason(item, "left as it is, to whoever");
		tick(&peace);
	}
	hold(&peace, 0, 400, 0);
	tick(&peace);
	expect(&peace, 0, SETTING_CPU_WEIGHT, PLAN_SET, 400);
	peace_end(&peace);
}

static void what_somebody_turned_is_left_where_the_policy_says_so(void **state)
{
	struct peace peace;

	peace_begin(&peace, 1, NULL);
	add_intent(&peace.policy, 0, SETTING_CPU_SHARES, 400);
	peace.policy.drift = POLICY_DRIFT_LEAVE;
	load(&peace);
	tick_and_obey(&peace);
	tick(&peace);
	assert_int_equal(drift(&peace, 100)->verdict, PLAN_HELD);
	expect_reason(find(&peace, 0, SETTING_CPU_WEIGHT), "as the policy says");
	peace_end(&peace);
}

static void a_successor_takes_over_what_is_set(void **state)
{
	struct peace peace;
	size_t i;

	peace_begin(&peace, 2, NULL);
	add_intent(&peace.policy, 0, SETTING_CPU_SHARES, 400);
	load(&peace);
	for (i = 0; i < 2; i++)
		tell(&peace, &(struct plan_item){ .vm = vm_at(&peace, i)->identity,
						  .setting = SETTING_CPU_WEIGHT, .from_known = true,
						  .from.number = 100 }, OUTCOME_APPLIED, 400);
	tick(&peace);
	assert_null(find(&peace, 0, SETTING_CPU_WEIGHT));
	/* The rule that wanted vm001 so may still speak. */
	expect_reason(expect(&peace, 1, SETTING_CPU_WEIGHT, PLAN_HELD, 100), "before the restart");
	for (i = 0; i < 4; i++)
		tick(&peace);
	expect(&peace, 1, SETTING_CPU_WEIGHT, PLAN_HELD, 100);
	tick(&peace);
	expect(&peace, 1, SETTING_CPU_WEIGHT, PLAN_RELEASE, 100);
	peace_end(&peace);
}

static void what_a_timer_gave_back_is_not_set_at_once_again(void **state)
{
	struct peace peace;
	unsigned i;

	peace_begin(&peace, 1, NULL);
	add_intent(&peace.policy, 0, SETTING_CPU_SHARES, 400);
	load(&peace);
	tick_and_obey(&peace);
	tick(&peace);
	tell(&peace, &(struct plan_item){ .vm = vm_at(&peace, 0)->identity,
					  .setting = SETTING_CPU_WEIGHT }, OUTCOME_RESTORED, 100);
	for (i = 0; i < 59; i++) {
		tick(&peace);
		expect_reason(expect(&peace, 0, SETTING_CPU_WEIGHT, PLAN_HELD, 400), "given back");
	}
	tick(&peace);
	expect(&peace, 0, SETTING_CPU_WEIGHT, PLAN_SET, 400);
	peace_end(&peace);
}

static void the_dead_are_forgotten(void **state)
{
	struct peace peace;

	peace_begin(&peace, 3, NULL);
	add_intent(&peace.policy, 1, SETTING_CPU_SHARES, 50);
	load(&peace);
	tick_and_obey(&peace);
	synthetic_death(&peace.host, 1);
	tick(&peace);
	assert_int_equal(peace.plan.count, 0);
	arbiter_remove_policy(peace.arbiter, &peace.policy);
	tick(&peace);
	assert_int_equal(peace.plan.count, 1);
	expect(&peace, 1, SETTING_CPU_WEIGHT, PLAN_RELEASE, 100); /* the third, now the second */
	peace_end(&peace);
}

static void the_newborn_is_planned_for_alone(void **state)
{
	struct peace peace;

	peace_begin(&peace, 3, NULL);
	add_intent(&peace.policy, 1, SETTING_CPU_SHARES, 50);
	load(&peace);
	tick(&peace);
	assert_int_equal(peace.plan.count, 2);
	assert_int_equal(synthetic_birth(&peace.host), 0);
	assert_int_equal(arbiter_plan_vm(peace.arbiter, &peace.host.snapshot, vm_at(&peace, 3),
					 &peace.plan), 0);
	assert_int_equal(peace.plan.count, 1);
	expect(&peace, 3, SETTING_CPU_WEIGHT, PLAN_SET, 50);
	tick(&peace);
	assert_int_equal(peace.plan.count, 0);
	peace_end(&peace);
}

/* -- canaries --------------------------------------------------------------------------- */

static void begin_canaries(struct peace *peace)
{
	peace_begin(peace, 41, NULL);
	peace->policy.canary_permyriad = 2000;
	peace->policy.canary_usec = 5000000;
	add_intent(&peace->policy, 1, SETTING_CPU_SHARES, 50);
	load(peace);
	tick(peace);
}

static void a_policy_acts_on_a_part_first_and_then_on_the_rest(void **state)
{
	struct peace peace;
	size_t first, i;

	begin_canaries(&peace);
	first = count_verdicts(&peace, PLAN_SET);
	assert_in_range(first, 3, 15);
	assert_int_equal(count_verdicts(&peace, PLAN_HELD), 40 - first);
	obey(&peace);
	for (i = 0; i < 4; i++) {
		tick_and_obey(&peace);
		assert_int_equal(count_verdicts(&peace, PLAN_SET), 0);
		assert_int_equal(count_verdicts(&peace, PLAN_HELD), 40 - first);
		expect_reason(&peace.plan.items[0], "canary: 20 % of the class first");
	}
	tick_and_obey(&peace);
	assert_int_equal(count_verdicts(&peace, PLAN_SET), 40 - first);
	peace_end(&peace);
}

static void the_rest_does_not_follow_a_refusal(void **state)
{
	struct peace peace;
	size_t i;

	begin_canaries(&peace);
	for (i = 0; i < peace.plan.count; i++)
		if (peace.plan.items[i].verdict == PLAN_SET) {
			tell(&peace, &peace.plan.items[i], OUTCOME_REFUSED, 0);
			break;
		}
	for (i = 0; i < 10; i++)
		tick(&peace);
	for (i = 0; i < peace.plan.count; i++)
		if (strstr(peace.plan.items[i].reason, "1 refusals among the first") != NULL)
			return peace_end(&peace);
	fail_msg("nobody is held for the refusal");
}

static void the_rest_does_not_follow_canaries_that_wait(void **state)
{
	struct vm_identity canaries[41];
	struct peace peace;
	size_t count = 0, i, j, k;

	begin_canaries(&peace);
	for (i = 0; i < peace.plan.count; i++)
		if (peace.plan.items[i].verdict == PLAN_SET)
			canaries[count++] = peace.plan.items[i].vm;
	for (i = 0; i < 8; i++) {
		for (j = 0; j < 41; j++)
			for (k = 0; k < count; k++)
				if (vm_identity_compare(&vm_at(&peace, j)->identity,
							&canaries[k]) == 0)
					vm_at(&peace, j)->value[VM_WAITING] += 300000;
		tick_and_obey(&peace);
	}
	assert_int_equal(count_verdicts(&peace, PLAN_SET), 0);
	expect_reason(&peace.plan.items[0], "of their time more than the others");
	peace_end(&peace);
}

/* One more goes in before the canaries' own, and one that stood there is taken out. */
static void load_another(struct peace *peace, struct policy *another, const char *name)
{
	describe(another);
	strcpy(another->name, name);
	assert_int_equal(arbiter_insert_policy(peace->arbiter, another, &peace->policy, NULL), 0);
}

static void canaries_go_on_while_other_policies_come_and_go(void **state)
{
	struct policy first, second;
	struct peace peace;
	size_t canaries, i;

	begin_canaries(&peace);
	canaries = count_verdicts(&peace, PLAN_SET);
	obey(&peace);
	tick_and_obey(&peace);
	load_another(&peace, &first, "first");
	tick_and_obey(&peace);
	load_another(&peace, &second, "second");
	tick_and_obey(&peace);
	arbiter_remove_policy(peace.arbiter, &first);
	for (i = 0; i < 2; i++) {
		assert_int_equal(count_verdicts(&peace, PLAN_HELD), 40 - canaries);
		tick_and_obey(&peace);
	}
	assert_int_equal(count_verdicts(&peace, PLAN_SET), 40 - canaries);
	policy_done(&first);
	peace_end(&peace);
	policy_done(&second);
}

static void what_canaries_waited_before_another_load_counts(void **state)
{
	struct policy another;
	struct peace peace;
	size_t i, j;

	begin_canaries(&peace);
	for (i = 0; i < peace.plan.count; i++)
		for (j = 0; j < 41; j++)
			if (peace.plan.items[i].verdict == PLAN_SET &&
			    vm_identity_compare(&vm_at(&peace, j)->identity, &peace.plan.items[i].vm) == 0)
				vm_at(&peace, j)->value[VM_WAITING] += 3000000;
	obey(&peace);
	tick_and_obey(&peace);
	load_another(&peace, &another, "another");
	for (i = 0; i < 7; i++)
		tick_and_obey(&peace);
	assert_int_equal(count_verdicts(&peace, PLAN_SET), 0);
	expect_reason(&peace.plan.items[0], "of their time more than the others");
	peace_end(&peace);
	policy_done(&another);
}

static void a_refusal_counts_for_its_policy_though_another_was_put_before_it(void **state)
{
	struct policy another;
	struct peace peace;
	size_t i;

	begin_canaries(&peace);
	load_another(&peace, &another, "another");
	for (i = 0; i < peace.plan.count && peace.plan.items[i].verdict != PLAN_SET; i++)
		;
	tell(&peace, &peace.plan.items[i], OUTCOME_REFUSED, 0);
	for (i = 0; i < 10; i++)
		tick(&peace);
	for (i = 0; i < peace.plan.count; i++)
		if (strstr(peace.plan.items[i].reason, "1 refusals among the first") != NULL)
			break;
	assert_true(i < peace.plan.count);
	peace_end(&peace);
	policy_done(&another);
}

static void what_rules_asked_for_stays_when_a_policy_is_put_before_theirs(void **state)
{
	struct policy another;
	struct peace peace;

	peace_begin(&peace, 4, NULL);
	load(&peace);
	request(&peace, 2, "raise", 300);
	tick_and_obey(&peace);
	load_another(&peace, &another, "another");
	tick(&peace);
	assert_int_equal(count_verdicts(&peace, PLAN_RELEASE), 0);
	add_intent(&another, 1, SETTING_CPU_SHARES, 700);
	arbiter_replace_policy(peace.arbiter, &another, &another, NULL);
	tick(&peace);
	expect(&peace, 2, SETTING_CPU_WEIGHT, PLAN_SET, 700); /* it stands before it now */
	peace_end(&peace);
	policy_done(&another);
}

/* -- reservations ----------------------------------------------------------------------- */

static void reservations_that_do_not_fit_are_refused_with_the_sum(void **state)
{
	struct error err = { 0 };
	struct peace peace;

	peace_begin(&peace, 4, NULL);
	add_intent(&peace.policy, 0, SETTING_CPU_RESERVE, 20000);
	add_intent(&peace.policy, 1, SETTING_CPU_RESERVE, 20000);
	assert_int_equal(arbiter_check_reservations(peace.arbiter, &peace.policy,
						    &peace.host.snapshot, &err), 0);
	peace.policy.intents[1].value.number = 25000;
	assert_int_equal(arbiter_check_reservations(peace.arbiter, &peace.policy,
						    &peace.host.snapshot, &err), -EOVERFLOW);
	assert_string_equal(err.text, "what is reserved (cpu.reserve) does not fit: 1 x 2 CPUs (gold:11) "
				      "+ 3 x 2.5 CPUs (bronze:12) = 9.5 CPUs are more than the 8 CPUs "
				      "of this host");
	peace.policy.intents[1].setting = SETTING_MEMORY_RESERVE;
	peace.policy.intents[1].value.number = (int64_t)100 << 30;
	assert_int_equal(arbiter_check_reservations(peace.arbiter, &peace.policy,
						    &peace.host.snapshot, &err), -EOVERFLOW);
	assert_non_null(strstr(err.text, "3 x 100 GiB (bronze:12) = 300 GiB"));
	peace_end(&peace);
}

static void a_newborns_reservation_that_does_not_fit_is_told(void **state)
{
	struct peace peace;

	peace_begin(&peace, 7, NULL);
	add_intent(&peace.policy, 1, SETTING_CPU_RESERVE, 20000);
	load(&peace);
	/* vm002, vm004, vm006 have two vCPUs, the other three one: 9 CPUs, and the host has 8. */
	vm_at(&peace, 6)->born_usec = peace.host.snapshot.realtime_usec;
	tick(&peace);
	expect_reason(expect(&peace, 6, SETTING_CPU_RESERVE, PLAN_CANNOT, 20000),
		      "2 CPUs do not fit beside what older VMs reserve of this host's 8");
	assert_null(find(&peace, 1, SETTING_CPU_RESERVE));
	synthetic_death(&peace.host, 2);
	tick(&peace);
	assert_null(find(&peace, 5, SETTING_CPU_RESERVE));
	peace_end(&peace);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes_too_small_to_matter_are_left),
		cmocka_unit_test(one_knob_is_not_turned_twice_within_its_interval),
		cmocka_unit_test(too_many_at_once_wait_and_what_gives_goes_first),
		cmocka_unit_test(the_same_refusal_is_in_each_plan_but_news_once),
		cmocka_unit_test(what_was_refused_is_tried_again_later_and_later),
		cmocka_unit_test(what_a_vm_has_nothing_for_cannot_be_and_is_not_tried_each_time),
		cmocka_unit_test(a_hosts_knob_that_was_refused_is_set_once_it_can_be),
		cmocka_unit_test(what_somebody_turned_back_is_set_again_three_times),
		cmocka_unit_test(what_somebody_turned_is_left_where_the_policy_says_so),
		cmocka_unit_test(a_successor_takes_over_what_is_set),
		cmocka_unit_test(what_a_timer_gave_back_is_not_set_at_once_again),
		cmocka_unit_test(the_dead_are_forgotten),
		cmocka_unit_test(the_newborn_is_planned_for_alone),
		cmocka_unit_test(a_policy_acts_on_a_part_first_and_then_on_the_rest),
		cmocka_unit_test(the_rest_does_not_follow_a_refusal),
		cmocka_unit_test(the_rest_does_not_follow_canaries_that_wait),
		cmocka_unit_test(canaries_go_on_while_other_policies_come_and_go),
		cmocka_unit_test(what_canaries_waited_before_another_load_counts),
		cmocka_unit_test(a_refusal_counts_for_its_policy_though_another_was_put_before_it),
		cmocka_unit_test(what_rules_asked_for_stays_when_a_policy_is_put_before_theirs),
		cmocka_unit_test(reservations_that_do_not_fit_are_refused_with_the_sum),
		cmocka_unit_test(a_newborns_reservation_that_does_not_fit_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
