/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "work/shared.h"

#include "base/clock.h"

#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

void shared_tell(struct work_shared *shared)
{
	atomic_fetch_add(&shared->news, 1);
	syscall(SYS_futex, &shared->news, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

void shared_wait(struct work_shared *shared, uint32_t seen, uint64_t until_nsec)
{
	struct timespec until = {
		.tv_sec = (time_t)(until_nsec / NSEC_PER_SEC),
		.tv_nsec = (long)(until_nsec % NSEC_PER_SEC),
	};

	/* The BITSET kind takes an instant of CLOCK_MONOTONIC, not a length of time. */
	syscall(SYS_futex, &shared->news, FUTEX_WAIT_BITSET, seen,
		until_nsec != 0 ? &until : NULL, NULL, FUTEX_BITSET_MATCH_ANY);
}
