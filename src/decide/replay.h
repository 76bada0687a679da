/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a policy would have done: recorded snapshots go through the same steps as a running
 * host's, and each change comes to pass in the figures that read it back. What follows from a
 * change (who then waits, who gives memory) is not simulated, and the output says so. Pure: the
 * same snapshots and the same policy give the same bytes.
 *
 *     replay_new -> { replay_step }* -> replay_end -> replay_free
 */
#ifndef DECIDE_REPLAY_H
#define DECIDE_REPLAY_H

#include "decide/arbiter.h"
#include "decide/decider.h"

struct replay;
struct str;

struct replay_options {
	/* A turn of the policy's process (decider_turn); NULL: its intents alone. Negative: the
	 * replay ends and returns it. */
	int (*turn)(void *context, enum decider_occasion occasion, const struct snapshot *snapshot,
		    const struct outcome *outcomes, size_t outcome_count,
		    const struct decision **ret, struct error *err);
	/* Each item that gets a line, with the snapshot as the policy sees it; may be NULL. */
	void (*told)(void *context, const struct snapshot *seen, const struct plan_item *item);
	void *context; /* of both */
	struct arbiter_options arbiter;
	bool all; /* also CANNOT and HELD items that say what they said at the tick before */
};

struct replay_sums {
	unsigned snapshots, turns, set, released, held, cannot, warnings;
	uint64_t span_usec;
};

/* The policy must live as long. NULL: no memory. */
struct replay *replay_new(const struct policy *policy, const struct replay_options *options);
void replay_free(struct replay *replay);
/* One snapshot later: appends a line for each item of the plan, "+12.000 set db-1 ...", warnings
 * of rules and troubles of the process among them. */
int replay_step(struct replay *replay, const struct snapshot *snapshot, struct str *out,
		struct error *err);
/* Sums, and what was not simulated; appends the closing lines. */
void replay_end(const struct replay *replay, struct replay_sums *ret, struct str *out);

#endif
