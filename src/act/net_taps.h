/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The taps of a VM that are ours to shape: not a macvtap, whose queue is its host interface's, not
 * a port of Open vSwitch, which has its own queues, and not one in another network namespace,
 * where its name means another interface.
 */
#ifndef ACT_NET_TAPS_H
#define ACT_NET_TAPS_H

#include "model/plan.h"
#include "sys/tc.h"

struct act_context;
struct act_target;
struct error;
struct root;

enum { NET_TAPS_MAX = 16 };

/* More than any wire: what has this rate is not limited. Bytes a second, 100 Gbit/s. */
#define NET_FREE 12500000000ull

struct net_taps {
	struct tc *tc;
	struct tc_link links[NET_TAPS_MAX];
	size_t count;
};

/* -EOPNOTSUPP with the reason where it has none, or one that is not ours to shape. */
int net_taps_open(struct act_context *context, const struct act_target *target,
		  struct net_taps *ret, struct error *err);
void net_taps_close(struct net_taps *taps);
/* For `serves`: 1, or 0 with the reason. */
int net_taps_serve(struct act_context *context, const struct act_target *target,
		   char reason[static PLAN_REASON_SIZE]);

/* The number of the network namespace that this process is in; 0: not known. What was set in
 * another one is not found here, and vanishes with that one. */
uint64_t net_namespace(struct root *root);
/* Whether what a lease names with that number (0: any) can be given back from here. */
bool net_is_here(struct root *root, uint64_t namespace);

/* How many bytes a second leave by the bridge of this number (0: none) at most: as the options
 * say, else by its fastest port that is no tap. 0: nobody tells. */
uint64_t net_uplink(struct act_context *context, struct tc *tc, int bridge);

/* What may wait for its turn at that rate: a tenth of a second, and room for what comes at once. */
uint64_t net_queue_bytes(uint64_t rate);
uint64_t net_rate(int64_t value);   /* "max" is NET_FREE */
int64_t net_value(uint64_t rate);

#endif
