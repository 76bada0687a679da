/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether what we set is still there. Each knob is looked at every LOOK_USEC, some at each call;
 * one of a VM about which an event tells that a knob was turned, at once. Knobs of slow owners
 * are asked for by the worker, more seldom.
 */
#include "act/act_state.h"
#include "act/act_worker.h"
#include "act/cpu_place.h"
#include "base/clock.h"
#include "base/str.h"
#include "lease/lease.h"
#include "sys/root.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#define LOOK_USEC (8 * USEC_PER_SEC)
#define LOOK_SLOW_USEC (60 * USEC_PER_SEC)
/* How often leases of VMs that have ended are looked for without an occasion: a made cgroup may
 * have been busy at the first time. */
#define DEAD_USEC (10 * USEC_PER_SEC)

static void append_time(struct str *str, uint64_t realtime_usec)
{
	time_t seconds = (time_t)(realtime_usec / USEC_PER_SEC);
	struct tm local;
	char text[16];

	if (localtime_r(&seconds, &local) != NULL && strftime(text, sizeof text, "%H:%M", &local) > 0)
		str_append(str, text);
}

/* "was 100, set to 400 by us at 10:02, now 100" */
static void tell_drift(struct act *act, const struct act_held *held,
		       const struct setting_value *now)
{
	struct outcome *outcome = act_outcome(act, &held->vm, held->setting, OUTCOME_DRIFT);
	struct str text;

	str_init(&text);
	if (held->before_known) {
		str_append(&text, "was ");
		setting_append(&text, held->setting, &held->before);
		str_append(&text, ", ");
	}
	str_append(&text, "set to ");
	setting_append(&text, held->setting, &held->value);
	str_append(&text, " by us at ");
	append_time(&text, held->realtime_usec);
	str_append(&text, ", now ");
	setting_append(&text, held->setting, now);
	outcome->from_known = true;
	outcome->from = held->value;
	outcome->to = *now;
	snprintf(outcome->where, sizeof outcome->where, "%s", held->where);
	snprintf(outcome->text, sizeof outcome->text, "%s", text.data != NULL ? text.data : "");
	str_done(&text);
}

void act_compare(struct act *act, struct act_held *held, const struct act_turn *reading)
{
	held->looked_usec = root_monotonic_usec(act->root);
	if (!reading->seen_known) {
		/* What it was set in is gone: the next SET looks for a way anew. */
		if (reading->code == -ENOENT || reading->code == -ENODEV)
			held->actuator = NULL;
		return;
	}
	if (held->setting == SETTING_MEMORY_BALLOON)
		act_follow(act, held, reading->seen.number);
	else if (held->seen_known && !setting_value_equal(held->setting, &held->seen, &reading->seen))
		tell_drift(act, held, &reading->seen);
	held->seen_known = true;
	held->seen = reading->seen;
}

static bool figure_tells(const struct snapshot *snapshot, const struct act_held *held,
			 struct act_turn *reading)
{
	int figure = setting_info[held->setting].figure;
	const struct vm *vm = snapshot_find_vm(snapshot, &held->vm);

	if (figure < 0 || vm == NULL || vm->state[figure] != FIGURE_PRESENT)
		return false;
	/* Told before it was set? Then it says nothing of that. */
	if (vm->sampled_usec[vm_info.figures[figure].group] <= held->looked_usec)
		return false;
	reading->seen_known = true;
	reading->seen = (struct setting_value){ .number = vm->value[figure] };
	return true;
}

static void look_slowly(struct act *act, const struct snapshot *snapshot, struct act_held *held,
			struct act_turn *reading)
{
	struct act_job *job;

	if (figure_tells(snapshot, held, reading)) {
		act_compare(act, held, reading);
		return;
	}
	held->looked_usec = root_monotonic_usec(act->root);
	if (held->actuator->read == NULL || act_worker_has(act->worker, reading))
		return;
	job = act_job_new(reading);
	if (job != NULL)
		act_worker_put(act->worker, job);
}

/* A VM that has its own cgroup by now is ranked by that: what its threads were given counts no
 * more, though it still reads as it was set. So the way is looked for each time. */
static void find_way(struct act *act, struct act_held *held, const struct act_target *target,
		     struct act_context *context)
{
	char reason[PLAN_REASON_SIZE];

	if (held->actuator != NULL && held->actuator->slow)
		return;
	if (act_choose(context, target, held->setting, &held->actuator, reason) < 0 &&
	    held->actuator == NULL)
		held->looked_usec = root_monotonic_usec(act->root);
}

static void look(struct act *act, const struct snapshot *snapshot, struct act_held *held,
		 const struct act_target *target, struct cpu_place *seen)
{
	struct act_turn reading = { .deed = ACT_READ, .target = target, .setting = held->setting };
	struct act_context context;

	act_init_context(act, &context);
	context.seen = seen;
	find_way(act, held, target, &context);
	if (held->actuator == NULL)
		return;
	reading.actuator = held->actuator;
	if (held->actuator->slow) {
		look_slowly(act, snapshot, held, &reading);
		return;
	}
	reading.code = held->actuator->read == NULL ? -EOPNOTSUPP :
		       held->actuator->read(&context, target, held->setting, &reading.seen,
					    reading.where, &reading.err);
	reading.seen_known = reading.code >= 0;
	act_compare(act, held, &reading);
}

/* -- whose turn it is */

static bool is_due(const struct act_held *held, uint64_t now)
{
	bool slow = held->actuator != NULL && held->actuator->slow;

	return held->looked_usec == 0 || now - held->looked_usec >= (slow ? LOOK_SLOW_USEC : LOOK_USEC);
}

static void look_at_once_after_events(struct act *act, const struct snapshot *snapshot)
{
	size_t i, j;

	for (i = 0; i < snapshot->event_count; i++) {
		if (snapshot->events[i].kind != EVENT_KNOB)
			continue;
		for (j = 0; j < act->held_count; j++)
			if (vm_identity_compare(&act->held[j]->vm,
						&snapshot->events[i].identity) == 0)
				act->held[j]->looked_usec = 0;
	}
}

/* Those of one VM that are due, together: it is made out once. Returns how many. */
static size_t look_at_vm(struct act *act, const struct snapshot *snapshot,
			 const struct vm_identity *vm, uint64_t now)
{
	struct act_target target;
	struct cpu_place seen;
	size_t i, count = 0;

	if (act_target_make(act->root, snapshot, vm, true, &target, NULL) < 0)
		return 0;
	seen.directory[0] = '\0';
	for (i = 0; i < SETTING_COUNT; i++) {
		struct act_held *held = act_find_held(act, vm, (enum setting)i);

		if (held == NULL || !is_due(held, now))
			continue;
		look(act, snapshot, held, &target, &seen);
		count++;
	}
	act_target_done(&target);
	return count;
}

/* So many that all are looked at within LOOK_USEC, whatever the tick is; hardly more, so that each
 * tick has its part of them. */
static size_t budget(const struct act *act, uint64_t now)
{
	uint64_t passed = now - act->drift_usec;

	if (passed >= LOOK_USEC / 2)
		return act->held_count;
	return (size_t)(5 * act->held_count * passed / (4 * LOOK_USEC)) + 1;
}

/* -- VMs that are gone */

/* The VM has ended, or its process goes on without it: then it is given back. */
static void let_go_of_the_gone(struct act *act, const struct snapshot *snapshot, uint64_t now)
{
	size_t i = 0;

	while (i < act->held_count) {
		struct vm_identity vm = act->held[i]->vm;

		if (vm.pid == 0 || snapshot_find_vm(snapshot, &vm) != NULL) {
			i++;
			continue;
		}
		act_unhold(act, act->held[i]);
		act_give_back_gone(act, &vm);
	}
	if (act->dead_usec != 0 && now - act->dead_usec < DEAD_USEC)
		return;
	act->dead_usec = now;
	leases_forget_dead(act->leases);
}

void act_look_for_drift(struct act *act, const struct snapshot *snapshot)
{
	uint64_t now = root_monotonic_usec(act->root);
	size_t left = budget(act, now), seen, at;

	let_go_of_the_gone(act, snapshot, now);
	look_at_once_after_events(act, snapshot);
	for (seen = 0; seen < act->held_count; seen++) {
		struct act_held *held;

		at = (act->drift_at + seen) % act->held_count;
		held = act->held[at];
		if (!is_due(held, now) || (left == 0 && held->looked_usec != 0))
			continue;
		at = look_at_vm(act, snapshot, &held->vm, now);
		left = at < left ? left - at : 0;
	}
	if (act->held_count > 0)
		act->drift_at = (act->drift_at + 1) % act->held_count;
	act->drift_usec = now;
}

void act_look_now(struct act *act, const struct snapshot *snapshot)
{
	size_t i;

	for (i = 0; i < act->held_count; i++)
		if (act->held[i]->actuator == NULL || !act->held[i]->actuator->slow)
			act->held[i]->looked_usec = 0;
	act_look_for_drift(act, snapshot);
}
