/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tuner drives a ksmd that is made up: a page costs so much at each look, and one that has a
 * like is merged at the second look. */
#include "ksm/tune.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

struct ksmd {
	uint64_t now_usec, pages, alike; /* in memory; of these, merged in the end */
	double page_usec, position, cpu_usec, saved, scanned;
	uint64_t scans, waiting_usec;
	double waiting; /* share of the time in which others wait */
	double first_seen; /* pages that were looked at once since they came */
};

static void look_at(struct ksmd *ksmd, double count)
{
	double before = ksmd->first_seen;

	ksmd->cpu_usec += count * ksmd->page_usec;
	ksmd->scanned += count;
	ksmd->first_seen += count;
	if (ksmd->first_seen > (double)ksmd->pages) {
		double again = ksmd->first_seen - (before > (double)ksmd->pages ? before : (double)ksmd->pages);

		ksmd->saved += again * (double)ksmd->alike / (double)ksmd->pages;
		if (ksmd->saved > (double)ksmd->alike)
			ksmd->saved = (double)ksmd->alike;
	}
	for (ksmd->position += count; ksmd->position >= (double)ksmd->pages; ksmd->scans++)
		ksmd->position -= (double)ksmd->pages;
}

static void live(struct ksmd *ksmd, const struct tune_wish *wish, uint64_t usec)
{
	double round = (double)wish->pages * ksmd->page_usec + (double)wish->sleep_msec * 1000;

	if (wish->pages > 0)
		look_at(ksmd, (double)usec / round * (double)wish->pages);
	ksmd->now_usec += usec;
	ksmd->waiting_usec += (uint64_t)(ksmd->waiting * (double)usec);
}

static struct tune_seen see(const struct ksmd *ksmd)
{
	return (struct tune_seen){ .monotonic_usec = ksmd->now_usec,
		.pages_scanned = (uint64_t)ksmd->scanned, .full_scans = ksmd->scans,
		.saved_pages = (uint64_t)ksmd->saved, .ksmd_usec = (uint64_t)ksmd->cpu_usec,
		.waiting_usec = ksmd->waiting_usec, .mergeable_pages = ksmd->pages };
}

/* 700 MB, 600 of it alike; 1.5 us a look. */
static struct ksmd usual(void)
{
	return (struct ksmd){ .now_usec = 1000000, .pages = 170000, .alike = 150000, .page_usec = 1.5 };
}

static void run(struct tune *tune, struct ksmd *ksmd, double seconds)
{
	uint64_t end_usec = ksmd->now_usec + (uint64_t)(seconds * USEC_PER_SEC);

	while (ksmd->now_usec < end_usec) {
		struct tune_seen seen = see(ksmd);
		struct tune_wish wish = tune_next(tune, &seen);

		live(ksmd, &wish, USEC_PER_SEC / 4);
	}
}

static void all_is_merged_soon_and_cheaply(void **state)
{
	struct ksmd ksmd = usual();
	struct tune tune;

	tune_init(&tune, &tune_limits_default);
	run(&tune, &ksmd, 3);
	assert_true(ksmd.saved >= 0.95 * (double)ksmd.alike);
	/* Two looks at all pages are 0.51 s of CPU time. */
	assert_true(ksmd.cpu_usec < 1.1 * USEC_PER_SEC);
	assert_int_equal(tune.phase, TUNE_CALM);
}

static void half_a_cpu_is_kept_to_while_it_sweeps(void **state)
{
	struct ksmd ksmd = usual();
	struct tune tune;

	ksmd.page_usec = 20;
	tune_init(&tune, &tune_limits_default);
	run(&tune, &ksmd, 2);
	assert_int_equal(tune.phase, TUNE_SWEEP);
	ksmd.cpu_usec = 0;
	tune.last.ksmd_usec = 0;
	run(&tune, &ksmd, 4);
	assert_in_range((uint64_t)ksmd.cpu_usec, 4 * 450000, 4 * 550000);
}

static void calm_costs_next_to_nothing(void **state)
{
	struct ksmd ksmd = usual();
	struct tune tune;
	double cpu_usec;

	tune_init(&tune, &tune_limits_default);
	run(&tune, &ksmd, 10);
	assert_int_equal(tune.phase, TUNE_CALM);
	cpu_usec = ksmd.cpu_usec;
	run(&tune, &ksmd, 100);
	/* Two thousandths of a CPU are what it may cost. */
	assert_true(ksmd.cpu_usec - cpu_usec < 0.002 * 100 * USEC_PER_SEC);
	assert_int_equal(tune.phase, TUNE_CALM);
}

static void a_birth_and_growth_wake_it(void **state)
{
	struct ksmd ksmd = usual();
	struct tune_seen seen;
	struct tune tune;

	tune_init(&tune, &tune_limits_default);
	run(&tune, &ksmd, 10);
	seen = see(&ksmd);
	seen.monotonic_usec += USEC_PER_SEC;
	seen.born = true;
	tune_next(&tune, &seen);
	assert_int_equal(tune.phase, TUNE_SWEEP);
	run(&tune, &ksmd, 10);
	assert_int_equal(tune.phase, TUNE_CALM);
	ksmd.pages += 20000;
	ksmd.alike += 20000;
	ksmd.first_seen = 0;
	run(&tune, &ksmd, 4);
	assert_true(ksmd.saved >= 0.95 * (double)ksmd.alike);
}

/* Growth that merges nothing: each sweep that was in vain makes the next one rarer. */
static void what_never_merges_is_swept_ever_more_rarely(void **state)
{
	struct ksmd ksmd = usual();
	struct tune tune;
	unsigned i, early = 0, late = 0;
	double cpu_usec;

	ksmd.alike = 0;
	tune_init(&tune, &tune_limits_default);
	for (i = 0; i < 40; i++) {
		cpu_usec = ksmd.cpu_usec;
		ksmd.pages += 4000;
		run(&tune, &ksmd, 5);
		*(i < 8 ? &early : &late) += ksmd.cpu_usec - cpu_usec > 200000;
	}
	assert_true(early >= 2);
	assert_true(late <= 8);
}

static void it_stands_still_where_others_wait(void **state)
{
	struct ksmd ksmd = usual();
	struct tune tune;
	struct tune_seen seen;
	double cpu_usec;

	tune_init(&tune, &tune_limits_default);
	run(&tune, &ksmd, 0.5);
	ksmd.waiting = 0.6;
	run(&tune, &ksmd, 1);
	assert_int_equal(tune.phase, TUNE_YIELD);
	cpu_usec = ksmd.cpu_usec;
	run(&tune, &ksmd, 20);
	assert_true(ksmd.cpu_usec == cpu_usec);
	seen = see(&ksmd);
	assert_int_equal(tune_next(&tune, &seen).pages, 0);
	ksmd.waiting = 0;
	run(&tune, &ksmd, 10);
	assert_true(ksmd.saved >= 0.95 * (double)ksmd.alike);
}

/* Where there is nothing to look at ksmd has no CPU time, however many pages it may look at. */
static void nothing_to_merge_is_no_reason_to_hurry(void **state)
{
	struct ksmd ksmd = usual();
	struct tune tune;
	struct tune_wish wish = { 0, 0 };
	struct tune_seen seen;
	unsigned i;

	tune_init(&tune, &tune_limits_default);
	for (i = 0; i < 100; i++) {
		ksmd.now_usec += USEC_PER_SEC / 4;
		ksmd.cpu_usec += 10;
		seen = see(&ksmd);
		wish = tune_next(&tune, &seen);
	}
	assert_int_equal(tune.phase, TUNE_SWEEP);
	assert_in_range(wish.pages, 1, 5000);
}

/* What was looked at of VMs that ended meanwhile is no second look at the others. */
static void vms_that_end_do_not_end_a_sweep(void **state)
{
	struct tune_seen seen = { .monotonic_usec = USEC_PER_SEC, .pages_scanned = 1, .full_scans = 7,
				  .mergeable_pages = 300000 };
	struct tune tune;

	tune_init(&tune, &tune_limits_default);
	tune_next(&tune, &seen);
	seen.monotonic_usec += USEC_PER_SEC;
	seen.full_scans += 2;
	seen.pages_scanned += 400000;
	seen.mergeable_pages = 100000;
	tune_next(&tune, &seen);
	assert_int_equal(tune.phase, TUNE_SWEEP);
	seen.monotonic_usec += USEC_PER_SEC;
	seen.full_scans++;
	tune_next(&tune, &seen);
	assert_int_equal(tune.phase, TUNE_CALM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_is_merged_soon_and_cheaply),
		cmocka_unit_test(half_a_cpu_is_kept_to_while_it_sweeps),
		cmocka_unit_test(calm_costs_next_to_nothing),
		cmocka_unit_test(a_birth_and_growth_wake_it),
		cmocka_unit_test(what_never_merges_is_swept_ever_more_rarely),
		cmocka_unit_test(it_stands_still_where_others_wait),
		cmocka_unit_test(nothing_to_merge_is_no_reason_to_hurry),
		cmocka_unit_test(vms_that_end_do_not_end_a_sweep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
