/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which nice a VM has where it arbitrates: the one figure that the paper's policy turns. */
#ifndef DECIDE_NICE_H
#define DECIDE_NICE_H

#include "model/nice.h"

#include <stdbool.h>

struct vm;

/* Where a cgroup's weight arbitrates, the nice nearest to it; an autogroup's nice or the main
 * thread's where they do. False where the snapshot does not know (a real-time VM has none). */
bool nice_of_vm(const struct vm *vm, int *ret);

#endif
