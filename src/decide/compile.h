/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one VM's intents come to on this host: for each intent the knobs that carry it, or why
 * there is none. Pure: everything it needs to know of the host is in the snapshot.
 */
#ifndef DECIDE_COMPILE_H
#define DECIDE_COMPILE_H

#include "model/plan.h"

#include <stdbool.h>
#include <stddef.h>

struct snapshot;
struct vm;

struct wanted {
	bool present;
	struct setting_value value;
	const struct cause *cause;
};

/* One knob that comes of it, or (cannot) why not. */
struct compiled {
	enum setting asked, setting;
	bool cannot;
	struct setting_value value;
	char reason[PLAN_REASON_SIZE];    /* of cannot; else what is imprecise, or "" */
	char predicted[CAUSE_TEXT_SIZE];
	const struct cause *cause;
};

enum { COMPILED_MAX = 2 * SETTING_COUNT };

/* `wanted` by setting. A knob that is wanted itself goes before one that an intent comes to.
 * Returns how many were written, at most COMPILED_MAX. */
size_t compile_vm(const struct snapshot *snapshot, const struct vm *vm,
		  const struct wanted wanted[static SETTING_COUNT],
		  struct compiled ret[static COMPILED_MAX]);

#endif
