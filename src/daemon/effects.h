/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a VM fared before an adjustment and after it: counters of each VM are kept for the last
 * half minute, and half a minute after an adjustment its effect is known. Pure: snapshots and
 * times come in.
 */
#ifndef DAEMON_EFFECTS_H
#define DAEMON_EFFECTS_H

#include "ledger/effect.h"
#include "model/snapshot.h"

#define EFFECT_WINDOW_USEC 30000000ull
#define EFFECT_EVERY_USEC 5000000ull
enum { EFFECT_MARKS = 8, EFFECTS_MOST = 2048 };

/* Counters, not rates; of RSS what it was. */
struct effect_mark {
	uint64_t monotonic_usec; /* 0: none */
	bool known[EFFECT_COUNT];
	int64_t total[EFFECT_COUNT];
};

struct effect_history {
	struct effect_mark marks[EFFECT_MARKS]; /* a ring */
	unsigned next;
};

/* An adjustment whose effect is not known yet. */
struct effect_wait {
	uint64_t id;
	struct vm_identity vm;
	struct effect_mark at;   /* when it was made */
	struct effect effect;    /* its first half */
};

struct effects {
	struct effect_wait *waits; /* oldest first */
	size_t count, capacity;
};

void effects_done(struct effects *effects);
/* `vm` NULL: the host alone. */
void effect_look(const struct snapshot *snapshot, const struct vm *vm, struct effect_mark *ret);
void effect_remember(struct effect_history *history, const struct effect_mark *mark);
/* Begins to wait; the oldest is given up where there are too many. */
void effects_begin(struct effects *effects, uint64_t id, const struct vm_identity *vm,
		   const struct effect_history *history, const struct effect_mark *now);
/* The oldest wait whose time is over, out of the list; false: none. */
bool effects_take_due(struct effects *effects, uint64_t monotonic_usec, struct effect_wait *ret);
/* The second half. */
void effect_finish(struct effect_wait *wait, const struct effect_mark *now);

#endif
