/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last words of a policy's process: handlers, on a stack of their own, that write one frame
 * which says what happened, and end the process. And the clock of each turn.
 */
#ifndef DECIDE_CRASH_H
#define DECIDE_CRASH_H

#include <stdint.h>

/* Where the policy is: the function that it called last, or the rule that runs. Asked by a
 * handler, so it looks and does no more. */
typedef const char *crash_where(int *ret_line);

int crash_handle(crash_where *where);
/* CPU time from now on; 0: no limit. */
void crash_limit(uint64_t cpu_usec);

#endif
