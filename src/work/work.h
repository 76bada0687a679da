/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One workload at work, made from one line of text: "disk-write file=/data/f size=64M block=4K
 * threads=2". It runs in a child process of its own, so that whatever becomes of it (killed for
 * its memory, a fault in it) its user only sees it fail. What it counted stands in memory that
 * both see: reading it at any time disturbs nobody. Times are nanoseconds of CLOCK_MONOTONIC.
 *
 *   work_new -> work_prepare -> READY -> work_start -> RUNNING -> work_stop -> DONE -> work_free
 *
 * and from everywhere to FAILED. It may also end by itself. work_fd becomes readable when there
 * is something new; then work_poll says where it is. The user's process has one thread when it
 * prepares (it forks), and does not reap work_pid's process.
 */
#ifndef WORK_WORK_H
#define WORK_WORK_H

#include "work/histogram.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct error;
struct work;
struct workload;

enum work_state {
	WORK_NEW,
	WORK_PREPARING, /* makes its files, touches its memory, connects */
	WORK_READY,
	WORK_RUNNING,   /* from work_start on, also while it waits for its instant */
	WORK_DONE,
	WORK_FAILED,    /* work_why says the sentence */
};

/* Each only grows while it runs. What an operation is, the workload says (workload.h). */
struct work_counts {
	uint64_t operations, bytes;
	uint64_t errors; /* operations that failed; not in `operations` */
	uint64_t lost;   /* what was sent to us and did not arrive, as far as it is known */
};

/* A figure beside the counts, known at the end: "checksum_errors" 0, "cpu_permyriad" 9980. */
struct work_result {
	char name[48];
	double value;
};

/* The line is checked whole: an unknown word is answered with the nearest known one. */
int work_new(const char *line, struct work **ret_work, struct error *err);
const struct workload *work_kind(const struct work *work);
/* Returns at once. */
int work_prepare(struct work *work, struct error *err);
/* At this instant, or at once if it has passed. -EINVAL unless it is READY. */
int work_start(struct work *work, uint64_t at_nsec);
/* Asks it to end: its counts then stand still within milliseconds, and it checks what it did
 * before it is DONE. A worker that is not within 30 seconds is killed by a later work_poll. */
void work_stop(struct work *work);
/* Kills what still runs; waits two seconds at most. */
void work_free(struct work *work);

int work_fd(const struct work *work);
enum work_state work_poll(struct work *work);
const char *work_state_name(enum work_state state);
/* While it is FAILED: one sentence. */
const char *work_why(const struct work *work);

/* 0 before it is prepared. To be pinned, or put into a cgroup, while it is READY. */
pid_t work_pid(const struct work *work);
/* When its first operation began and its last one ended; 0 while that is not so. */
uint64_t work_began_nsec(const struct work *work);
uint64_t work_ended_nsec(const struct work *work);

void work_read(const struct work *work, struct work_counts *ret_counts);
/* How long each operation took, of workloads that time them (workload.h: `times`). */
void work_read_latency(const struct work *work, struct histogram *ret_latency);
/* When it is DONE. */
const struct work_result *work_results(const struct work *work, size_t *ret_count);

#endif
