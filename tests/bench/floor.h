/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The floor of a tick: the files that a tick reads, each by one pread into a buffer that nobody
 * looks at; through descriptors that are kept open where the observer keeps them, opened and closed
 * around it where the observer has to. In a process of its own, whose table of descriptors has as
 * much room as the observer's.
 */
#ifndef BENCH_FLOOR_H
#define BENCH_FLOOR_H

#include <sys/types.h>

struct error;
struct heard;

struct floor {
	pid_t pid; /* 0: none */
	int ask, answer;
};

int floor_init(struct floor *floor, const struct heard *heard, struct error *err);
/* CPU time of one reading of all. */
int floor_pass(struct floor *floor, double *ret_usec, struct error *err);
void floor_done(struct floor *floor);

#endif
