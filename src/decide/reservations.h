/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What VMs are to have for certain, against what the host has. */
#ifndef DECIDE_RESERVATIONS_H
#define DECIDE_RESERVATIONS_H

#include <stdint.h>

struct arbiter;
struct error;
struct policy;
struct snapshot;

/* What the policy reserves, with what other policies do (none: arbiter NULL), against this host:
 * -EOVERFLOW with the sum and what there is. A policy of the same name is what it replaces. */
int arbiter_check_reservations(const struct arbiter *arbiter, const struct policy *policy,
			       const struct snapshot *snapshot, struct error *err);

/* Which VMs' reservations do not fit: the older one goes before. */
void reservations_fit(struct arbiter *arbiter, const struct snapshot *snapshot);
/* Memory that VMs may reserve together: all but what the host keeps. */
int64_t reservations_memory(const struct snapshot *snapshot);

#endif
