/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one VM's intents come to on this host: for each intent the knobs that carry it, or why
 * there is none. Pure: everything it needs to know of the host is in the snapshot, and of the
 * other VMs in the context. Nothing that was wanted is dropped: it is a knob, or a "cannot".
 */
#ifndef DECIDE_COMPILE_H
#define DECIDE_COMPILE_H

#include "model/plan.h"

#include <stdbool.h>
#include <stddef.h>

struct compile_context;
struct vm;

/* A person, then policies by their order, and of one policy its rules before its intents. */
#define COMPILE_RANK_PERSON 0u
#define COMPILE_RANK_RULE(policy) (2 * (unsigned)(policy) + 1)
#define COMPILE_RANK_INTENT(policy) (2 * (unsigned)(policy) + 2)
#define COMPILE_RANK_WHO(rank) (((rank) + 1) / 2)

struct wanted {
	bool present;
	unsigned rank; /* COMPILE_RANK_...: the lower goes before */
	struct setting_value value;
	const struct cause *cause;
	const char *lacking; /* whether wanted or not: why this knob cannot be turned; NULL: not known */
};

/* One knob that comes of it, or (cannot) why not. */
struct compiled {
	enum setting asked, setting;
	bool cannot, overruled; /* overruled: cannot now, because somebody goes before or to be seen */
	unsigned rank;
	struct setting_value value;
	char reason[PLAN_REASON_SIZE];    /* of cannot; else what is imprecise, or "" */
	const struct cause *cause;
};

enum { COMPILED_MAX = 2 * SETTING_COUNT };

/* `wanted` by setting; vm NULL: the host. Where two come to one knob, the lower rank goes before;
 * of one rank the knob that was wanted itself, then what gives more. Sorted by knob, then by what
 * was asked; each knob stands there once, besides those that cannot be. Returns how many. */
size_t compile_vm(const struct compile_context *context, const struct vm *vm,
		  const struct wanted wanted[static SETTING_COUNT],
		  struct compiled ret[static COMPILED_MAX]);

/* What to expect of it, as one sentence; "" where nothing can be said beforehand. */
void compile_predict(const struct compile_context *context, const struct compiled *compiled,
		     const struct setting_value *from, char ret[static CAUSE_TEXT_SIZE]);

#endif
