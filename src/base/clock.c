/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/clock.h"

#include <time.h>

static uint64_t clock_nsec(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (uint64_t)now.tv_sec * NSEC_PER_SEC + (uint64_t)now.tv_nsec;
}

uint64_t clock_monotonic_nsec(void)
{
	return clock_nsec(CLOCK_MONOTONIC);
}

uint64_t clock_monotonic_usec(void)
{
	return clock_nsec(CLOCK_MONOTONIC) / NSEC_PER_USEC;
}

uint64_t clock_realtime_usec(void)
{
	return clock_nsec(CLOCK_REALTIME) / NSEC_PER_USEC;
}

uint64_t clock_thread_cpu_nsec(void)
{
	return clock_nsec(CLOCK_THREAD_CPUTIME_ID);
}
