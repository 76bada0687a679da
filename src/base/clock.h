/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine's clocks. What observes a host asks its root for the time, so that captures have
 * their own; whatever decides or computes gets the time as an input. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#define USEC_PER_SEC 1000000ull
#define USEC_PER_MSEC 1000ull
#define NSEC_PER_SEC 1000000000ull
#define NSEC_PER_MSEC 1000000ull
#define NSEC_PER_USEC 1000ull

uint64_t clock_monotonic_nsec(void);
uint64_t clock_monotonic_usec(void);
uint64_t clock_realtime_usec(void);
/* CPU time of this thread: what a tick costs. */
uint64_t clock_thread_cpu_nsec(void);

#endif
