/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/test_peace.h"

#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

void say(char **text, const char *value)
{
	text_set(text, value, strlen(value));
}

void add_class(struct policy *policy, const char *name, const char *glob)
{
	struct policy_class *class = policy_add_class(policy, name, 3);

	assert_non_null(class);
	assert_non_null(policy_class_add_match(class, POLICY_MATCH_NAME, glob));
}

void add_intent(struct policy *policy, size_t class, enum setting setting, int64_t number)
{
	struct policy_intent *intent = policy_add_intent(policy, class);

	assert_non_null(intent);
	intent->setting = setting;
	intent->value.number = number;
	intent->line = 10 + (int)policy->intent_count;
}

void describe(struct policy *policy)
{
	policy_init(policy);
	strcpy(policy->name, "gold-first");
	strcpy(policy->path, "gold-first.lua");
	policy->interval_usec = 1000000;
	add_class(policy, "gold", "vm000");
	add_class(policy, "bronze", "vm*");
	policy_add_rule(policy, "raise", 20);
	policy_add_rule(policy, "lower", 30);
}

void load(struct peace *peace)
{
	assert_int_equal(arbiter_add_policy(peace->arbiter, &peace->policy, NULL), 0);
}

void peace_begin(struct peace *peace, unsigned vms, const struct arbiter_options *options)
{
	assert_int_equal(synthetic_init(&peace->host, 8, vms, 1), 0);
	describe(&peace->policy);
	peace->arbiter = arbiter_new(options);
	assert_non_null(peace->arbiter);
	plan_init(&peace->plan);
}

void peace_end(struct peace *peace)
{
	arbiter_free(peace->arbiter);
	plan_done(&peace->plan);
	policy_done(&peace->policy);
	synthetic_done(&peace->host);
}

struct vm *vm_at(const struct peace *peace, size_t at)
{
	return peace->host.snapshot.vms[at];
}

void tick(struct peace *peace)
{
	synthetic_tick(&peace->host);
	assert_int_equal(arbiter_plan(peace->arbiter, &peace->host.snapshot, &peace->plan), 0);
}

void tell(struct peace *peace, const struct plan_item *item, enum outcome_status status,
		 int64_t to)
{
	struct outcome outcome = {
		.vm = item->vm, .setting = item->setting, .status = status,
		.realtime_usec = peace->host.snapshot.realtime_usec,
		.from_known = item->from_known, .from = item->from, .to = item->to,
	};

	outcome.to.number = to;
	strcpy(outcome.text, "it says no");
	arbiter_outcome(peace->arbiter, &outcome);
}

void obey(struct peace *peace)
{
	size_t i;

	for (i = 0; i < peace->plan.count; i++) {
		const struct plan_item *item = &peace->plan.items[i];

		if (item->verdict == PLAN_SET)
			tell(peace, item, OUTCOME_APPLIED, item->to.number);
		else if (item->verdict == PLAN_RELEASE)
			tell(peace, item, OUTCOME_RESTORED, item->to.number);
	}
}

void tick_and_obey(struct peace *peace)
{
	tick(peace);
	obey(peace);
}

const struct plan_item *find(const struct peace *peace, size_t vm, enum setting setting)
{
	size_t i;

	for (i = 0; i < peace->plan.count; i++)
		if (peace->plan.items[i].setting == setting &&
		    vm_identity_compare(&peace->plan.items[i].vm,
					&vm_at(peace, vm)->identity) == 0)
			return &peace->plan.items[i];
	return NULL;
}

const struct plan_item *expect(const struct peace *peace, size_t vm, enum setting setting,
				      enum plan_verdict verdict, int64_t to)
{
	const struct plan_item *item = find(peace, vm, setting);
	struct str line;

	if (item == NULL)
		fail_msg("nothing about %s of VM %zu in %zu items", setting_info[setting].name, vm,
			 peace->plan.count);
	str_init(&line);
	plan_item_append(&line, item);
	if (item->verdict != verdict || item->to.number != to)
		fail_msg("%s", line.data);
	str_done(&line);
	return item;
}

void expect_reason(const struct plan_item *item, const char *what)
{
	if (strstr(item->reason, what) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", item->reason, what);
}

int request_of(struct peace *peace, size_t vm, const char *rule, enum setting setting,
		      int64_t number, bool release)
{
	struct request request = {
		.vm = vm_at(peace, vm)->identity, .setting = setting, .release = release,
		.value.number = number,
	};

	strcpy(request.cause.policy, peace->policy.name);
	strcpy(request.cause.rule, rule);
	request.cause.line = 21;
	return arbiter_request(peace->arbiter, &peace->policy, &request);
}

void request(struct peace *peace, size_t vm, const char *rule, int64_t weight)
{
	assert_int_equal(request_of(peace, vm, rule, SETTING_CPU_WEIGHT, weight, false), 0);
}

void hold(struct peace *peace, size_t vm, int64_t weight, uint64_t until)
{
	struct setting_value value = { .number = weight };
	struct cause cause = { .policy = "set" };

	assert_int_equal(arbiter_hold(peace->arbiter, &vm_at(peace, vm)->identity,
				      SETTING_CPU_WEIGHT, &value, until, &cause), 0);
}

size_t count_verdicts(const struct peace *peace, enum plan_verdict verdict)
{
	size_t i, count = 0;

	for (i = 0; i < peace->plan.count; i++)
		count += peace->plan.items[i].verdict == verdict;
	return count;
}
