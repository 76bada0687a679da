/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One policy on every captured host: whatever is wanted is a knob of its range or a reason, and
 * nothing is dropped; the same file gives the same ratios on every cgroup version.
 *
 *     captured_test HOST...
 */
#include "base/error.h"
#include "base/str.h"
#include "decide/arbiter.h"
#include "model/snapshot.h"
#include "observe/observe.h"
#include "sys/root.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	enum setting setting;
	int64_t number;
} wishes[] = {
	{ SETTING_CPU_SHARES, 400 },
	{ SETTING_CPU_LIMIT, 15000 },
	{ SETTING_MEMORY_SHARES, 200 },
	{ SETTING_MEMORY_RESERVE, 64 << 20 },
	{ SETTING_MEMORY_LIMIT, (int64_t)1 << 40 },
	{ SETTING_DISK_SHARES, 400 },
	{ SETTING_DISK_LIMIT, 10000000 },
	{ SETTING_DISK_LIMIT_OPERATIONS, 100 },
	{ SETTING_NET_RESERVE, 1000000 },
	{ SETTING_NET_LIMIT, 10000000 },
};

#define WISHES (sizeof wishes / sizeof wishes[0])

static unsigned failures;

static void fault(const char *host, const char *what, const struct plan_item *item)
{
	struct str line;

	str_init(&line);
	if (item != NULL)
		plan_item_append(&line, item);
	printf("%s: %s%s%s\n", host, what, item != NULL ? ": " : "",
	       line.data != NULL ? line.data : "");
	str_done(&line);
	failures++;
}

static void describe(struct policy *policy)
{
	size_t i;

	policy_init(policy);
	strcpy(policy->name, "everything");
	policy_class_add_match(policy_add_class(policy, "all", 1), POLICY_MATCH_ANY, "");
	for (i = 0; i < WISHES; i++) {
		struct policy_intent *intent = policy_add_intent(policy, 0);

		intent->setting = wishes[i].setting;
		intent->value.number = wishes[i].number;
		intent->line = 2 + (int)i;
	}
}

static bool speaks_of(const struct plan *plan, const struct vm *vm, enum setting asked)
{
	size_t i;

	for (i = 0; i < plan->count; i++)
		if (plan->items[i].asked == asked &&
		    vm_identity_compare(&plan->items[i].vm, &vm->identity) == 0)
			return true;
	return false;
}

/* What is kept already needs no item: a protection, or a tighter limit of its owner's. */
static bool may_be_silent(const struct vm *vm, enum setting asked)
{
	if (asked == SETTING_CPU_LIMIT)
		return vm->state[VM_QUOTA] == FIGURE_PRESENT && vm->value[VM_QUOTA] <= 15000;
	return asked == SETTING_MEMORY_SHARES || asked == SETTING_MEMORY_RESERVE;
}

static void check_item(const char *host, const struct snapshot *snapshot,
		       const struct plan_item *item)
{
	const char *cgroup = snapshot->host.text[HOST_TEXT_CGROUP];

	if (item->verdict == PLAN_SET && setting_info[item->setting].kind != SETTING_KIND_KNOB)
		fault(host, "an intent is set as it is", item);
	if (item->verdict == PLAN_SET &&
	    setting_check(item->setting, item->to.number, NULL) < 0)
		fault(host, "out of range", item);
	if (item->verdict != PLAN_SET && item->reason[0] == '\0')
		fault(host, "no reason", item);
	if (item->asked == SETTING_CPU_SHARES && item->setting == SETTING_CPU_WEIGHT &&
	    item->to.number != 400)
		fault(host, "another ratio than was asked for", item);
	if (cgroup != NULL && strcmp(cgroup, "v1") == 0 && item->verdict == PLAN_SET &&
	    (item->setting == SETTING_MEMORY_HIGH || item->setting == SETTING_MEMORY_LOW))
		fault(host, "a knob that v1 does not have", item);
}

static unsigned check_plan(const char *host, const struct snapshot *snapshot,
			   const struct plan *plan)
{
	size_t i, j;

	for (i = 0; i < plan->count; i++)
		check_item(host, snapshot, &plan->items[i]);
	for (i = 0; i < snapshot->vm_count; i++)
		for (j = 0; j < WISHES; j++)
			if (!speaks_of(plan, snapshot->vms[i], wishes[j].setting) &&
			    !may_be_silent(snapshot->vms[i], wishes[j].setting))
				fault(host, setting_info[wishes[j].setting].name, NULL);
	return (unsigned)snapshot->vm_count;
}

static unsigned check_host(const char *host)
{
	struct observe_options options = { .once = true, .with_owner = true };
	struct arbiter *arbiter = arbiter_new(NULL);
	struct error err = { 0 };
	struct root *root = root_captured_new(host, &err);
	struct observe *observe = root != NULL ? observe_new(root, &options, &err) : NULL;
	const struct snapshot *snapshot;
	struct policy policy;
	struct plan plan;
	unsigned vms = 0;

	describe(&policy);
	plan_init(&plan);
	if (arbiter == NULL || observe == NULL || observe_tick(observe, &err) < 0) {
		fault(host, err.text, NULL);
	} else {
		snapshot = observe_snapshot(observe);
		if (arbiter_add_policy(arbiter, &policy, NULL) < 0 ||
		    arbiter_plan(arbiter, snapshot, &plan) < 0)
			fault(host, "no plan", NULL);
		else
			vms = check_plan(host, snapshot, &plan);
	}
	plan_done(&plan);
	arbiter_free(arbiter);
	policy_done(&policy);
	observe_free(observe);
	root_free(root);
	return vms;
}

int main(int argc, char **argv)
{
	unsigned vms = 0;
	int i;

	for (i = 1; i < argc; i++)
		vms += check_host(argv[i]);
	printf("%d hosts, %u VMs, %u faults\n", argc - 1, vms, failures);
	return failures == 0 && vms > 0 ? 0 : 1;
}
