/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A policy that runs. policies.c makes and ends it, turns.c gives it its turns. */
#ifndef DAEMON_LOADED_H
#define DAEMON_LOADED_H

#include "base/str.h"
#include "daemon/asked.h"
#include "decide/decider.h"

struct loaded {
	char name[64];               /* the policy's own */
	char file[256];              /* "gold.lua": its place in the order */
	char origin[512];            /* the path a person knows it by */
	bool kept;                   /* in policies.d; else loaded at run time */
	struct decider *decider;
	const struct policy *policy;
	uint64_t loaded_usec;        /* realtime */
	uint64_t due_usec, birth_due_usec; /* monotonic */
	bool busy, tick_waits;       /* a turn is under way; a tick's was due meanwhile */
	bool born, at_birth;         /* a VM waits for its birth rules; the turn under way is theirs */
	struct outcome *outcomes;    /* since its last turn */
	size_t outcome_count, outcome_capacity;
	struct asked asked;          /* what holds */
	struct str state;
	uint64_t turns, errors, restarts, applied, turn_cpu_usec;
	char trouble[400];
};

#endif
