/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ksm/position.h"

#include "ksm/merging.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SHARING = 256, TRIALS = 40, HOLDS_AT_LEAST = 36, VMS = 4, PAGES = 40000 };

static uint64_t dice;

static uint64_t throw_dice(void)
{
	dice ^= dice << 13;
	dice ^= dice >> 7;
	dice ^= dice << 17;
	return dice;
}

static double throw_share(void)
{
	return (double)(throw_dice() >> 11) / (double)(1ull << 53);
}

/* What a VM's page has in it; 0: zeros. */
typedef uint64_t content_function(size_t vm, size_t page);

static uint64_t all_unlike(size_t vm, size_t page)
{
	return 1 + vm * PAGES + page;
}

static uint64_t all_in_pairs(size_t vm, size_t page)
{
	return 1 + (vm / 2) * PAGES + page;
}

static uint64_t alike_in_every_vm(size_t vm, size_t page)
{
	return 1 + page;
}

/* A few contents with very many pages, many with few. */
static uint64_t few_frequent_and_many_rare(size_t vm, size_t page)
{
	double share = throw_share();

	return 1 + (uint64_t)(PAGES * share * share * share * share);
}

static uint64_t half_zero_the_rest_unlike(size_t vm, size_t page)
{
	return page % 2 == 0 ? 0 : 1 + vm * PAGES + page;
}

/* A fifth zeros, two fifths of a common system in all VMs, some of it twice, the rest its own. */
static uint64_t like_guests_of_one_system(size_t vm, size_t page)
{
	switch (page % 5) {
	case 0:
		return 0;
	case 1:
		return 1 + page;
	case 2:
		return 1 + page / 2;
	default:
		return 1 + (vm + 1) * PAGES + page;
	}
}

static uint64_t one_content_alone(size_t vm, size_t page)
{
	return 1;
}

static void fill(struct prints *whole, content_function *content)
{
	size_t vm, page;

	prints_init(whole);
	whole->max_sharing = SHARING;
	for (vm = 0; vm < VMS; vm++) {
		struct prints_vm *one = prints_add_vm(whole);

		assert_non_null(one);
		one->pages = one->read = PAGES;
		for (page = 0; page < PAGES; page++) {
			uint64_t what = content(vm, page);

			one->zero += what == 0;
			assert_true(what == 0 || print_list_add(&one->sampled, what));
		}
	}
	assert_true(prints_sort(whole));
}

static void take_sample(const struct prints *whole, double rate, struct prints *ret)
{
	size_t vm, page;

	prints_init(ret);
	ret->max_sharing = whole->max_sharing;
	ret->zero_pages = whole->zero_pages;
	for (vm = 0; vm < whole->vm_count; vm++) {
		const struct prints_vm *from = &whole->vms[vm];
		struct prints_vm *to = prints_add_vm(ret);

		assert_non_null(to);
		to->pages = from->pages;
		for (page = 0; page < from->pages; page++) {
			if (rate < 1 && throw_share() >= rate)
				continue;
			to->read++;
			if (page < from->sampled.count)
				assert_true(print_list_add(&to->sampled, from->sampled.hashes[page]));
			else
				to->zero++;
		}
	}
	assert_true(prints_sort(ret));
}

static double truth_of(const struct prints *whole)
{
	struct merging merging;
	double saved;

	assert_int_equal(merging_compute(whole, NULL, &merging), 0);
	saved = merging.saved;
	merging_done(&merging);
	return saved;
}

static struct position_estimate estimate_at(const struct prints *whole, double rate)
{
	struct position_estimate estimate;
	struct prints sample;

	take_sample(whole, rate, &sample);
	assert_int_equal(position_estimate(&sample, NULL, &estimate), 0);
	prints_done(&sample);
	return estimate;
}

static void expect_held(const char *name, content_function *content, bool zero_pages, double rate)
{
	struct prints whole;
	double truth;
	int trial, held = 0;

	fill(&whole, content);
	whole.zero_pages = zero_pages;
	truth = truth_of(&whole);
	for (trial = 0; trial < TRIALS; trial++) {
		struct position_estimate estimate = estimate_at(&whole, rate);

		held += truth >= estimate.saved.least - 1e-6 && truth <= estimate.saved.most + 1e-6;
		assert_true(estimate.saved.least <= estimate.saved.likely &&
			    estimate.saved.likely <= estimate.saved.most);
	}
	prints_done(&whole);
	if (held < HOLDS_AT_LEAST)
		fail_msg("%s, one of %.0f positions: %d of %d hold the truth", name, 1 / rate, held,
			 TRIALS);
}

static void the_interval_holds_the_truth_of_many_distributions(void **state)
{
	static const double rates[] = { 0.01, 0.05, 0.2, 0.5 };
	static const struct {
		const char *name;
		content_function *content;
	} all[] = {
		{ "all unlike", all_unlike },
		{ "all in pairs", all_in_pairs },
		{ "alike in every VM", alike_in_every_vm },
		{ "few frequent, many rare", few_frequent_and_many_rare },
		{ "half zero", half_zero_the_rest_unlike },
		{ "guests of one system", like_guests_of_one_system },
		{ "one content", one_content_alone },
	};
	size_t i, j;

	dice = 88172645463325252ull;
	for (i = 0; i < sizeof all / sizeof *all; i++)
		for (j = 0; j < sizeof rates / sizeof *rates; j++) {
			expect_held(all[i].name, all[i].content, false, rates[j]);
			expect_held(all[i].name, all[i].content, true, rates[j]);
		}
}

/* All pages were seen: nothing is open. */
static void a_whole_sample_is_the_truth(void **state)
{
	struct position_estimate estimate;
	struct prints whole;
	double truth;

	dice = 7;
	fill(&whole, like_guests_of_one_system);
	truth = truth_of(&whole);
	estimate = estimate_at(&whole, 1);
	assert_true(estimate.saved.least == truth);
	assert_true(estimate.saved.most == truth);
	prints_done(&whole);
}

/* An interval that said "anything" would hold the truth as well. */
static void where_much_is_alike_the_interval_says_so(void **state)
{
	struct position_estimate estimate;
	struct prints whole;

	dice = 99;
	fill(&whole, half_zero_the_rest_unlike);
	estimate = estimate_at(&whole, 0.1);
	assert_true(estimate.saved.least > 0.45 * VMS * PAGES);
	prints_done(&whole);
	fill(&whole, one_content_alone);
	estimate = estimate_at(&whole, 0.1);
	assert_true(estimate.saved.least > 0.98 * VMS * PAGES);
	prints_done(&whole);
	/* Of a tenth, a hundredth of pairs is met whole: less than half can be ruled out. */
	fill(&whole, all_unlike);
	estimate = estimate_at(&whole, 0.5);
	assert_true(estimate.saved.most < 0.55 * VMS * PAGES);
	prints_done(&whole);
}

static void a_page_that_changes_is_like_no_other(void **state)
{
	struct position_estimate estimate;
	struct prints prints;
	struct prints_vm *vm;
	int i;

	prints_init(&prints);
	vm = prints_add_vm(&prints);
	assert_non_null(vm);
	vm->pages = vm->read = 300;
	vm->changing = 100;
	for (i = 0; i < 200; i++)
		assert_true(print_list_add(&vm->sampled, 5));
	assert_int_equal(position_estimate(&prints, NULL, &estimate), 0);
	assert_true(estimate.saved.least == 199 && estimate.saved.most == 199);
	assert_true(estimate.changing == 100);
	prints_done(&prints);
}

static void who_takes_no_part_does_not_count(void **state)
{
	struct position_estimate estimate;
	bool part[VMS] = { true, false, false, false };
	struct prints whole;

	fill(&whole, alike_in_every_vm);
	assert_int_equal(position_estimate(&whole, part, &estimate), 0);
	assert_true(estimate.pages == PAGES);
	assert_true(estimate.saved.most == 0);
	memset(part, 0, sizeof part);
	assert_int_equal(position_estimate(&whole, part, &estimate), 0);
	assert_true(estimate.pages == 0 && estimate.saved.most == 0);
	prints_done(&whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_interval_holds_the_truth_of_many_distributions),
		cmocka_unit_test(a_whole_sample_is_the_truth),
		cmocka_unit_test(where_much_is_alike_the_interval_says_so),
		cmocka_unit_test(a_page_that_changes_is_like_no_other),
		cmocka_unit_test(who_takes_no_part_does_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
