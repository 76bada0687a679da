/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Anonymous memory that is held: pages of random data, which no two have in common, or of
 * identical data, as the pages of other machines that run this. Some are visited a second:
 * looked at whole, or written anew, which undoes any sharing of the page.
 */
#include "work/kinds.h"
#include "work/lane.h"
#include "work/memory.h"
#include "work/setting.h"

#include "base/error.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>

#define PAGE_BYTES 4096u
#define PAGE_WORDS (PAGE_BYTES / sizeof(uint64_t))
#define TURN_NSEC 5000000ull

enum hold_content { CONTENT_RANDOM, CONTENT_IDENTICAL, CONTENT_ZERO };
static const char *const contents[] = { "random", "identical", "zero", NULL };

struct hold_settings {
	struct common_settings common;
	uint64_t size, content, visits, writes, mergeable;
};

struct hold {
	uint64_t *words;
	uint32_t *writes; /* of each page: its content follows from that */
	uint64_t pages;
	uint64_t secret; /* no other process has it */
};

static int hold_check(const void *pointer, struct error *err)
{
	const struct hold_settings *settings = pointer;

	if (settings->size % PAGE_BYTES != 0)
		return error_set(err, -EINVAL, "size is in whole pages of %u bytes", PAGE_BYTES);
	return 0;
}

static int hold_prepare(struct job *job, struct error *err)
{
	const struct hold_settings *settings = job->settings;

	return memory_check_room(settings->size * settings->common.threads, err);
}

/* The generator that makes a page's words. */
static uint64_t page_seed(const struct hold *hold, uint64_t content, uint64_t page)
{
	uint64_t mixed = hold->secret ^ (page << 32 | hold->writes[page]);

	return content == CONTENT_RANDOM ? mixed * 0x9e3779b97f4a7c15ull | 1 : 0x5eed0f7a11ull;
}

static inline uint64_t next_word(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static void page_write(struct hold *hold, uint64_t content, uint64_t page)
{
	uint64_t seed = page_seed(hold, content, page);
	uint64_t *word = hold->words + page * PAGE_WORDS;
	size_t i;

	for (i = 0; i < PAGE_WORDS; i++)
		word[i] = content == CONTENT_ZERO ? 0 : next_word(&seed);
	__asm__ volatile("" : : "r"(word) : "memory");
}

static bool page_is_right(const struct hold *hold, uint64_t content, uint64_t page)
{
	uint64_t seed = page_seed(hold, content, page), wrong = 0;
	const uint64_t *word = hold->words + page * PAGE_WORDS;
	size_t i;

	for (i = 0; i < PAGE_WORDS; i++)
		wrong |= word[i] ^ (content == CONTENT_ZERO ? 0 : next_word(&seed));
	return wrong == 0;
}

static int hold_map(struct hold *hold, const struct hold_settings *settings, struct error *err)
{
	void *memory;
	int code = memory_map(settings->size, &memory, err);

	if (code < 0)
		return code;
	if (settings->mergeable && madvise(memory, settings->size, MADV_MERGEABLE) < 0)
		return error_errno(err, -errno, "the kernel does not merge pages (MADV_MERGEABLE)");
	hold->words = memory;
	hold->pages = settings->size / PAGE_BYTES;
	hold->writes = calloc(hold->pages, sizeof *hold->writes);
	return hold->writes != NULL ? 0 : error_errno(err, -ENOMEM, "memory");
}

static int hold_lane_prepare(struct lane *lane, struct error *err)
{
	const struct hold_settings *settings = lane->settings;
	struct hold *hold = calloc(1, sizeof *hold);
	uint64_t page;
	int code;

	lane->own = hold;
	if (hold == NULL)
		return error_errno(err, -ENOMEM, "memory");
	if (getrandom(&hold->secret, sizeof hold->secret, 0) != sizeof hold->secret)
		return error_errno(err, -errno, "getrandom");
	code = hold_map(hold, settings, err);
	for (page = 0; code == 0 && lane_goes_on(lane) && page < hold->pages; page++)
		page_write(hold, settings->content, page);
	return code;
}

static void visit(struct lane *lane, uint64_t page)
{
	const struct hold_settings *settings = lane->settings;
	struct hold *hold = lane->own;

	if (!page_is_right(hold, settings->content, page)) {
		lane_error(lane);
		return;
	}
	if (settings->writes) {
		hold->writes[page]++;
		page_write(hold, settings->content, page);
	}
	lane_count(lane, 1, PAGE_BYTES);
}

static int hold_run(struct lane *lane, struct error *err)
{
	const struct hold_settings *settings = lane->settings;
	const struct hold *hold = lane->own;
	uint64_t begin_nsec = lane_now_nsec();
	uint64_t turn, done = 0;

	for (turn = 1; lane_sleep_until(lane, begin_nsec + turn * TURN_NSEC); turn++) {
		uint64_t due = (uint64_t)((__uint128_t)settings->visits * turn * TURN_NSEC / 1000000000);

		/* Where the machine is too slow for as many, it does what it can. */
		for (; done < due && lane_goes_on(lane); done++)
			visit(lane, lane_random_below(lane, hold->pages));
	}
	return 0;
}

static int hold_lane_finish(struct lane *lane, struct error *err)
{
	const struct hold_settings *settings = lane->settings;
	const struct hold *hold = lane->own;
	uint64_t page;

	for (page = 0; page < hold->pages; page++)
		if (!page_is_right(hold, settings->content, page))
			lane_error(lane);
	return 0;
}

static const struct workload_actions actions = {
	.check = hold_check,
	.prepare = hold_prepare,
	.lane_prepare = hold_lane_prepare,
	.run = hold_run,
	.lane_finish = hold_lane_finish,
};

static const struct parameter parameters[] = {
	PARAMETER_NUMBER(struct hold_settings, size, "size", PARAMETER_SIZE, "64M", PAGE_BYTES,
			 1ull << 40, "memory of each thread"),
	PARAMETER_ONE_OF(struct hold_settings, content, "content", "random", contents,
			 "what the pages hold: random, identical or zero"),
	PARAMETER_NUMBER(struct hold_settings, visits, "visits", PARAMETER_COUNT, "1000", 0,
			 1000000000, "pages visited a second by each thread"),
	PARAMETER_YES_NO(struct hold_settings, writes, "write", "no",
			 "a visit writes the page anew, too"),
	PARAMETER_YES_NO(struct hold_settings, mergeable, "mergeable", "no",
			 "the kernel may merge equal pages; for a host without a VM"),
	PARAMETERS_END,
};

const struct workload memory_hold_workload = {
	.name = "memory-hold",
	.summary = "holds anonymous memory with random or identical data",
	.operation = "one page visited and found as it was",
	.notes = "Random pages are unlike all others, in each run and machine; identical ones are all "
		 "alike, in every machine that runs this. At the end all are looked at.",
	.parameters = parameters,
	.settings_size = sizeof(struct hold_settings),
	.actions = &actions,
};
