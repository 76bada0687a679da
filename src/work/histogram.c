/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "work/histogram.h"

#define STEPS_LOG2 4u /* 16 buckets a doubling */
#define LARGEST_LOG2 40u

unsigned histogram_bucket(uint64_t nsec)
{
	unsigned shift;

	if (nsec < 2u << STEPS_LOG2)
		return (unsigned)nsec;
	if (nsec >> LARGEST_LOG2 != 0)
		return HISTOGRAM_BUCKETS - 1;
	shift = 63u - (unsigned)__builtin_clzll(nsec) - STEPS_LOG2;
	return (shift << STEPS_LOG2) + (unsigned)(nsec >> shift);
}

uint64_t histogram_least_nsec(unsigned bucket)
{
	unsigned shift;

	if (bucket < 2u << STEPS_LOG2)
		return bucket;
	shift = (bucket >> STEPS_LOG2) - 1;
	return (uint64_t)(bucket - (shift << STEPS_LOG2)) << shift;
}

uint64_t histogram_total(const struct histogram *histogram)
{
	uint64_t total = 0;
	unsigned i;

	for (i = 0; i < HISTOGRAM_BUCKETS; i++)
		total += histogram->counts[i];
	return total;
}

static uint64_t bucket_middle_nsec(unsigned bucket)
{
	uint64_t least = histogram_least_nsec(bucket);

	if (bucket == HISTOGRAM_BUCKETS - 1)
		return least;
	return least + (histogram_least_nsec(bucket + 1) - least) / 2;
}

uint64_t histogram_quantile_nsec(const struct histogram *histogram, unsigned permyriad)
{
	uint64_t total = histogram_total(histogram);
	/* The nearest rank, without a product that could overflow. */
	uint64_t rank = total / 10000 * permyriad + (total % 10000 * permyriad + 9999) / 10000;
	uint64_t below = 0;
	unsigned i;

	if (total == 0)
		return 0;
	for (i = 0; i < HISTOGRAM_BUCKETS - 1; i++) {
		below += histogram->counts[i];
		if (below >= rank && below > 0)
			break;
	}
	return bucket_middle_nsec(i);
}

void histogram_add_change(struct histogram *to, const struct histogram *from,
			  const struct histogram *before)
{
	unsigned i;

	for (i = 0; i < HISTOGRAM_BUCKETS; i++)
		to->counts[i] += from->counts[i] - before->counts[i];
}
