/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * While processes are moved between cgroups. The kernel takes a lock over all forks and exits for
 * that (cgroup_threadgroup_rwsem), and whoever takes it first in a while waits for a grace period
 * of RCU: some clock ticks on each CPU, 10 to 50 ms. With /sys/kernel/rcu_expedited at 1 it asks
 * the busy CPUs at once, by one interrupt each, and has waited 0.1 ms.
 *
 * So that file is 1 for as long as a move lasts, under a lease of the host's, which a successor
 * undoes first of all. Where it is 1 already, where the administrator has set rcu_normal (real-time
 * hosts), or where it cannot be leased or written, nothing is changed and the move takes its time.
 */
#ifndef ACT_ACT_HURRY_H
#define ACT_ACT_HURRY_H

#include "lease/lease.h"

struct act_context;

struct act_hurry {
	uint64_t id; /* of the lease; 0: nothing was changed */
};

extern const struct lease_kind act_lease_hurry_kind;

struct act_hurry act_hurry_begin(struct act_context *context);
void act_hurry_end(struct act_context *context, const struct act_hurry *hurry);
/* What a predecessor that was killed in between left. */
void act_hurry_clean(struct leases *leases);

#endif
