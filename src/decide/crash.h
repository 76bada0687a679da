/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last words of a policy's process: handlers, on a stack of their own, that write one frame
 * which says what happened, and end the process. And the clock of each turn.
 */
#ifndef DECIDE_CRASH_H
#define DECIDE_CRASH_H

#include <stdint.h>

/* What a policy in C called last, for the sentence. The texts live as long as the process. */
extern const char *volatile crash_function;
extern volatile int crash_line;

int crash_handle(void);
/* CPU time from now on; 0: no limit. */
void crash_limit(uint64_t cpu_usec);

#endif
