/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests that come when they come, whether or not the one before is done, as from users who do
 * not wait for each other. How long one took counts from the instant at which it was due: where
 * the machine stands still for a second, every request that was due in it is late, not one.
 */
#include "work/kinds.h"
#include "work/cpu.h"
#include "work/lane.h"
#include "work/setting.h"

#include "base/error.h"

#include <errno.h>
#include <stdlib.h>

#define NSEC 1000000000.0

enum latency_arrivals { ARRIVALS_EVEN, ARRIVALS_RANDOM };
static const char *const arrivals[] = { "even", "random", NULL };

struct latency_settings {
	struct common_settings common;
	uint64_t rate, arrivals, cost, burst, burst_every_nsec, burst_length_nsec;
};

struct load {
	uint64_t begin_nsec;
	double due_nsec; /* of the next request, after `begin` */
};

static int latency_check(const void *pointer, struct error *err)
{
	const struct latency_settings *settings = pointer;

	if (settings->burst_length_nsec > settings->burst_every_nsec)
		return error_set(err, -EINVAL, "burst-length is longer than burst-every");
	return 0;
}

static int latency_prepare(struct job *job, struct error *err)
{
	cpu_integer_prepare();
	return 0;
}

static int latency_lane_prepare(struct lane *lane, struct error *err)
{
	lane->own = calloc(1, sizeof(struct load));
	return lane->own != NULL ? 0 : error_errno(err, -ENOMEM, "memory");
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

static bool serve(const struct latency_settings *settings)
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
	struct load *load = lane->own;

	load->begin_nsec = lane_now_nsec();
	next_due(lane, load);
	while (lane_sleep_until(lane, load->begin_nsec + (uint64_t)load->due_nsec)) {
		uint64_t due_nsec = load->begin_nsec + (uint64_t)load->due_nsec;
		bool right = serve(settings);

		lane_time(lane, lane_now_nsec() - due_nsec);
		if (right)
			lane_count(lane, 1, 0);
		else
			lane_error(lane);
		next_due(lane, load);
	}
	tell_unserved(lane, load);
	return 0;
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
