/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A QEMU by its own monitor, where nobody else owns it. A socket serves one client at a time:
 * open, ask, close, within the context's deadline. For slow actuators only, but for `serves`.
 */
#ifndef ACT_OWNER_QMP_H
#define ACT_OWNER_QMP_H

#include "act/actuator.h"
#include "sys/qmp_turn.h"

#define OWNER_QMP_PATH_SIZE 128

/* Quick: 1, or 0 with the reason: no QEMU, libvirt's, or without a socket. */
int owner_qmp_serves(struct act_context *context, const struct act_target *target,
		     char reason[static PLAN_REASON_SIZE]);
/* The socket's path is for leases, whose undo opens it by owner_qmp_reopen. */
int owner_qmp_open(struct act_context *context, const struct act_target *target,
		   struct qmp **ret, char ret_path[static OWNER_QMP_PATH_SIZE],
		   struct error *err);
/* For undo, whose context is the root: -ENOENT where nobody listens there any more. */
int owner_qmp_reopen(void *context, const struct vm_identity *vm, const char *path,
		     struct qmp **ret, struct error *err);

#endif
