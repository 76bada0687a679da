/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What ends by itself: memory.high holds a VM back, perhaps for ever, and is released after a
 * while; a balloon that does not follow is told after its time, and asked for no more than it
 * gave.
 */
#include "act/act_state.h"
#include "act/act_worker.h"
#include "base/clock.h"
#include "base/str.h"
#include "sys/root.h"

#include <stdio.h>
#include <string.h>

/* A balloon this near to what was asked has followed. */
#define FOLLOWED_BYTES (16 << 20)
/* A release that failed is tried again: long enough for an owner that is asked by the worker. */
#define AGAIN_USEC (10 * USEC_PER_SEC)

/* The monotonic time that is so long after `since`. */
static uint64_t ends(const struct act *act, uint64_t since_realtime_usec, uint64_t after_usec)
{
	uint64_t now = root_realtime_usec(act->root);
	uint64_t passed = now > since_realtime_usec ? now - since_realtime_usec : 0;
	uint64_t left = passed < after_usec ? after_usec - passed : 0;

	return root_monotonic_usec(act->root) + left + 1;
}

void act_start_timers(struct act *act, struct act_held *held, uint64_t since_realtime_usec)
{
	bool limits = held->value.number != SETTING_UNLIMITED;

	held->release_usec = 0;
	held->follow_usec = 0;
	held->late = false;
	if (held->setting == SETTING_MEMORY_HIGH && limits)
		held->release_usec = ends(act, since_realtime_usec, act->options.high_usec);
	if (held->setting == SETTING_MEMORY_BALLOON)
		held->follow_usec = ends(act, since_realtime_usec, act->options.balloon_usec);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	if (a == 0 || b == 0)
		return a + b;
	return a < b ? a : b;
}

uint64_t act_timer_usec(const struct act *act)
{
	uint64_t earliest = act_worker_deadline_usec(act->worker);
	size_t i;

	for (i = 0; i < act->held_count; i++)
		earliest = earlier(earliest, earlier(act->held[i]->release_usec,
						     act->held[i]->follow_usec));
	return earliest;
}

static void release_high(struct act *act, const struct snapshot *snapshot, struct act_held *held)
{
	char text[PLAN_REASON_SIZE];

	held->release_usec = root_monotonic_usec(act->root) + AGAIN_USEC;
	snprintf(text, sizeof text, "released by itself after %llu s, so that it is not held back "
		 "for ever", (unsigned long long)(act->options.high_usec / USEC_PER_SEC));
	act_release(act, snapshot, &held->vm, held->setting, text);
}

static void tell_late_balloon(struct act *act, const struct act_held *held, int64_t actual)
{
	struct outcome *outcome = act_outcome(act, &held->vm, held->setting, OUTCOME_LATE);
	struct setting_value reached = { .number = actual };
	struct str text;

	str_init(&text);
	str_append(&text, "the guest was asked to be left ");
	setting_append(&text, held->setting, &held->value);
	str_append(&text, " and has ");
	setting_append(&text, held->setting, &reached);
	str_appendf(&text, " after %llu s",
		    (unsigned long long)(act->options.balloon_usec / USEC_PER_SEC));
	outcome->from_known = held->before_known;
	outcome->from = held->before;
	outcome->to = reached;
	snprintf(outcome->where, sizeof outcome->where, "%s", held->where);
	snprintf(outcome->text, sizeof outcome->text, "%s", text.data != NULL ? text.data : "");
	str_done(&text);
}

void act_follow(struct act *act, struct act_held *held, int64_t actual)
{
	int64_t short_of = actual - held->value.number;

	if (held->value.number == SETTING_UNLIMITED || held->follow_usec != 0)
		return;
	if (short_of <= FOLLOWED_BYTES && short_of >= -FOLLOWED_BYTES) {
		held->late = false;
	} else if (!held->late) {
		held->late = true;
		tell_late_balloon(act, held, actual);
	}
}

/* Where no policy needs the figure, the owner is asked at the next look for drift. */
static void look_at_balloon(struct act *act, const struct snapshot *snapshot,
			    struct act_held *held)
{
	const struct vm *vm = snapshot_find_vm(snapshot, &held->vm);

	held->follow_usec = 0;
	if (vm != NULL && vm->state[VM_BALLOON_ACTUAL] == FIGURE_PRESENT)
		act_follow(act, held, vm->value[VM_BALLOON_ACTUAL]);
	else
		held->looked_usec = 0;
}

void act_run_timers(struct act *act, const struct snapshot *snapshot)
{
	uint64_t now = root_monotonic_usec(act->root);
	size_t i = act->held_count;

	/* From the end: what is released leaves its place to the last. */
	while (i-- > 0) {
		struct act_held *held = act->held[i];

		if (held->follow_usec != 0 && held->follow_usec <= now)
			look_at_balloon(act, snapshot, held);
		if (held->release_usec != 0 && held->release_usec <= now)
			release_high(act, snapshot, held);
	}
}
