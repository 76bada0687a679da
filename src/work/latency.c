/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests that come when they come, whether or not the one before is done, as from users who do
 * not wait for each other. How long one took counts from the instant at which it was due: where
 * the machine stands still for a second, every request that was due in it is late, not one. A
 * request computes, and may read a block of a disk.
 */
#include "work/kinds.h"
#include "work/cpu.h"
#include "work/disk_file.h"
#include "work/setting.h"
#include "work/stamp.h"

#include "base/error.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define NSEC 1000000000.0

enum latency_arrivals { ARRIVALS_EVEN, ARRIVALS_RANDOM };
static const char *const arrivals[] = { "even", "random", NULL };

struct latency_settings {
	struct disk_settings disk; /* begins with the common ones; without a file there is no disk */
	uint64_t rate, arrivals, cost, burst, burst_every_nsec, burst_length_nsec;
};

struct load {
	uint64_t begin_nsec;
	double due_nsec; /* of the next request, after `begin` */
	struct disk_walk *walk;
};

static bool has_disk(const struct latency_settings *settings)
{
	return *settings->disk.file != '\0';
}

static int latency_check(const void *pointer, struct error *err)
{
	const struct latency_settings *settings = pointer;

	if (settings->burst_length_nsec > settings->burst_every_nsec)
		return error_set(err, -EINVAL, "burst-length is longer than burst-every");
	return has_disk(settings) ? disk_check(settings, err) : 0;
}

static int latency_prepare(struct job *job, struct error *err)
{
	cpu_integer_prepare();
	return has_disk(job->settings) ? disk_prepare(job, err) : 0;
}

static int latency_lane_prepare(struct lane *lane, struct error *err)
{
	struct load *load = calloc(1, sizeof *load);
	int code = has_disk(lane->settings) ? disk_lane_prepare(lane, err) : 0;

	if (load == NULL)
		return error_errno(err, -ENOMEM, "memory");
	load->walk = lane->own;
	lane->own = load;
	return code;
}

/* Of one thread, at this time: each has its part of the rate, and bursts come to all at once. */
static double rate_at(const struct lane *lane, double at_nsec)
{
	const struct latency_settings *settings = lane->settings;
	double rate = (double)settings->rate / lane->count;

	if (settings->burst > 1 &&
	    (uint64_t)at_nsec % settings->burst_every_nsec < settings->burst_length_nsec)
		rate *= (double)settings->burst;
	return rate;
}

/* -ln(u), of u uniform over (0, 1): how far apart independent arrivals are, without libm. */
static double exponential(struct lane *lane)
{
	double u = ((double)(lane_random(lane) >> 11) + 0.5) / 9007199254740992.0;
	double sum = 0, y, square, power;
	unsigned i;

	/* Into (0.5, 1]; each halving is ln 2. */
	for (; u <= 0.5; u *= 2)
		sum += 0.69314718055994531;
	/* ln(u) = 2 artanh((u - 1) / (u + 1)), of which ten terms are more than enough. */
	y = (u - 1) / (u + 1);
	square = y * y;
	for (i = 0, power = y; i < 10; i++, power *= square)
		sum -= 2 * power / (2 * i + 1);
	return sum;
}

static void next_due(struct lane *lane, struct load *load)
{
	const struct latency_settings *settings = lane->settings;
	double apart = settings->arrivals == ARRIVALS_RANDOM ? exponential(lane) : 1;

	load->due_nsec += apart * NSEC / rate_at(lane, load->due_nsec);
}

static bool compute(const struct latency_settings *settings)
{
	uint64_t unit;
	bool right = true;

	for (unit = 0; unit < settings->cost; unit++) {
		uint64_t number = unit % CPU_UNITS;

		__asm__ volatile("" : "+r"(number) : : "memory");
		right &= cpu_integer_is_right(number);
	}
	return right;
}

/* -EINTR, or the sentence where it makes no sense to go on; *ret_right: whether it was served. */
static int read_block(struct lane *lane, struct error *err, bool *ret_right)
{
	const struct latency_settings *settings = lane->settings;
	const struct disk_file *file = lane->job->own;
	struct load *load = lane->own;
	const struct disk_walk *walk = load->walk;
	uint64_t offset;
	int code;

	lane->own = load->walk;
	offset = disk_next_block(lane) * settings->disk.block;
	lane->own = load;
	code = disk_outcome(lane, pread(file->fd, walk->buffer, settings->disk.block, (off_t)offset),
			    err, ret_right);
	if (*ret_right && !stamp_is_any(walk->buffer, settings->disk.block, DISK_KEY, offset)) {
		lane_error(lane);
		*ret_right = false;
	}
	return code;
}

/* What is not served right is an error, counted. */
static int serve(struct lane *lane, struct error *err, bool *ret_right)
{
	const struct latency_settings *settings = lane->settings;

	*ret_right = compute(settings);
	if (!*ret_right)
		lane_error(lane);
	return *ret_right && has_disk(settings) ? read_block(lane, err, ret_right) : 0;
}

/* Those that were due and nobody came to: they waited at least until now, and are lost. */
static void tell_unserved(struct lane *lane, struct load *load)
{
	uint64_t now_nsec = lane_now_nsec();

	while (load->begin_nsec + (uint64_t)load->due_nsec < now_nsec) {
		lane_time(lane, now_nsec - load->begin_nsec - (uint64_t)load->due_nsec);
		lane_lost(lane, 1);
		next_due(lane, load);
	}
}

static int latency_run(struct lane *lane, struct error *err)
{
	const struct latency_settings *settings = lane->settings;
	const uint64_t bytes = has_disk(settings) ? settings->disk.block : 0;
	struct load *load = lane->own;
	int code = 0;

	load->begin_nsec = lane_now_nsec();
	next_due(lane, load);
	while (code == 0 && lane_sleep_until(lane, load->begin_nsec + (uint64_t)load->due_nsec)) {
		uint64_t due_nsec = load->begin_nsec + (uint64_t)load->due_nsec;
		bool right;

		code = serve(lane, err, &right);
		if (code < 0)
			break;
		lane_time(lane, lane_now_nsec() - due_nsec);
		if (right)
			lane_count(lane, 1, bytes);
		next_due(lane, load);
	}
	tell_unserved(lane, load);
	return code == -EINTR ? 0 : code;
}

static const struct workload_actions actions = {
	.check = latency_check,
	.prepare = latency_prepare,
	.lane_prepare = latency_lane_prepare,
	.run = latency_run,
};

static const struct parameter parameters[] = {
	PARAMETER_NUMBER(struct latency_settings, rate, "rate", PARAMETER_COUNT, "1000", 1, 10000000,
			 "requests a second, of all threads together"),
	PARAMETER_ONE_OF(struct latency_settings, arrivals, "arrivals", "even", arrivals,
			 "even: as a clock; random: independent of each other"),
	PARAMETER_NUMBER(struct latency_settings, cost, "cost", PARAMETER_COUNT, "10", 0, 1000000,
			 "units of cpu-integer that a request takes; 0: it only has to be woken for"),
	PARAMETER_NUMBER(struct latency_settings, burst, "burst", PARAMETER_COUNT, "1", 1, 1000,
			 "in a burst they come so many times as often"),
	PARAMETER_NUMBER(struct latency_settings, burst_every_nsec, "burst-every", PARAMETER_TIME, "1s",
			 1000000, 3600000000000, "from one burst's beginning to the next"),
	PARAMETER_NUMBER(struct latency_settings, burst_length_nsec, "burst-length", PARAMETER_TIME,
			 "100ms", 1000000, 3600000000000, "of a burst"),
	PARAMETER_STRING(struct latency_settings, disk.file, "file", "",
			 "each request reads a block of this file or block device, too; empty: none"),
	PARAMETER_NUMBER(struct latency_settings, disk.size, "size", PARAMETER_SIZE, "64M", SECTOR_BYTES,
			 1ull << 44, "how much of the file"),
	PARAMETER_NUMBER(struct latency_settings, disk.block, "block", PARAMETER_SIZE, "4K",
			 SECTOR_BYTES, 64u << 20, "bytes that a request reads"),
	PARAMETER_ONE_OF(struct latency_settings, disk.order, "order", "random", disk_orders,
			 "in which blocks are read"),
	PARAMETER_YES_NO(struct latency_settings, disk.direct, "direct", "yes",
			 "past the page cache (O_DIRECT)"),
	PARAMETER_YES_NO(struct latency_settings, disk.overwrite, "overwrite", "no",
			 "the file, even if it holds something else"),
	PARAMETERS_END,
};

const struct workload latency_workload = {
	.name = "latency",
	.summary = "serves requests that come at their own times, with bursts",
	.operation = "one request served",
	.notes = "Each request's time counts from when it was due, also where it waited for others. "
		 "Those that were due and not served at the end are lost; the time until then is theirs.",
	.times = true,
	.parameters = parameters,
	.settings_size = sizeof(struct latency_settings),
	.actions = &actions,
};
