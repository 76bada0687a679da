/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's scale of nice, and which nice a VM has where it arbitrates: the one figure that
 * the paper's policy turns. Nice 0 is a relative weight of 10000.
 */
#ifndef DECIDE_NICE_H
#define DECIDE_NICE_H

#include <stdbool.h>
#include <stdint.h>

struct vm;

enum { NICE_LOWEST = -20, NICE_HIGHEST = 19 };

/* The weight of a nice value in the kernel's units, 1024 at 0; nice is held in its range. */
int64_t nice_weight(int nice);
int64_t weight_relative_of_nice(int nice); /* permyriad */
/* The nearest by ratio: 8192 permyriad is between 0 and 1, and is 1. */
int nice_of_weight_relative(int64_t relative_permyriad);

/* Where a cgroup's weight arbitrates, the nice nearest to it; an autogroup's nice or the main
 * thread's where they do. False where the snapshot does not know (a real-time VM has none). */
bool nice_of_vm(const struct vm *vm, int *ret);

#endif
