/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a plan costs, on made-up hosts: the first one, one in which nothing changes, one with many
 * refusals that stand, one in which a tenth of the VMs' wishes change. */
#include "base/clock.h"
#include "decide/arbiter.h"
#include "model/synthetic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TICKS 200

struct bench {
	struct synthetic host;
	struct policy policy;
	struct arbiter *arbiter;
	struct plan plan;
};

static void add_intent(struct policy *policy, size_t class, enum setting setting, int64_t number)
{
	struct policy_intent *intent = policy_add_intent(policy, class);

	if (intent == NULL)
		abort();
	intent->setting = setting;
	intent->value.number = number;
}

static void describe(struct policy *policy, bool refusals)
{
	policy_init(policy);
	strcpy(policy->name, "gold-first");
	policy_class_add_match(policy_add_class(policy, "gold", 1), POLICY_MATCH_NAME, "vm*0");
	policy_class_add_match(policy_add_class(policy, "bronze", 2), POLICY_MATCH_ANY, "");
	policy_add_rule(policy, "give way", 3);
	add_intent(policy, 0, SETTING_CPU_SHARES, 400);
	add_intent(policy, 0, SETTING_CPU_RESERVE, 500);
	add_intent(policy, 1, SETTING_CPU_SHARES, 100);
	if (refusals)
		add_intent(policy, 1, SETTING_DISK_SHARES, 50);
}

static void begin(struct bench *bench, unsigned vms, bool refusals)
{
	memset(bench, 0, sizeof *bench);
	describe(&bench->policy, refusals);
	bench->arbiter = arbiter_new(NULL);
	plan_init(&bench->plan);
	if (synthetic_init(&bench->host, 64, vms, 1) < 0 || bench->arbiter == NULL ||
	    arbiter_add_policy(bench->arbiter, &bench->policy, NULL) < 0)
		abort();
}

static void end(struct bench *bench)
{
	arbiter_free(bench->arbiter);
	plan_done(&bench->plan);
	policy_done(&bench->policy);
	synthetic_done(&bench->host);
}

static uint64_t plan(struct bench *bench)
{
	uint64_t begin_nsec = clock_thread_cpu_nsec();

	if (arbiter_plan(bench->arbiter, &bench->host.snapshot, &bench->plan) < 0)
		abort();
	return clock_thread_cpu_nsec() - begin_nsec;
}

static void obey(struct bench *bench)
{
	size_t i;

	for (i = 0; i < bench->plan.count; i++) {
		const struct plan_item *item = &bench->plan.items[i];
		struct outcome outcome = {
			.vm = item->vm, .setting = item->setting, .status = OUTCOME_APPLIED,
			.from_known = item->from_known, .from = item->from, .to = item->to,
		};

		if (item->verdict == PLAN_SET)
			arbiter_outcome(bench->arbiter, &outcome);
	}
}

static void ask(struct bench *bench, unsigned tick)
{
	size_t i;

	for (i = tick % 10; i < bench->host.snapshot.vm_count; i += 10) {
		struct request request = {
			.vm = bench->host.snapshot.vms[i]->identity, .setting = SETTING_CPU_WEIGHT,
			.value.number = 100 + tick % 9 * 50,
		};

		strcpy(request.cause.rule, "give way");
		if (arbiter_request(bench->arbiter, &bench->policy, &request) < 0)
			abort();
	}
}

static void run(unsigned vms, const char *what, bool refusals, bool changing)
{
	uint64_t first, sum = 0, most = 0;
	struct bench bench;
	unsigned tick;

	begin(&bench, vms, refusals);
	first = plan(&bench);
	obey(&bench);
	for (tick = 0; tick < TICKS; tick++) {
		uint64_t nsec;

		synthetic_tick(&bench.host);
		if (changing)
			ask(&bench, tick);
		nsec = plan(&bench);
		obey(&bench);
		if (tick < 10)
			continue;
		sum += nsec;
		most = nsec > most ? nsec : most;
	}
	printf("%5u VMs %-28s first %6llu usec, then %5llu usec a plan, at most %5llu; %zu items\n",
	       vms, what, (unsigned long long)(first / 1000),
	       (unsigned long long)(sum / (TICKS - 10) / 1000), (unsigned long long)(most / 1000),
	       bench.plan.count);
	end(&bench);
}

int main(void)
{
	static const unsigned sizes[] = { 20, 100, 500, 2000 };
	size_t i;

	for (i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		run(sizes[i], "nothing changes", false, false);
		run(sizes[i], "refusals that stand", true, false);
		run(sizes[i], "a tenth asks anew each tick", false, true);
	}
	return 0;
}
