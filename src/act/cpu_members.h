/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What belongs to a VM besides its process, when it moves to a cgroup of its own: kernel threads
 * that serve it (vhost's before 6.4), processes that it started and that are no VMs themselves;
 * of a VM that shares its process, its vCPU threads alone (cgroup v1). What starts later is in the
 * cgroup of who started it.
 */
#ifndef ACT_CPU_MEMBERS_H
#define ACT_CPU_MEMBERS_H

#include "act/actuator.h"

/* As many as can be; undoing the made cgroup's lease takes them back. */
void cpu_members_follow(struct act_context *context, const struct act_target *target,
			const char *to, const char *from);
/* The threads that are known, by v1's tasks file; leased. */
int cpu_members_move_threads(struct act_context *context, const struct act_target *target,
			     const char *to, const char *from, struct error *err);
/* Undoes that when no other lease of the VM stands in the cgroup; whether it did. */
bool cpu_members_return_threads(struct act_context *context, const struct vm_identity *vm);
/* Gives back the host's directories and controllers that no VM's lease stands in. */
void cpu_members_clean(struct act_context *context);

#endif
