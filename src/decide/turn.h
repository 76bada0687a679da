/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a policy is given when it is its turn, and where it says what it wants: the same for
 * every language. A turn is a function of what is in here and of the policy's own state.
 */
#ifndef DECIDE_TURN_H
#define DECIDE_TURN_H

#include "decide/decider.h"

struct snapshot;

struct turn_sink {
	void *context;
	/* Only what differs from what the same rule asked for before (decide/asking.h). Negative:
	 * the turn ends and returns it. */
	int (*request)(void *context, const struct request *request);
	/* A sentence that begins with PATH:LINE where there is a line. pid 0: the host's scope. */
	void (*warning)(void *context, const struct vm_identity *vm, const char *text);
};

struct turn {
	enum decider_occasion occasion;
	const struct snapshot *now;    /* VMs with their class in VM_TEXT_CLASS */
	const struct snapshot *before; /* of the turn before; NULL at the first */
	const struct outcome *outcomes;
	size_t outcome_count;
	struct turn_sink sink;
};

#endif
