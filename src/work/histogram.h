/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How often something took how long: counts in buckets that grow with the time. Up to 31
 * nanoseconds a bucket is one nanosecond; above that each doubling has 16 buckets, so that what
 * is told of a time is wrong by at most a sixteenth. The last bucket holds everything from 2^40
 * nanoseconds (18 minutes) on.
 */
#ifndef WORK_HISTOGRAM_H
#define WORK_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_BUCKETS 593u

struct histogram {
	uint64_t counts[HISTOGRAM_BUCKETS];
};

unsigned histogram_bucket(uint64_t nsec);
/* The least time that falls into the bucket; histogram_least_nsec(HISTOGRAM_BUCKETS) is the end. */
uint64_t histogram_least_nsec(unsigned bucket);

uint64_t histogram_total(const struct histogram *histogram);
/* The middle of the bucket in which the quantile lies (permyriad: 9900 is p99); 0 without any. */
uint64_t histogram_quantile_nsec(const struct histogram *histogram, unsigned permyriad);
/* to += from - before: what was counted between two readings. */
void histogram_add_change(struct histogram *to, const struct histogram *from,
			  const struct histogram *before);

#endif
