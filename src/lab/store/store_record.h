/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One run while it is measured, in memory: nothing is written to a disk while something else is
 * being measured. Times are nanoseconds of the host's CLOCK_MONOTONIC since the run's start.
 */
#ifndef LAB_STORE_STORE_RECORD_H
#define LAB_STORE_STORE_RECORD_H

#include "work/histogram.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STORE_ROLE_SUBJECT, STORE_ROLE_OTHER, STORE_ROLE_IDLE, STORE_ROLE_PEER, STORE_ROLES };
extern const char *const store_role_names[STORE_ROLES];

struct store_member {
	unsigned vm;                 /* 0: VM1 */
	int role;
	const char *workload, *unit; /* NULL where it is idle */
	char *results;               /* lines of NAME=VALUE; NULL: none */
};

struct store_bucket {
	uint16_t index;
	uint32_t added;
};

/* What one member did between two of its reports. */
struct store_interval {
	unsigned vm;
	int64_t at_nsec;             /* when it began */
	uint64_t length_nsec, uncertainty_nsec;
	uint64_t operations, bytes, errors, lost;
	size_t first_bucket, bucket_count; /* in the run's buckets */
};

/* A figure had this value from then on. Sources: "host", "cpuN", "vmN" (as the host sees it),
 * "guestN" (as it sees itself), "link" (the experiment's shared link); N from 1, of CPUs from 0. */
struct store_sample {
	char source[24];
	const char *figure;          /* borrowed: figures' names are constants */
	int64_t at_nsec, value;
};

struct store_run {
	size_t cell;                 /* its ordinal */
	unsigned ordinal;            /* of the run within its boot */
	int64_t started_nsec;        /* CLOCK_MONOTONIC */
	int64_t started_usec;        /* CLOCK_REALTIME */
	uint64_t warmup_nsec, duration_nsec;
	const char *state;           /* "done", "unproved", "cut", "failed" */
	const char *why;             /* NULL: "done" */
	struct store_member *members;
	size_t member_count, member_capacity;
	struct store_interval *intervals;
	size_t interval_count, interval_capacity;
	struct store_bucket *buckets;
	size_t bucket_count, bucket_capacity;
	struct store_sample *samples;
	size_t sample_count, sample_capacity;
};

void store_run_init(struct store_run *run);
/* Forgets what it has, keeps the memory. */
void store_run_clear(struct store_run *run);
void store_run_done(struct store_run *run);
/* False when memory is out. */
bool store_run_add_member(struct store_run *run, const struct store_member *member);
bool store_run_add_interval(struct store_run *run, const struct store_interval *interval,
			    const struct store_bucket *buckets, size_t count);
bool store_run_add_sample(struct store_run *run, const struct store_sample *sample);

#endif
