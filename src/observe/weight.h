/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What decides how much CPU a VM gets when it is short: the weight of its own cgroup, or in v2,
 * where that one is not given the cpu controller, of the nearest above that is; without one, its
 * autogroup's nice when its threads compete in the root cgroup and autogroups are on; else nice.
 * A nice value inside an own cgroup decides nothing between VMs.
 */
#ifndef OBSERVE_WEIGHT_H
#define OBSERVE_WEIGHT_H

#include <stdint.h>

struct observe;
struct watched;

struct effective_weight {
	const char *where;          /* as VM_TEXT_WEIGHT_WHERE */
	int64_t weight;             /* in its scale; FIELD_ABSENT where not to be had */
	int64_t relative_permyriad; /* 10000 is the scale's default */
	int64_t autogroup_nice;     /* FIELD_ABSENT: no autogroup */
};

/* The VM's places, nice and policy have been sampled. */
void weight_read(struct observe *observe, const struct watched *watched,
		 struct effective_weight *ret);

#endif
