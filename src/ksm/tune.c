/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ksm/tune.h"

#include "base/clock.h"

#include <stdio.h>

#define PAGE_MB (4096 / 1e6)
/* What a sweep sleeps between two pieces, and a crawl: waking up costs as much as a hundred pages. */
#define SWEEP_SLEEP_MSEC 10
#define CALM_SLEEP_MSEC 1000
#define PAGES_MOST 200000
#define CALM_PAGES_MOST 10000
#define PAGES_LEAST 10
/* Of a look at a page, as long as it is not known, and where the kernel (before 6.4) does not count looks. */
#define USUAL_PAGE_USEC 2.0
#define YIELD_USEC (5 * USEC_PER_SEC)
/* Counters of a few milliseconds say nothing. */
#define JUDGE_USEC (USEC_PER_SEC / 10)
/* A crawl wakes once a second, and a clock may count hundredths: a shorter time would say nothing. */
#define CALM_AIM_USEC (10 * USEC_PER_SEC)
/* Growth that is worth a sweep doubles with each that was not, as often as this. */
#define FRUITLESS_MOST 4

const struct tune_limits tune_limits_default = { 0.5, 0.001, 20, 0.25, 0.02 };

const char *tune_phase_name(enum tune_phase phase)
{
	static const char *const names[] = { "sweep", "calm", "yield" };

	return names[phase];
}

void tune_init(struct tune *tune, const struct tune_limits *limits)
{
	*tune = (struct tune){ .limits = *limits, .phase = TUNE_CALM,
			       .wish = { PAGES_LEAST, SWEEP_SLEEP_MSEC } };
}

static double seconds(uint64_t usec)
{
	return (double)usec / USEC_PER_SEC;
}

/* MB merged a CPU-second of ksmd between the two. */
static double yield_of(const struct tune_seen *from, const struct tune_seen *to)
{
	double merged = to->saved_pages > from->saved_pages ?
		(double)(to->saved_pages - from->saved_pages) * PAGE_MB : 0;
	double cpu = to->ksmd_usec > from->ksmd_usec ? seconds(to->ksmd_usec - from->ksmd_usec) : 0;

	return cpu > 0 ? merged / cpu : 0;
}

/* -- how many pages a piece has --------------------------------------------------------------------- */

/*
 * ksmd works for n pages and sleeps: its part d of a CPU is n c / (n c + sleep). From the part it had,
 * what a page costs need not be known: d / (1 - d) is proportional to n / sleep.
 */
static void aim_at(struct tune *tune, double had_cpus, double cpus, uint64_t sleep_msec)
{
	double pages = (double)tune->wish.pages * (double)sleep_msec / (double)tune->wish.sleep_msec;
	double factor, most;

	if (had_cpus > 0.98)
		had_cpus = 0.98;
	if (had_cpus > 0) {
		factor = cpus / (1 - cpus) * (1 - had_cpus) / had_cpus;
		/* Near enough: each change is written into a journal first. */
		if (factor > 0.9 && factor < 1.1 && sleep_msec == tune->wish.sleep_msec)
			return;
		pages *= factor > 8 ? 8 : factor < 0.001 ? 0.001 : factor;
	}
	most = sleep_msec == CALM_SLEEP_MSEC ? CALM_PAGES_MOST : PAGES_MOST;
	tune->wish.pages = pages > most ? (uint64_t)most : pages < PAGES_LEAST ? PAGES_LEAST : (uint64_t)pages;
	tune->wish.sleep_msec = sleep_msec;
}

/* Of one CPU since then; below 0 where that cannot be told. */
static double had_cpus(const struct tune_seen *then, const struct tune_seen *seen)
{
	uint64_t usec = seen->monotonic_usec - then->monotonic_usec;

	return usec >= JUDGE_USEC && seen->ksmd_usec >= then->ksmd_usec ?
		(double)(seen->ksmd_usec - then->ksmd_usec) / (double)usec : -1;
}

/* -- phases ------------------------------------------------------------------------------------------ */

/* What its part of a CPU comes to at the usual cost of a page. */
static uint64_t pages_at_first(const struct tune_limits *limits)
{
	double cpus = limits->sweep_cpus < 0.9 ? limits->sweep_cpus : 0.9;
	double pages = cpus / (1 - cpus) * SWEEP_SLEEP_MSEC * USEC_PER_MSEC / USUAL_PAGE_USEC;

	return pages < PAGES_LEAST ? PAGES_LEAST : (uint64_t)pages;
}

static void sweep(struct tune *tune, const struct tune_seen *seen, const char *why)
{
	tune->phase = TUNE_SWEEP;
	tune->start = *seen;
	tune->swept_pages = tune->most_pages = seen->mergeable_pages;
	tune->wish = (struct tune_wish){ pages_at_first(&tune->limits), SWEEP_SLEEP_MSEC };
	snprintf(tune->why, sizeof tune->why, "%s", why);
}

/* What a page cost in the sweep, it costs thrice in a crawl: nothing is warm. */
static void begin_crawl(struct tune *tune, const struct tune_seen *seen)
{
	double usec = (double)(seen->ksmd_usec - tune->start.ksmd_usec);
	double looks = (double)(seen->pages_scanned - tune->start.pages_scanned);
	double page_usec = looks > 0 && usec > 0 ? usec / looks : USUAL_PAGE_USEC;
	double pages = tune->limits.calm_cpus * CALM_SLEEP_MSEC * USEC_PER_MSEC / (3 * page_usec);

	tune->wish.pages = pages > CALM_PAGES_MOST ? CALM_PAGES_MOST : pages < PAGES_LEAST ? PAGES_LEAST :
											     (uint64_t)pages;
	tune->wish.sleep_msec = CALM_SLEEP_MSEC;
}

static void calm(struct tune *tune, const struct tune_seen *seen)
{
	double yield = yield_of(&tune->start, seen);

	tune->fruitless = yield >= tune->limits.yield_least ? 0 :
		tune->fruitless < FRUITLESS_MOST ? tune->fruitless + 1 : FRUITLESS_MOST;
	tune->phase = TUNE_CALM;
	snprintf(tune->why, sizeof tune->why, "the sweep merged %.0f MB a CPU-second; all was looked at twice",
		 yield);
	begin_crawl(tune, seen);
	tune->start = tune->aimed = *seen;
}

static bool is_pressed(const struct tune *tune, const struct tune_seen *seen, double most)
{
	uint64_t usec = seen->monotonic_usec - tune->last.monotonic_usec;

	if (tune->limits.waiting_most >= 1)
		return false;
	return usec >= JUDGE_USEC && seen->waiting_usec >= tune->last.waiting_usec &&
	       (double)(seen->waiting_usec - tune->last.waiting_usec) > most * (double)usec;
}

static void stand_still(struct tune *tune, const struct tune_seen *seen)
{
	if (tune->phase != TUNE_YIELD) {
		tune->before_yield = tune->phase;
		snprintf(tune->why, sizeof tune->why, "somebody waits for a CPU");
	}
	tune->phase = TUNE_YIELD;
	tune->yield_until_usec = seen->monotonic_usec + YIELD_USEC;
}

/* Two whole passes, and what was left of the one in which it began. Where looks are counted half of a pass is
 * enough for that rest: memory that nobody here counts is looked at as well, and what is newest comes last. */
static bool is_swept(const struct tune *tune, const struct tune_seen *seen)
{
	uint64_t passes = seen->full_scans - tune->start.full_scans;
	uint64_t pages = seen->pages_scanned - tune->start.pages_scanned;

	return passes >= 3 || (passes >= 2 && tune->most_pages > 0 && 2 * pages >= 5 * tune->most_pages);
}

static void while_sweeping(struct tune *tune, const struct tune_seen *seen)
{
	double had = had_cpus(&tune->last, seen);

	if (seen->mergeable_pages > tune->most_pages)
		tune->most_pages = seen->mergeable_pages;
	if (is_swept(tune, seen)) {
		calm(tune, seen);
		return;
	}
	/* What is known of by the end of the first pass is looked at twice: no growth, later. */
	if (seen->full_scans - tune->start.full_scans <= 1 && seen->mergeable_pages > tune->swept_pages)
		tune->swept_pages = seen->mergeable_pages;
	/* Far below, it is not its pace that holds it up: there is nothing to look at, or no CPU. */
	if (had > tune->limits.sweep_cpus / 20)
		aim_at(tune, had, tune->limits.sweep_cpus, SWEEP_SLEEP_MSEC);
}

static bool has_grown(const struct tune *tune, const struct tune_seen *seen)
{
	double least = tune->limits.growth_least * (double)(1u << tune->fruitless);

	return (double)seen->mergeable_pages > (double)tune->swept_pages * (1 + least) + 256;
}

static void while_calm(struct tune *tune, const struct tune_seen *seen)
{
	if (has_grown(tune, seen))
		sweep(tune, seen, "there is more memory that may be merged");
	else if (seen->saved_pages > tune->start.saved_pages + 256 &&
		 yield_of(&tune->start, seen) >= tune->limits.yield_least * (1u << tune->fruitless))
		sweep(tune, seen, "a look now and then finds pages to merge");
	else if (seen->monotonic_usec - tune->aimed.monotonic_usec >= CALM_AIM_USEC) {
		aim_at(tune, had_cpus(&tune->aimed, seen), tune->limits.calm_cpus, CALM_SLEEP_MSEC);
		tune->aimed = *seen;
	}
}

static void while_yielding(struct tune *tune, const struct tune_seen *seen)
{
	if (is_pressed(tune, seen, tune->limits.waiting_most * 0.7))
		stand_still(tune, seen);
	else if (seen->monotonic_usec < tune->yield_until_usec)
		return;
	else if (tune->before_yield == TUNE_SWEEP)
		sweep(tune, seen, "the CPUs are free again");
	else {
		tune->phase = TUNE_CALM;
		tune->start = tune->aimed = *seen;
		snprintf(tune->why, sizeof tune->why, "the CPUs are free again");
	}
}

struct tune_wish tune_next(struct tune *tune, const struct tune_seen *seen)
{
	if (!tune->begun)
		sweep(tune, seen, "it has just begun");
	else if (tune->phase != TUNE_YIELD && is_pressed(tune, seen, tune->limits.waiting_most))
		stand_still(tune, seen);
	else if (tune->phase == TUNE_YIELD)
		while_yielding(tune, seen);
	else if (seen->born && tune->phase == TUNE_CALM)
		sweep(tune, seen, "a VM was born");
	else if (tune->phase == TUNE_SWEEP)
		while_sweeping(tune, seen);
	else
		while_calm(tune, seen);
	tune->begun = true;
	tune->last = *seen;
	return tune->phase == TUNE_YIELD ? (struct tune_wish){ 0, tune->wish.sleep_msec } : tune->wish;
}
