/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes a working set from its first word to its last, again and again. Which words a pass
 * writes is an arithmetic series, so the sum of the whole memory at the end is known in
 * advance, wherever the last pass was cut off.
 */
#include "work/kinds.h"
#include "work/lane.h"
#include "work/memory.h"
#include "work/setting.h"

#include "base/error.h"

#include <errno.h>
#include <stdlib.h>

#define BATCH_BYTES (16u << 10)
#define PASS_STEP 0x9e3779b97f4a7c15ull

struct write_settings {
	struct common_settings common;
	uint64_t size, passes;
};

struct area {
	uint64_t *words;
	uint64_t count; /* of words */
	uint64_t at;    /* the next word of this pass */
	uint64_t pass;
};

static int write_check(const void *pointer, struct error *err)
{
	const struct write_settings *settings = pointer;

	if (settings->size % LINE_BYTES != 0)
		return error_set(err, -EINVAL, "size is in whole lines of %u bytes", LINE_BYTES);
	return 0;
}

static int write_prepare(struct job *job, struct error *err)
{
	const struct write_settings *settings = job->settings;

	return memory_check_room(settings->size * settings->common.threads, err);
}

/* Word i of pass p is p * PASS_STEP + i. */
static void write_words(struct area *area, uint64_t count)
{
	uint64_t *to = area->words + area->at;
	uint64_t value = area->pass * PASS_STEP + area->at;
	uint64_t i;

	for (i = 0; i < count; i++)
		to[i] = value + i;
	/* Somebody might look now: every word is really written. */
	__asm__ volatile("" : : "r"(to) : "memory");
	area->at += count;
	if (area->at == area->count) {
		area->at = 0;
		area->pass++;
	}
}

static int write_lane_prepare(struct lane *lane, struct error *err)
{
	const struct write_settings *settings = lane->settings;
	struct area *area = calloc(1, sizeof *area);
	void *memory;
	int code;

	lane->own = area;
	if (area == NULL)
		return error_errno(err, -ENOMEM, "memory");
	code = memory_map(settings->size, &memory, err);
	if (code < 0)
		return code;
	area->words = memory;
	area->count = settings->size / sizeof *area->words;
	write_words(area, area->count); /* pass 0: every page is there */
	return 0;
}

static int write_run(struct lane *lane, struct error *err)
{
	const struct write_settings *settings = lane->settings;
	struct area *area = lane->own;
	const uint64_t batch = BATCH_BYTES / sizeof *area->words;
	/* Pass 0 was the preparation. */
	const uint64_t end = settings->passes > 0 ? settings->passes + 1 : UINT64_MAX;

	while (lane_goes_on(lane) && area->pass < end) {
		uint64_t left = batch;

		while (left > 0 && area->pass < end) {
			uint64_t until_end = area->count - area->at;
			uint64_t count = left < until_end ? left : until_end;

			write_words(area, count);
			left -= count;
		}
		lane_count(lane, (batch - left) * sizeof *area->words / LINE_BYTES,
			   (batch - left) * sizeof *area->words);
	}
	return 0;
}

/* The words from `first` to before `end`, of this pass; modulo 2^64, as all sums here. */
static uint64_t series_sum(uint64_t pass, uint64_t first, uint64_t end)
{
	uint64_t count = end - first;

	return count * (pass * PASS_STEP) + (uint64_t)((__uint128_t)count * (first + end - 1) / 2);
}

static int write_lane_finish(struct lane *lane, struct error *err)
{
	const struct area *area = lane->own;
	uint64_t i, sum = 0, wanted;

	for (i = 0; i < area->count; i++)
		sum += area->words[i];
	wanted = series_sum(area->pass - 1, area->at, area->count);
	if (area->at > 0)
		wanted += series_sum(area->pass, 0, area->at);
	if (sum != wanted)
		lane_error(lane);
	return 0;
}

static const struct workload_actions actions = {
	.check = write_check,
	.prepare = write_prepare,
	.lane_prepare = write_lane_prepare,
	.run = write_run,
	.lane_finish = write_lane_finish,
};

static const struct parameter parameters[] = {
	PARAMETER_NUMBER(struct write_settings, size, "size", PARAMETER_SIZE, "64M", 1024,
			 1ull << 40, "working set of each thread"),
	PARAMETER_NUMBER(struct write_settings, passes, "passes", PARAMETER_COUNT, "0", 0, UINT32_MAX,
			 "end after it was written so often; 0: when it is told to"),
	PARAMETERS_END,
};

const struct workload memory_write_workload = {
	.name = "memory-write",
	.summary = "writes a working set sequentially",
	.operation = "one line of 64 bytes written",
	.notes = "At the end the sum of all that is in memory is compared with the known one.",
	.moves_bytes = true,
	.parameters = parameters,
	.settings_size = sizeof(struct write_settings),
	.actions = &actions,
};
