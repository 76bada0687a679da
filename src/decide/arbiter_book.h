/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The arbiter's book, for the files that keep it: arbiter, plan, outcomes, canary, reservations. */
#ifndef DECIDE_ARBITER_BOOK_H
#define DECIDE_ARBITER_BOOK_H

#include "decide/arbiter.h"
#include "decide/canary.h"
#include "decide/compete.h"
#include "decide/compile.h"
#include "decide/pace.h"
#include "decide/subject.h"

struct host;

struct policy_entry {
	const struct policy *policy;
	uint64_t serial;      /* from 1, never used twice: its standings are found by it */
	struct cause *causes; /* of its intents, in their order */
	struct canary canary;
	struct pace pace;
};

/* A change that is ready to be made, if there are not too many. */
struct candidate {
	size_t item;          /* of the plan */
	struct subject *subject;
	struct policy_entry *policy; /* NULL: a person */
	enum setting setting;
	uint64_t wish_since_usec;
	bool takes, exempt;
};

struct arbiter {
	struct arbiter_options options;
	struct policy_entry **policies; /* in order of precedence */
	size_t policy_count, policy_capacity;
	struct subject *host;
	struct subject **subjects;      /* sorted by identity */
	size_t subject_count, subject_capacity;
	struct subject **merged;        /* room to merge in */
	size_t merged_capacity;
	struct candidate *candidates;
	size_t candidate_count, candidate_capacity;
	struct compile_share *shares;
	size_t share_capacity;
	struct vm_identity *asks;       /* of the last plan */
	size_t ask_count, ask_capacity;
	struct compile_context context;
	struct pace pace;
	uint64_t order, generation, serial;
	uint64_t now_usec, realtime_usec; /* of the last plan */
	uint64_t first_plan_usec, first_plan_realtime_usec;
	bool planned, someone_left;
};

/* Finds, else makes; NULL: no memory. pid 0: the host. */
struct subject *arbiter_subject(struct arbiter *arbiter, const struct vm_identity *vm);
struct subject *arbiter_find_subject(const struct arbiter *arbiter, const struct vm_identity *vm);
void arbiter_all_dirty(struct arbiter *arbiter);
/* What everybody wants of it, the first of each setting. */
void arbiter_gather(const struct arbiter *arbiter, const struct subject *subject,
		    struct wanted ret[static SETTING_COUNT]);
/* NULL: a person's. */
struct policy_entry *arbiter_policy_of_rank(const struct arbiter *arbiter, unsigned rank);
struct policy_entry *arbiter_policy_named(const struct arbiter *arbiter, const char *name);

/* Afterwards subjects[i] is snapshot->vms[i]: the dead are forgotten, the new ones are there. */
int arbiter_follow(struct arbiter *arbiter, const struct snapshot *snapshot);
/* What VMs are offered hangs on the host too. */
void arbiter_note_host(struct arbiter *arbiter, const struct host *host);
/* Makes it dirty when anything that its wishes depend on has changed. -ENOMEM. */
int arbiter_note(struct arbiter *arbiter, struct subject *subject, const struct vm *vm);
/* Reservations and weights of all, into the context. -ENOMEM. */
int arbiter_compete(struct arbiter *arbiter, const struct snapshot *snapshot);

#endif
