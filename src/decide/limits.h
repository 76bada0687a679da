/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What nobody crosses, whoever asks: a VM always has CPU time, memory is taken in steps from
 * what it does not use, CPUs exist, and somebody else has a CPU too.
 */
#ifndef DECIDE_LIMITS_H
#define DECIDE_LIMITS_H

#include "model/plan.h"

#include <stdbool.h>
#include <stdint.h>

struct snapshot;
struct vm;

enum limit {
	LIMIT_NONE,
	LIMIT_NEARER, /* the value was changed to what is allowed now; there may be more later */
	LIMIT_FORBIDS,
};

/* `others` NULL, or CPUs that other VMs have for themselves, as lists, `other_count` of them. */
enum limit limits_apply(const struct snapshot *snapshot, const struct vm *vm, enum setting knob,
			const char *const *others, size_t other_count,
			struct setting_value *value, char reason[static PLAN_REASON_SIZE]);
/* A VM that migrates, is saved, backed up or paused: nothing is taken from it; the word, or NULL. */
const char *limits_delicate(const struct vm *vm);
/* Whether it must be asked for that before anything is taken: somebody would tell, and what was told
 * is too old, or was never asked for. */
bool limits_must_ask(const struct vm *vm, uint64_t monotonic_usec);
/* What a VM said of its state holds for so long. */
#define LIMITS_STATE_HOLDS_USEC 5000000ull

#endif
