/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/store/store_record.h"

#include "base/vec.h"

#include <stdlib.h>
#include <string.h>

const char *const store_role_names[] = {
	[STORE_ROLE_SUBJECT] = "subject", [STORE_ROLE_OTHER] = "other",
	[STORE_ROLE_IDLE] = "idle", [STORE_ROLE_PEER] = "peer",
};

void store_run_init(struct store_run *run)
{
	*run = (struct store_run){ 0 };
}

void store_run_clear(struct store_run *run)
{
	size_t i;

	for (i = 0; i < run->member_count; i++)
		free(run->members[i].results);
	*run = (struct store_run){
		.members = run->members, .member_capacity = run->member_capacity,
		.intervals = run->intervals, .interval_capacity = run->interval_capacity,
		.buckets = run->buckets, .bucket_capacity = run->bucket_capacity,
		.samples = run->samples, .sample_capacity = run->sample_capacity,
	};
}

void store_run_done(struct store_run *run)
{
	store_run_clear(run);
	free(run->members);
	free(run->intervals);
	free(run->buckets);
	free(run->samples);
	store_run_init(run);
}

bool store_run_add_member(struct store_run *run, const struct store_member *member)
{
	if (!VEC_RESERVE(run->members, run->member_capacity, run->member_count + 1))
		return false;
	run->members[run->member_count++] = *member;
	return true;
}

bool store_run_add_interval(struct store_run *run, const struct store_interval *interval,
			    const struct store_bucket *buckets, size_t count)
{
	struct store_interval *added;

	if (!VEC_RESERVE(run->intervals, run->interval_capacity, run->interval_count + 1) ||
	    !VEC_RESERVE(run->buckets, run->bucket_capacity, run->bucket_count + count))
		return false;
	added = &run->intervals[run->interval_count++];
	*added = *interval;
	added->first_bucket = run->bucket_count;
	added->bucket_count = count;
	if (count > 0)
		memcpy(run->buckets + run->bucket_count, buckets, count * sizeof *buckets);
	run->bucket_count += count;
	return true;
}

bool store_run_add_sample(struct store_run *run, const struct store_sample *sample)
{
	if (!VEC_RESERVE(run->samples, run->sample_capacity, run->sample_count + 1))
		return false;
	run->samples[run->sample_count++] = *sample;
	return true;
}
