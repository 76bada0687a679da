/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which threads a VM has and what each is for. */
#ifndef OBSERVE_THREADS_H
#define OBSERVE_THREADS_H

#include "observe/observer.h"

/*
 * Looks again: new vCPUs and threads enter, ended ones leave, each with an event where it is a
 * vCPU. Returns 1 when vCPUs changed, 0 when not, negative when the process is gone.
 */
int threads_look(struct observe *observe, struct watched *watched);
/* A kernel thread that serves this VM: listed from the next look on. */
void threads_add_vhost(struct watched *watched, pid_t tid);
bool threads_is_vhost(const struct watched *watched, pid_t tid);
/* Is a look due by the clock (often in a VM's first second, rarely later) or by need? */
bool threads_look_due(const struct watched *watched, uint64_t monotonic_usec);
/* After a look: when the next one is. */
void threads_look_later(struct watched *watched, uint64_t monotonic_usec, bool changed);

#endif
