/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a VM's identity to what actuators need to know of it. Refuses whatever must never be
 * touched: what is no VM of the snapshot, process 1, kernel threads, and this process itself.
 */
#ifndef ACT_ACT_TARGET_H
#define ACT_ACT_TARGET_H

#include "act/actuator.h"

/* `look`: for reading only; the threads are those of the snapshot, and /proc is not asked.
 * Identity NULL or of pid 0: the host. -ESRCH: the VM is gone. */
int act_target_make(struct root *root, const struct snapshot *snapshot,
		    const struct vm_identity *vm, bool look, struct act_target *ret,
		    struct error *err);
struct act_target *act_target_copy(const struct act_target *target); /* NULL: no memory */
void act_target_done(struct act_target *target);

#endif
