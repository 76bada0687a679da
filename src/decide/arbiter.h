/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From what everybody wants to what will be done: a function of the snapshot, the policies, the
 * requests of their rules, a person's holds, and what was set before. No clock, file or global.
 *
 *  1. wanted:   per VM and setting, the first of: a person's hold; by order of policies, a
 *               rule's request, then the intent of the VM's class. Of two rules of one policy
 *               that ask for one setting of one VM, the one that asked last.
 *  2. compiled: intents become the knobs that this host offers for this VM, or "cannot: reason".
 *  3. held:     nobody crosses the hard limits; a VM that migrates, is saved, backed up or
 *               paused is not tightened; changes that are too small, too soon after the last
 *               one, or too many in a minute wait.
 *  4. the plan: what differs from what is set; what nobody wants any more is released.
 */
#ifndef DECIDE_ARBITER_H
#define DECIDE_ARBITER_H

#include "model/plan.h"
#include "model/policy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arbiter;
struct error;
struct snapshot;

struct arbiter_options {
	unsigned changes_per_minute; /* of the whole host; 0: 120 + 6 a VM */
	uint64_t vm_interval_usec;   /* between two changes of one knob of one VM; 0: 1 s */
	int hysteresis_permyriad;    /* a number that differs by less is left; 0: 200 (2 %) */
	pid_t own_pid;               /* never touched */
	bool asks_states;            /* the caller does what arbiter_asks says, below */
};

struct arbiter *arbiter_new(const struct arbiter_options *options); /* NULL: no memory */
void arbiter_free(struct arbiter *arbiter);

/* Policies in order of precedence, behind all or (insert) before one; they must live until they
 * are removed. The requests of the others, and their canaries' time, go on. Removing one takes
 * its requests with it: the next plan releases what only it wanted. */
int arbiter_add_policy(struct arbiter *arbiter, const struct policy *policy, struct error *err);
int arbiter_insert_policy(struct arbiter *arbiter, const struct policy *policy,
			  const struct policy *before, struct error *err);
void arbiter_remove_policy(struct arbiter *arbiter, const struct policy *policy);
/* The same place and the requests of rules that both have (by name) stay. */
int arbiter_replace_policy(struct arbiter *arbiter, const struct policy *old,
			   const struct policy *policy, struct error *err);
/* The first class of the first policy that has one for it; "" for none. */
const char *arbiter_class(const struct arbiter *arbiter, const struct vm *vm);

/* -EINVAL: no sound request (a value out of range, a host's setting for a VM); -ENOENT: no such
 * policy, or it has no such rule. Both are strangers' faults, and leave all as it was. */
int arbiter_request(struct arbiter *arbiter, const struct policy *policy,
		    const struct request *request);

/* A person's `truce set`: before every policy, until that time (realtime; 0: for ever). */
int arbiter_hold(struct arbiter *arbiter, const struct vm_identity *vm, enum setting setting,
		 const struct setting_value *value, uint64_t until_realtime_usec,
		 const struct cause *cause);
void arbiter_let_go(struct arbiter *arbiter, const struct vm_identity *vm, enum setting setting);
/* Opt-out, and pause of one VM: nothing is planned for it, and with `release` what is set is
 * given back. */
int arbiter_exclude(struct arbiter *arbiter, const struct vm_identity *vm, bool release);
void arbiter_include(struct arbiter *arbiter, const struct vm_identity *vm);

/* What came of earlier plans; an outcome of DRIFT is planned again or left as its policy says.
 * Also how a successor learns what its predecessor had set (status APPLIED). */
void arbiter_outcome(struct arbiter *arbiter, const struct outcome *outcome);

/* The plan for this snapshot, in the order to apply it. Each SET and RELEASE in it waits for its
 * outcome from then on. Items that say the same CANNOT or HELD as at the tick
 * before are in it again: the caller tells news from olds by arbiter_is_news. */
int arbiter_plan(struct arbiter *arbiter, const struct snapshot *snapshot, struct plan *ret);
/* For one VM alone, at its birth: the same steps. */
int arbiter_plan_vm(struct arbiter *arbiter, const struct snapshot *snapshot,
		    const struct vm *vm, struct plan *ret);
/* VMs from which something would be taken if it were known that they neither migrate, nor are saved or
 * backed up: to be asked (observe_ask_states) before the next plan, which waits for that. Those of
 * the last plan. */
size_t arbiter_asks(const struct arbiter *arbiter, const struct vm_identity **ret);
bool arbiter_is_news(struct arbiter *arbiter, const struct plan_item *item);

#endif
