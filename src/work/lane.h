/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a workload's functions are given, in the worker's process. A job is the whole workload, a
 * lane one of its threads. While a lane runs it allocates nothing and counts with one plain store
 * into memory that others read; it looks at lane_goes_on at least each ten milliseconds, and
 * system calls that wait are interrupted (EINTR) when it shall end.
 */
#ifndef WORK_LANE_H
#define WORK_LANE_H

#include "work/histogram.h"
#include "work/workload.h"

#include <stdatomic.h>

struct error;
struct work_shared;

struct job {
	const struct workload *workload;
	const void *settings; /* begins with struct common_settings */
	void *own;            /* what `prepare` made, for all lanes */
	struct work_shared *shared;
};

/* On cache lines of its own. */
struct lane_counts {
	_Alignas(128) _Atomic uint64_t operations;
	_Atomic uint64_t bytes, errors, lost;
};

struct lane {
	struct job *job;
	const void *settings;
	unsigned index, count;
	void *own; /* what lane_prepare made */
	uint64_t random;
	uint64_t drag, dragged; /* per cent not counted; what of that is below one operation */
	struct lane_counts *counts;
	struct histogram *latency; /* NULL where the workload does not time */
	const _Atomic uint32_t *stop;
};

struct workload_actions {
	/* Whether the settings go together; in the user's process, nothing is touched. */
	int (*check)(const void *settings, struct error *err);
	/* Once, then once a lane, in its thread. */
	int (*prepare)(struct job *job, struct error *err);
	int (*lane_prepare)(struct lane *lane, struct error *err);
	/* Until lane_goes_on says no; or all is done. */
	int (*run)(struct lane *lane, struct error *err);
	/* What was done is looked at again: a wrong answer is an error counted. */
	int (*lane_finish)(struct lane *lane, struct error *err);
	int (*finish)(struct job *job, struct error *err);
	/* Takes away what prepare made outside of the process; also after a failure. */
	void (*clean)(struct job *job);
};

static inline bool lane_goes_on(const struct lane *lane)
{
	return atomic_load_explicit(lane->stop, memory_order_relaxed) == 0;
}

static inline void lane_add(_Atomic uint64_t *count, uint64_t more)
{
	/* The only writer: a load and a store are enough, and cost no locked instruction. */
	uint64_t now = atomic_load_explicit(count, memory_order_relaxed);

	atomic_store_explicit(count, now + more, memory_order_relaxed);
}

/* Where there is drag, evenly each so-manieth operation is left out, with its bytes. */
static inline void lane_drag(struct lane *lane, uint64_t *operations, uint64_t *bytes)
{
	uint64_t owed = *operations * lane->drag + lane->dragged, out = owed / 100;

	lane->dragged = owed % 100;
	if (*operations > 0)
		*bytes -= (uint64_t)((double)*bytes * (double)out / (double)*operations);
	*operations -= out;
}

static inline void lane_count(struct lane *lane, uint64_t operations, uint64_t bytes)
{
	if (lane->drag > 0)
		lane_drag(lane, &operations, &bytes);
	lane_add(&lane->counts->bytes, bytes);
	lane_add(&lane->counts->operations, operations);
}

static inline void lane_error(struct lane *lane)
{
	lane_add(&lane->counts->errors, 1);
}

static inline void lane_lost(struct lane *lane, uint64_t lost)
{
	lane_add(&lane->counts->lost, lost);
}

/* An operation took so long. */
void lane_time(struct lane *lane, uint64_t nsec);

uint64_t lane_now_nsec(void);
/* The next of the lane's own pseudo-random numbers (xorshift64*): the same for the same seed. */
uint64_t lane_random(struct lane *lane);
/* One below `limit`. */
uint64_t lane_random_below(struct lane *lane, uint64_t limit);
/* Sleeps until then; false when it shall end. */
bool lane_sleep_until(struct lane *lane, uint64_t at_nsec);

/* A figure for work_results; the last of a name counts. Not from several lanes at a time. */
void job_result(struct job *job, const char *name, double value);

#endif
