/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What some wishes of a person for one VM, or for the host, come to when nobody wishes anything
 * else: the arbiter's plan, from a snapshot alone. Nothing that was wished is missing in it but
 * what is in force already.
 */
#ifndef DECIDE_WISH_H
#define DECIDE_WISH_H

#include "model/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct snapshot;
struct vm;

struct wish {
	enum setting setting;
	struct setting_value value;
};

/* -ENOMEM. */
int wish_plan(const struct snapshot *snapshot, const struct vm_identity *vm, pid_t own_pid,
	      const struct wish *wishes, size_t count, struct plan *ret);
/* False while it hangs on a question that its VMM has not been asked yet. */
bool wish_is_settled(const struct vm *vm, enum setting setting);

#endif
