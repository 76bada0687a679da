/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory that a work's user and its worker process share. Each field has one writer. Whoever
 * changes something that the worker waits for adds 1 to `news` and wakes its futex; the worker
 * tells its user by a byte through a pipe.
 */
#ifndef WORK_SHARED_H
#define WORK_SHARED_H

#include "work/lane.h"
#include "work/work.h"

#define RESULTS_MOST 48u

struct work_shared {
	/* The user's. */
	_Atomic uint32_t start, end;
	_Atomic uint64_t start_nsec;
	/* The worker's. */
	_Atomic uint32_t state; /* enum work_state */
	_Atomic uint64_t began_nsec, ended_nsec;
	char why[512];
	struct work_result results[RESULTS_MOST];
	_Atomic uint32_t result_count;
	/* Both sides'. */
	_Alignas(128) _Atomic uint32_t news;
	/* What the lanes look at all the time, on a cache line that changes once. */
	_Alignas(128) _Atomic uint32_t stop;

	_Alignas(128) struct lane_counts counts[WORKLOAD_THREADS_MOST];
	struct histogram latency[WORKLOAD_THREADS_MOST];
};

void shared_tell(struct work_shared *shared);
/* Until there is news beyond `seen`, or this instant (0: for ever). */
void shared_wait(struct work_shared *shared, uint32_t seen, uint64_t until_nsec);

/* The worker's life, in its own process; returns its exit code. */
int worker_live(struct work_shared *shared, const struct workload *workload, const void *settings,
		int tell_fd);

#endif
