/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/replay.h"

#include "base/error.h"
#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"
#include "decide/overlay.h"
#include "model/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct replay {
	const struct policy *policy;
	struct replay_options options;
	struct arbiter *arbiter;
	struct overlay *overlay;
	struct snapshot seen; /* as the policy sees it */
	struct plan plan;
	struct outcome *outcomes; /* since the turn before */
	size_t outcome_count, outcome_capacity;
	uint64_t first_usec, turn_usec; /* monotonic */
	struct replay_sums sums;
};

struct replay *replay_new(const struct policy *policy, const struct replay_options *options)
{
	struct replay *replay = calloc(1, sizeof *replay);

	if (replay == NULL)
		return NULL;
	replay->policy = policy;
	replay->options = *options;
	snapshot_init(&replay->seen);
	plan_init(&replay->plan);
	replay->overlay = overlay_new();
	replay->arbiter = arbiter_new(&options->arbiter);
	if (replay->overlay == NULL || replay->arbiter == NULL ||
	    arbiter_add_policy(replay->arbiter, policy, NULL) < 0) {
		replay_free(replay);
		return NULL;
	}
	return replay;
}

void replay_free(struct replay *replay)
{
	if (replay == NULL)
		return;
	arbiter_free(replay->arbiter);
	overlay_free(replay->overlay);
	snapshot_done(&replay->seen);
	plan_done(&replay->plan);
	free(replay->outcomes);
	free(replay);
}

static int no_memory(struct error *err)
{
	return error_set(err, -ENOMEM, "out of memory");
}

/* -- what the policy sees --------------------------------------------------------------- */

static int see(struct replay *replay, const struct snapshot *snapshot)
{
	size_t i;

	if (snapshot_copy(&replay->seen, snapshot) < 0 ||
	    overlay_apply(replay->overlay, &replay->seen) < 0)
		return -ENOMEM;
	for (i = 0; i < replay->seen.vm_count; i++) {
		struct vm *vm = replay->seen.vms[i];
		const char *class = arbiter_class(replay->arbiter, vm);

		if (!text_set(&vm->text[VM_TEXT_CLASS], class, strlen(class)))
			return -ENOMEM;
	}
	return 0;
}

static void append_time(const struct replay *replay, struct str *out)
{
	uint64_t since = replay->seen.monotonic_usec - replay->first_usec;

	str_appendf(out, "+%llu.%03llu ", (unsigned long long)(since / 1000000),
		    (unsigned long long)(since % 1000000 / 1000));
}

static void append_line(const struct replay *replay, const char *what, const char *text,
			struct str *out)
{
	append_time(replay, out);
	str_append(out, what);
	text_append_printable(out, text, strlen(text));
	str_append_char(out, '\n');
}

/* -- its turn --------------------------------------------------------------------------- */

static bool anybody_was_born(const struct snapshot *snapshot)
{
	size_t i;

	for (i = 0; i < snapshot->event_count; i++)
		if (snapshot->events[i].kind == EVENT_CREATED)
			return true;
	return false;
}

/* Ticks of a recording are not exact either: a twentieth early is in time. */
static bool is_due(const struct replay *replay)
{
	uint64_t interval = replay->policy->interval_usec;

	return replay->sums.turns == 0 ||
	       replay->seen.monotonic_usec >= replay->turn_usec + interval - interval / 20;
}

static void take_decision(struct replay *replay, const struct decision *decision, struct str *out)
{
	size_t i;

	if (decision->restarted)
		append_line(replay, "trouble ", decision->trouble, out);
	for (i = 0; i < decision->warning_count; i++)
		append_line(replay, "warning ", decision->warnings[i].text, out);
	replay->sums.warnings += (unsigned)decision->warning_count;
	for (i = 0; i < decision->request_count; i++)
		if (arbiter_request(replay->arbiter, replay->policy, &decision->requests[i]) < 0)
			append_line(replay, "refused a request of rule ",
				    decision->requests[i].cause.rule, out);
}

static int turn(struct replay *replay, struct str *out, struct error *err)
{
	bool due = is_due(replay);
	const struct decision *decision;
	int r;

	if (replay->options.turn == NULL || (!due && !anybody_was_born(&replay->seen)))
		return 0;
	r = replay->options.turn(replay->options.context, due ? DECIDER_TICK : DECIDER_BIRTH,
				 &replay->seen, replay->outcomes, replay->outcome_count, &decision,
				 err);
	if (r < 0)
		return r;
	replay->outcome_count = 0;
	replay->sums.turns++;
	if (due)
		replay->turn_usec = replay->seen.monotonic_usec;
	take_decision(replay, decision, out);
	return 0;
}

/* -- what comes of it ------------------------------------------------------------------- */

static int come_to_pass(struct replay *replay, const struct plan_item *item)
{
	struct outcome *outcome;

	if (item->verdict != PLAN_SET && item->verdict != PLAN_RELEASE)
		return 0;
	if (overlay_note(replay->overlay, item) < 0 ||
	    !VEC_RESERVE(replay->outcomes, replay->outcome_capacity, replay->outcome_count + 1))
		return -ENOMEM;
	outcome = &replay->outcomes[replay->outcome_count++];
	*outcome = (struct outcome){
		.vm = item->vm, .setting = item->setting,
		.status = item->verdict == PLAN_SET ? OUTCOME_APPLIED : OUTCOME_RESTORED,
		.realtime_usec = replay->seen.realtime_usec,
		.from_known = item->from_known, .from = item->from, .to = item->to,
	};
	memcpy(outcome->where, item->where, sizeof outcome->where);
	arbiter_outcome(replay->arbiter, outcome);
	return 0;
}

static void append_item(struct replay *replay, const struct plan_item *item, struct str *out)
{
	if (!replay->options.all && !arbiter_is_news(replay->arbiter, item))
		return;
	if (replay->options.told != NULL)
		replay->options.told(replay->options.context, &replay->seen, item);
	append_time(replay, out);
	plan_item_append(out, item);
	str_append_char(out, '\n');
	switch (item->verdict) {
	case PLAN_SET:
		replay->sums.set++;
		break;
	case PLAN_RELEASE:
		replay->sums.released++;
		break;
	case PLAN_HELD:
		replay->sums.held++;
		break;
	default:
		replay->sums.cannot++;
		break;
	}
}

int replay_step(struct replay *replay, const struct snapshot *snapshot, struct str *out,
		struct error *err)
{
	size_t i;
	int r;

	if (replay->sums.snapshots++ == 0)
		replay->first_usec = snapshot->monotonic_usec;
	/* A recording may be of several boots: time that goes back begins anew. */
	if (snapshot->monotonic_usec < replay->seen.monotonic_usec)
		replay->first_usec = replay->turn_usec = snapshot->monotonic_usec;
	if (see(replay, snapshot) < 0)
		return no_memory(err);
	replay->sums.span_usec = replay->seen.monotonic_usec - replay->first_usec;
	r = turn(replay, out, err);
	if (r < 0)
		return r;
	if (arbiter_plan(replay->arbiter, &replay->seen, &replay->plan) < 0)
		return no_memory(err);
	for (i = 0; i < replay->plan.count; i++)
		append_item(replay, &replay->plan.items[i], out);
	for (i = 0; i < replay->plan.count; i++)
		if (come_to_pass(replay, &replay->plan.items[i]) < 0)
			return no_memory(err);
	return out->failed ? no_memory(err) : 0;
}

void replay_end(const struct replay *replay, struct replay_sums *ret, struct str *out)
{
	const struct replay_sums *sums = &replay->sums;

	*ret = *sums;
	str_appendf(out, "%u snapshots, %llu s, %u turns: %u set, %u released, %u held, %u that "
			 "cannot be, %u warnings\n",
		    sums->snapshots, (unsigned long long)(sums->span_usec / 1000000), sums->turns,
		    sums->set, sums->released, sums->held, sums->cannot, sums->warnings);
	str_append(out, "effects on load are not simulated: who waits, what is used, read and written "
			"is as it was recorded; only what was set is seen as set\n");
}
