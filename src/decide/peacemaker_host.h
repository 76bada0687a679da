/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How truce-decide runs a policy in C through libpeacemaker: the part of the library that is not
 * for policies. Both are of one build; the exported names are of the version TRUCE_PRIVATE.
 */
#ifndef DECIDE_PEACEMAKER_HOST_H
#define DECIDE_PEACEMAKER_HOST_H

#include "decide/turn.h"
#include "model/policy.h"

struct error;
struct str;

/* The one rule of a policy in C, as requests and explanations name it. */
#define PEACEMAKER_RULE "peacemaker_policy_main"

struct peacemaker_host {
	/* Answers the turn and gives the next one. */
	const struct turn *(*next)(void);
	/* What the policy calls now, for the sentence when it dies. */
	void (*place)(const char *function, int line);
};

int peacemaker_begin(const struct peacemaker_host *host, const struct policy *policy,
		     int (*policy_main)(void *));
/* Comes back when the policy's main has: the same turn is then still to be answered. */
int peacemaker_turn(const struct turn *turn, struct error *err);
/* Gives all of it back: only where one process runs several policies one after the other. */
void peacemaker_end(void);
bool peacemaker_state_append(struct str *out);
int peacemaker_state_take(const char *bytes, size_t size, struct error *err);

#endif
