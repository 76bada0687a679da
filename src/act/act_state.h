/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What act's files share: what is set by us, and what came of it. All of it belongs to the
 * caller's thread; the worker has jobs, which are copies.
 */
#ifndef ACT_ACT_STATE_H
#define ACT_ACT_STATE_H

#include "act/act.h"
#include "act/act_target.h"
#include "act/act_turn.h"
#include "base/map.h"
#include "sys/cgroup.h"

struct act_worker;

/* One knob that we have turned and not given back. */
struct act_held {
	struct vm_identity vm;
	enum setting setting;
	const struct actuator *actuator; /* NULL: not looked for since the start */
	struct setting_value value;      /* what was asked for */
	bool before_known, seen_known;
	struct setting_value before;     /* before the first of our changes */
	struct setting_value seen;       /* as it read back; of drift what is compared with */
	uint64_t realtime_usec;
	uint64_t looked_usec;            /* monotonic; 0: look as soon as may be */
	uint64_t release_usec;           /* monotonic, when it is released by itself; 0: never */
	uint64_t follow_usec;            /* monotonic, until when a balloon has time; 0: all done */
	bool late;                       /* told that the balloon does not follow */
	char where[64];
	char left[400];                  /* at its undo: why it stays; "": it does not */
};

struct act {
	struct root *root;
	struct leases *leases;
	struct act_options options;
	struct act_worker *worker;
	struct act_held **held;
	size_t held_count, held_capacity;
	struct map held_by_what;         /* hash of VM and setting */
	struct outcome *outcomes;        /* since the last collect */
	size_t outcome_count, outcome_capacity;
	struct outcome *given;           /* what collect gave */
	size_t given_capacity;
	size_t drift_at;                 /* where the next look for drift begins */
	uint64_t drift_usec;             /* monotonic, of the last look */
	struct cgroup_layout layout;     /* read at layout_usec (monotonic; 0: never) */
	uint64_t layout_usec;
	uint64_t dead_usec;              /* monotonic, of the last look for leases of the dead */
};

struct act_held *act_find_held(const struct act *act, const struct vm_identity *vm,
			       enum setting setting);
/* Finds, else makes; NULL: no memory. */
struct act_held *act_hold(struct act *act, const struct vm_identity *vm, enum setting setting);
void act_unhold(struct act *act, struct act_held *held);

/* Appends one with VM, setting and time; what cannot be appended for want of memory goes to a
 * place that nobody reads, so that it is never NULL. */
struct outcome *act_outcome(struct act *act, const struct vm_identity *vm, enum setting setting,
			    enum outcome_status status);
/* What a turn came to: the outcome, and what is held from now on. */
void act_settle(struct act *act, const struct act_turn *turn);
/* What the worker has done by now. */
void act_settle_jobs(struct act *act);
void act_init_context(struct act *act, struct act_context *ret);

/* act_timer.c: when the knob was set to that value, what ends by itself. */
void act_start_timers(struct act *act, struct act_held *held, uint64_t since_realtime_usec);
/* What the balloon leaves now: on its way it is no drift, after its time it is late, once. */
void act_follow(struct act *act, struct act_held *held, int64_t actual);
/* Releases it through its owner; the outcome comes with `text`, now or from the worker. */
void act_release(struct act *act, const struct snapshot *snapshot, const struct vm_identity *vm,
		 enum setting setting, const char *text);
/* act_resume.c: all that is set of a VM that the snapshot has no more; waits for nobody. */
void act_give_back_gone(struct act *act, const struct vm_identity *vm);
/* act_drift.c: what a reading came to. */
void act_compare(struct act *act, struct act_held *held, const struct act_turn *reading);

#endif
