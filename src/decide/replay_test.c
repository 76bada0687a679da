/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/replay.h"

#include "base/error.h"
#include "base/str.h"
#include "decide/overlay.h"
#include "model/nice.h"
#include "model/synthetic.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* A stand-in for the policy's process: the paper's rule on the first VM, by what it reads back. */
struct figure7 {
	struct policy policy;
	struct request request;
	struct decision decision;
	unsigned turns, births;
	size_t outcomes;
	int64_t seen;
	int fails;
};

static void describe(struct figure7 *policy, bool with_rule)
{
	struct policy_class *class;

	memset(policy, 0, sizeof *policy);
	policy_init(&policy->policy);
	strcpy(policy->policy.name, "figure7");
	policy->policy.interval_usec = 2000000;
	class = policy_add_class(&policy->policy, "all", 1);
	policy_class_add_match(class, POLICY_MATCH_ANY, "");
	if (with_rule)
		policy_add_rule(&policy->policy, "busy", 7);
}

static int nice_of(const struct vm *vm)
{
	return nice_of_weight_relative(vm->value[VM_WEIGHT_RELATIVE]);
}

static int turn(void *context, enum decider_occasion occasion, const struct snapshot *snapshot,
		const struct outcome *outcomes, size_t outcome_count, const struct decision **ret,
		struct error *err)
{
	struct figure7 *policy = context;

	if (policy->fails < 0)
		return error_set(err, policy->fails, "it is gone");
	policy->turns++;
	policy->births += occasion == DECIDER_BIRTH;
	policy->outcomes += outcome_count;
	policy->seen = nice_of(snapshot->vms[0]);
	assert_string_equal(snapshot->vms[0]->text[VM_TEXT_CLASS], "all");
	memset(&policy->decision, 0, sizeof policy->decision);
	if (policy->policy.rule_count > 0 && policy->seen < 15) {
		policy->request = (struct request){
			.vm = snapshot->vms[0]->identity, .setting = SETTING_CPU_NICE,
			.value.number = policy->seen + 1,
			.cause = { .policy = "figure7", .line = 7, .rule = "busy",
				   .because = "load above 90 %" },
		};
		policy->decision.requests = &policy->request;
		policy->decision.request_count = 1;
	}
	*ret = &policy->decision;
	return 0;
}

static void play(struct figure7 *policy, unsigned ticks, struct str *out, struct replay_sums *sums)
{
	struct replay_options options = { .turn = turn, .context = policy };
	struct replay *replay = replay_new(&policy->policy, &options);
	struct synthetic host;
	struct error err = { 0 };
	unsigned i;

	assert_non_null(replay);
	assert_int_equal(synthetic_init(&host, 4, 3, 1), 0);
	for (i = 0; i < ticks; i++) {
		if (replay_step(replay, &host.snapshot, out, &err) < 0)
			fail_msg("%s", err.text);
		synthetic_tick(&host);
	}
	replay_end(replay, sums, out);
	replay_free(replay);
	synthetic_done(&host);
}

static void a_policy_sees_what_it_has_set(void **state)
{
	struct figure7 policy;
	struct replay_sums sums;
	struct str out;

	str_init(&out);
	describe(&policy, true);
	play(&policy, 20, &out, &sums);
	assert_int_equal(policy.turns, 10);
	assert_int_equal(policy.seen, 9);
	assert_int_equal(policy.outcomes, 9);
	assert_int_equal(sums.set, 10);
	assert_non_null(strstr(out.data, "set vm000 (all) cpu.nice 0 -> 1 by figure7:7 (busy): load "
					 "above 90 %"));
	assert_non_null(strstr(out.data, "cpu.nice 9 -> 10"));
	assert_non_null(strstr(out.data, "effects on load are not simulated"));
	policy_done(&policy.policy);
	str_done(&out);
}

/* Delete the rule that explain names, replay: the adjustment vanishes. */
static void without_the_rule_nothing_is_adjusted(void **state)
{
	struct figure7 policy;
	struct replay_sums sums;
	struct str out;

	str_init(&out);
	describe(&policy, false);
	play(&policy, 20, &out, &sums);
	assert_int_equal(policy.turns, 10);
	assert_int_equal(sums.set, 0);
	assert_null(strstr(out.data, "set "" vm000"));
	policy_done(&policy.policy);
	str_done(&out);
}

static void the_same_recording_gives_the_same_bytes(void **state)
{
	struct figure7 policy;
	struct replay_sums sums;
	struct str once, again;

	str_init(&once);
	str_init(&again);
	describe(&policy, true);
	play(&policy, 40, &once, &sums);
	policy_done(&policy.policy);
	describe(&policy, true);
	play(&policy, 40, &again, &sums);
	assert_string_equal(once.data, again.data);
	policy_done(&policy.policy);
	str_done(&once);
	str_done(&again);
}

static void a_birth_is_a_turn_out_of_turn(void **state)
{
	struct figure7 policy;
	struct replay_options options = { .turn = turn, .context = &policy };
	struct synthetic host;
	struct replay *replay;
	struct str out;

	str_init(&out);
	describe(&policy, true);
	replay = replay_new(&policy.policy, &options);
	assert_int_equal(synthetic_init(&host, 4, 3, 1), 0);
	assert_int_equal(replay_step(replay, &host.snapshot, &out, NULL), 0);
	synthetic_tick(&host);
	assert_int_equal(synthetic_birth(&host), 0);
	assert_int_equal(replay_step(replay, &host.snapshot, &out, NULL), 0);
	assert_int_equal(policy.turns, 2);
	assert_int_equal(policy.births, 1);
	policy.fails = -EPIPE;
	synthetic_tick(&host);
	assert_int_equal(replay_step(replay, &host.snapshot, &out, NULL), -EPIPE);
	replay_free(replay);
	synthetic_done(&host);
	policy_done(&policy.policy);
	str_done(&out);
}

static void lay(struct overlay *overlay, const struct vm *vm, enum setting setting, int64_t number,
		enum plan_verdict verdict)
{
	struct plan_item item = { .verdict = verdict, .setting = setting, .to.number = number };

	if (vm != NULL)
		item.vm = vm->identity;
	assert_int_equal(overlay_note(overlay, &item), 0);
}

static void what_is_laid_over_is_read_back_where_it_arbitrates(void **state)
{
	struct overlay *overlay = overlay_new();
	struct synthetic host;
	struct vm *vm;

	assert_int_equal(synthetic_init(&host, 4, 3, 1), 0);
	vm = host.snapshot.vms[0];
	lay(overlay, vm, SETTING_CPU_WEIGHT, 400, PLAN_SET);
	lay(overlay, vm, SETTING_CPU_QUOTA, 15000, PLAN_SET);
	lay(overlay, vm, SETTING_MEMORY_HIGH, 1 << 30, PLAN_SET);
	lay(overlay, NULL, SETTING_KSM_RUN, 1, PLAN_SET);
	assert_int_equal(overlay_apply(overlay, &host.snapshot), 0);
	assert_int_equal(vm->value[VM_WEIGHT], 400);
	assert_int_equal(vm->value[VM_WEIGHT_RELATIVE], 40000);
	assert_int_equal(vm->state[VM_QUOTA], FIGURE_PRESENT);
	assert_int_equal(vm->value[VM_QUOTA], 15000);
	assert_int_equal(vm->value[VM_MEMORY_HIGH], 1 << 30);
	assert_int_equal(host.snapshot.host.value[HOST_KSM_RUN], 1);

	vm = host.snapshot.vms[1];
	text_set(&vm->text[VM_TEXT_WEIGHT_WHERE], "autogroup", 9);
	lay(overlay, vm, SETTING_CPU_NICE, 5, PLAN_SET);
	assert_int_equal(overlay_apply(overlay, &host.snapshot), 0);
	assert_int_equal(vm->value[VM_AUTOGROUP_NICE], 5);
	assert_int_equal(vm->value[VM_NICE], 0);

	vm = host.snapshot.vms[2];
	text_set(&host.snapshot.host.text[HOST_TEXT_CGROUP], "v1", 2);
	text_set(&vm->text[VM_TEXT_WEIGHT_WHERE], "nice", 4);
	lay(overlay, vm, SETTING_CPU_WEIGHT, 200, PLAN_SET);
	assert_int_equal(overlay_apply(overlay, &host.snapshot), 0);
	assert_string_equal(vm->text[VM_TEXT_WEIGHT_WHERE], "cpu.shares");
	assert_int_equal(vm->value[VM_WEIGHT], 2048);
	overlay_free(overlay);
	synthetic_done(&host);
}

static void what_is_released_shows_what_was_recorded(void **state)
{
	struct overlay *overlay = overlay_new();
	struct synthetic host;

	assert_int_equal(synthetic_init(&host, 4, 1, 1), 0);
	lay(overlay, host.snapshot.vms[0], SETTING_CPU_WEIGHT, 400, PLAN_SET);
	lay(overlay, host.snapshot.vms[0], SETTING_CPU_WEIGHT, 300, PLAN_HELD);
	lay(overlay, host.snapshot.vms[0], SETTING_CPU_WEIGHT, 100, PLAN_RELEASE);
	assert_int_equal(overlay_apply(overlay, &host.snapshot), 0);
	assert_int_equal(host.snapshot.vms[0]->value[VM_WEIGHT], 100);
	overlay_free(overlay);
	synthetic_done(&host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_policy_sees_what_it_has_set),
		cmocka_unit_test(without_the_rule_nothing_is_adjusted),
		cmocka_unit_test(the_same_recording_gives_the_same_bytes),
		cmocka_unit_test(a_birth_is_a_turn_out_of_turn),
		cmocka_unit_test(what_is_laid_over_is_read_back_where_it_arbitrates),
		cmocka_unit_test(what_is_released_shows_what_was_recorded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
