/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prime search by trial division, again and again from 2 up to a limit. After each time the
 * number of primes found is compared with a sieve's.
 */
#include "work/kinds.h"
#include "work/cpu.h"
#include "work/lane.h"
#include "work/setting.h"

#include "base/cleanup.h"
#include "base/error.h"

#include <errno.h>

#define BATCH 16u

struct prime_settings {
	struct common_settings common;
	uint64_t limit;
};

struct search {
	uint64_t wanted; /* primes up to the limit */
};

bool cpu_is_prime(uint64_t number)
{
	uint64_t divisor;

	if (number < 4 || number % 2 == 0)
		return number == 2 || number == 3;
	for (divisor = 3; divisor * divisor <= number; divisor += 2)
		if (number % divisor == 0)
			return false;
	return true;
}

uint64_t cpu_primes_sieved(uint64_t limit)
{
	CLEANUP_FREE unsigned char *composite = calloc(limit + 1, 1);
	uint64_t number, multiple, count = 0;

	if (composite == NULL)
		return 0;
	for (number = 2; number <= limit; number++) {
		if (composite[number])
			continue;
		count++;
		for (multiple = number * number; multiple <= limit; multiple += number)
			composite[multiple] = 1;
	}
	return count;
}

static int prime_prepare(struct job *job, struct error *err)
{
	const struct prime_settings *settings = job->settings;
	struct search *search = calloc(1, sizeof *search);

	job->own = search;
	if (search != NULL)
		search->wanted = cpu_primes_sieved(settings->limit);
	if (search == NULL || search->wanted == 0)
		return error_errno(err, -ENOMEM, "the sieve");
	return 0;
}

static int prime_run(struct lane *lane, struct error *err)
{
	const struct prime_settings *settings = lane->settings;
	const struct search *search = lane->job->own;
	uint64_t number = 2, found = 0;
	unsigned i;

	while (lane_goes_on(lane)) {
		for (i = 0; i < BATCH && number <= settings->limit; i++, number++)
			found += cpu_is_prime(number);
		lane_count(lane, i, 0);
		if (number <= settings->limit)
			continue;
		if (found != search->wanted)
			lane_error(lane);
		number = 2;
		found = 0;
	}
	return 0;
}

static const struct workload_actions actions = {
	.prepare = prime_prepare,
	.run = prime_run,
};

static const struct parameter parameters[] = {
	PARAMETER_NUMBER(struct prime_settings, limit, "limit", PARAMETER_COUNT, "10000", 100,
			 100000000, "the last number that is looked at; then it begins again"),
	PARAMETERS_END,
};

const struct workload cpu_prime_workload = {
	.name = "cpu-prime",
	.summary = "searches primes by trial division",
	.operation = "one number looked at",
	.notes = "Each time it reaches the limit it has found as many as a sieve, or it is an error.",
	.parameters = parameters,
	.settings_size = sizeof(struct prime_settings),
	.actions = &actions,
};
