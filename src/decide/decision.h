/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What came of one turn of a policy. */
#ifndef DECIDE_DECISION_H
#define DECIDE_DECISION_H

#include "model/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct decider_warning {
	struct vm_identity vm; /* pid 0: the host's scope */
	char text[400];        /* "gold-first.lua:31: ..." */
};

/* Owned by the decider, valid until the next call. */
struct decision {
	const struct request *requests;
	size_t request_count;
	const struct decider_warning *warnings; /* errors of single rules; each costs that VM's turn */
	size_t warning_count;
	bool restarted;         /* the process was killed or died: `trouble` says why */
	char trouble[400];
	const char *state;      /* what the policy wants to find again; NULL: unchanged */
	size_t state_size;
	uint64_t cpu_usec;      /* that the turn cost the process */
};

#endif
