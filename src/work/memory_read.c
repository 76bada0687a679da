/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads a working set at random places, a word of one line each time. Where it reads next
 * depends on what it just read: neither the processor nor the compiler can run ahead, so this
 * is the memory's latency. The last reads are replayed at the end without memory, by arithmetic
 * alone, and must lead to the same place.
 */
#include "work/kinds.h"
#include "work/lane.h"
#include "work/memory.h"
#include "work/setting.h"

#include "base/error.h"

#include <errno.h>
#include <stdlib.h>

#define BATCH 1024u
#define REPLAYED (1u << 20) /* reads between two points from which a replay begins */
#define WORDS_PER_LINE (LINE_BYTES / sizeof(uint64_t))

struct read_settings {
	struct common_settings common;
	uint64_t size;
};

struct walk {
	uint64_t *words;
	uint64_t lines;
	uint64_t place;       /* a hash; its upper part says which line comes next */
	uint64_t mark;        /* `place` at the last point from which a replay can begin */
	uint64_t since_mark;  /* reads since then */
};

static int read_check(const void *pointer, struct error *err)
{
	const struct read_settings *settings = pointer;

	if (settings->size % LINE_BYTES != 0)
		return error_set(err, -EINVAL, "size is in whole lines of %u bytes", LINE_BYTES);
	return 0;
}

static int read_prepare(struct job *job, struct error *err)
{
	const struct read_settings *settings = job->settings;

	return memory_check_room(settings->size * settings->common.threads, err);
}

static inline uint64_t line_of(const struct walk *walk, uint64_t place)
{
	return (uint64_t)((__uint128_t)place * walk->lines >> 64);
}

/* What a line holds. */
static inline uint64_t word_of(uint64_t line)
{
	return (line + 1) * 0xd1342543de82ef95ull;
}

static inline uint64_t next_place(uint64_t place, uint64_t word)
{
	return (place ^ word) * 0x9e3779b97f4a7c15ull + 0x632be59bd9b4e019ull;
}

static int read_lane_prepare(struct lane *lane, struct error *err)
{
	const struct read_settings *settings = lane->settings;
	struct walk *walk = calloc(1, sizeof *walk);
	uint64_t line;
	void *memory;
	int code;

	lane->own = walk;
	if (walk == NULL)
		return error_errno(err, -ENOMEM, "memory");
	code = memory_map(settings->size, &memory, err);
	if (code < 0)
		return code;
	walk->words = memory;
	walk->lines = settings->size / LINE_BYTES;
	for (line = 0; line < walk->lines; line++)
		walk->words[line * WORDS_PER_LINE] = word_of(line);
	walk->mark = walk->place = lane_random(lane);
	/* The compiler is not to know what the words are. */
	__asm__ volatile("" : : "r"(walk->words) : "memory");
	return 0;
}

static int read_run(struct lane *lane, struct error *err)
{
	struct walk *walk = lane->own;
	unsigned i;

	while (lane_goes_on(lane)) {
		uint64_t place = walk->place;

		if (walk->since_mark == REPLAYED) {
			walk->mark = place;
			walk->since_mark = 0;
		}
		for (i = 0; i < BATCH; i++)
			place = next_place(place, walk->words[line_of(walk, place) * WORDS_PER_LINE]);
		walk->place = place;
		walk->since_mark += BATCH;
		lane_count(lane, BATCH, (uint64_t)BATCH * sizeof *walk->words);
	}
	return 0;
}

static int read_lane_finish(struct lane *lane, struct error *err)
{
	const struct walk *walk = lane->own;
	uint64_t i, place = walk->mark;

	for (i = 0; i < walk->since_mark; i++)
		place = next_place(place, word_of(line_of(walk, place)));
	if (place != walk->place)
		lane_error(lane);
	return 0;
}

static const struct workload_actions actions = {
	.check = read_check,
	.prepare = read_prepare,
	.lane_prepare = read_lane_prepare,
	.run = read_run,
	.lane_finish = read_lane_finish,
};

static const struct parameter parameters[] = {
	PARAMETER_NUMBER(struct read_settings, size, "size", PARAMETER_SIZE, "64M", 1024,
			 1ull << 40, "working set of each thread"),
	PARAMETERS_END,
};

const struct workload memory_read_workload = {
	.name = "memory-read",
	.summary = "reads a working set at random, each place depending on the last",
	.operation = "one word of 8 bytes read",
	.notes = "At the end the last reads are replayed by arithmetic and must lead to the same place.",
	.parameters = parameters,
	.settings_size = sizeof(struct read_settings),
	.actions = &actions,
};
