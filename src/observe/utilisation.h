/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Busy share of all CPUs over the last 1, 5 and 15 minutes: exact over its window, where the
 * kernel's load average is a decaying count of threads. While less has been seen than a window
 * holds, the share is over what has been seen. Pure: time comes in with each sample.
 */
#ifndef OBSERVE_UTILISATION_H
#define OBSERVE_UTILISATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One mark each 5 s for 15 minutes, and one to reach back to. */
#define UTILISATION_MARKS 181

struct utilisation_mark {
	uint64_t monotonic_usec;
	uint64_t busy_usec;
	uint64_t total_usec;
};

struct utilisation {
	struct utilisation_mark marks[UTILISATION_MARKS];
	size_t first, count;
	struct utilisation_mark newest;
};

void utilisation_add(struct utilisation *u, uint64_t monotonic_usec, uint64_t busy_usec,
		     uint64_t total_usec);
/* False before two samples lie apart. */
bool utilisation_over(const struct utilisation *u, uint64_t window_usec, int64_t *ret_permyriad);
uint64_t utilisation_seen_usec(const struct utilisation *u);

#endif
