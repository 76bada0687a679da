/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How fast ksmd shall go, from what it has come to. Pure: what was seen in, what to set out, the state
 * between is in the struct.
 *
 * ksmd merges a page at the second look that finds it unchanged, so a sweep is two passes over all
 * mergeable memory: as fast as the CPU budget allows, and worth its CPU time while pages merge. After
 * that it goes at a crawl that costs next to nothing, until there is something new: a VM was born,
 * memory grew, or the crawl itself merges more than its CPU time is worth. Where VMs wait for CPUs
 * it stands still.
 */
#ifndef KSM_TUNE_H
#define KSM_TUNE_H

#include <stdbool.h>
#include <stdint.h>

enum tune_phase {
	TUNE_SWEEP,   /* there is much to look at */
	TUNE_CALM,    /* what could be merged is */
	TUNE_YIELD,   /* VMs need the CPUs */
};

struct tune_limits {
	double sweep_cpus;      /* of one CPU, while it sweeps: 0.5 */
	double calm_cpus;       /* 0.001 */
	double yield_least;     /* MB a CPU-second that are worth it: 20 */
	double waiting_most;    /* a share of the time in which somebody waits for a CPU: 0.25; 1: never */
	double growth_least;    /* of mergeable memory, that is worth a new sweep: 0.02 */
};

extern const struct tune_limits tune_limits_default;

/* Counters and gauges, as /sys/kernel/mm/ksm and /proc tell them. */
struct tune_seen {
	uint64_t monotonic_usec;
	uint64_t pages_scanned;     /* 0 throughout where this kernel (before 6.4) does not tell */
	uint64_t full_scans;
	uint64_t saved_pages;       /* sharing and zero pages */
	uint64_t ksmd_usec;         /* CPU time */
	uint64_t waiting_usec;      /* PSI cpu some, total */
	uint64_t mergeable_pages;   /* in memory, of all VMs; 0: not known */
	bool born;                  /* a VM since the last time */
};

struct tune_wish {
	uint64_t pages;             /* a scan; 0: ksmd stands still (run = 0) */
	uint64_t sleep_msec;
};

struct tune {
	struct tune_limits limits;
	enum tune_phase phase, before_yield;
	bool begun;
	struct tune_seen last;      /* the time before */
	struct tune_seen start;     /* when this phase began */
	struct tune_seen aimed;     /* when a crawl's pace was judged last */
	struct tune_wish wish;
	unsigned fruitless;         /* sweeps in a row that were not worth their CPU time */
	uint64_t swept_pages;       /* mergeable memory at the last sweep */
	uint64_t most_pages;        /* the most of it during the sweep: VMs may end meanwhile */
	uint64_t yield_until_usec;
	char why[128];              /* of the phase, a sentence */
};

void tune_init(struct tune *tune, const struct tune_limits *limits);
/* What to set from now on. To be called a few times a second while it sweeps, each second else. */
struct tune_wish tune_next(struct tune *tune, const struct tune_seen *seen);
const char *tune_phase_name(enum tune_phase phase); /* "sweep", "calm", "yield" */

#endif
