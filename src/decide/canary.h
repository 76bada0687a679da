/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A new policy acts on a part of each class first. */
#ifndef DECIDE_CANARY_H
#define DECIDE_CANARY_H

#include "model/plan.h"

#include <stdbool.h>
#include <stdint.h>

struct arbiter;
struct policy_entry;
struct snapshot;
struct subject;

struct canary {
	uint64_t since_usec; /* monotonic; 0: not begun */
	bool passed;
	unsigned refused;    /* of the canaries' knobs */
	char stopped[PLAN_REASON_SIZE]; /* why the rest does not follow; "" */
};

/* Begins, ends or stops the canaries of all policies. subjects[i] is snapshot->vms[i]. */
void canaries_step(struct arbiter *arbiter, const struct snapshot *snapshot);
/* Why it has to wait for the canaries; false: it has not. */
bool canary_holds(const struct arbiter *arbiter, const struct policy_entry *entry,
		  const struct subject *subject, char reason[static PLAN_REASON_SIZE]);

#endif
