/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ksm/merging.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SHARING 256

static struct prints_vm *add_vm(struct prints *prints)
{
	struct prints_vm *vm = prints_add_vm(prints);

	assert_non_null(vm);
	return vm;
}

static void add(struct prints_vm *vm, uint64_t hash, size_t times)
{
	vm->pages += times;
	while (times-- > 0)
		assert_true(print_list_add(&vm->sampled, hash));
}

static struct merging compute(struct prints *prints, const bool *part)
{
	struct merging merging;

	assert_true(prints_sort(prints));
	assert_int_equal(merging_compute(prints, part, &merging), 0);
	return merging;
}

static void assert_near(double found, double wanted)
{
	if (found < wanted - 1e-6 || found > wanted + 1e-6)
		fail_msg("%f where %f was meant", found, wanted);
}

/* 16384 identical pages gave 64 shared and 16320 sharing on a real kernel. */
static void many_alike_take_a_frame_for_each_256(void **state)
{
	struct prints prints;
	struct merging merging;

	prints_init(&prints);
	prints.max_sharing = SHARING;
	add(add_vm(&prints), 7, 16384);
	merging = compute(&prints, NULL);
	assert_near(merging.shared, 64);
	assert_near(merging.sharing, 16320);
	assert_near(merging.unshared, 0);
	merging_done(&merging);
	prints_done(&prints);
}

static void one_left_over_is_merged_with_nobody(void **state)
{
	struct prints prints;
	struct merging merging;

	prints_init(&prints);
	prints.max_sharing = SHARING;
	add(add_vm(&prints), 7, SHARING + 1);
	merging = compute(&prints, NULL);
	assert_near(merging.shared, 1);
	assert_near(merging.sharing, SHARING - 1);
	assert_near(merging.unshared, 1);
	assert_near(merging.saved, SHARING - 1);
	merging_done(&merging);
	prints_done(&prints);
}

/* Two VMs: contents 1 to 100 in both, 200 only in the first (twice), 300 only in the second. */
static void fill_two(struct prints *prints)
{
	struct prints_vm *vm;
	uint64_t hash;

	prints_init(prints);
	prints->max_sharing = SHARING;
	vm = add_vm(prints);
	for (hash = 1; hash <= 100; hash++)
		add(vm, hash, 1);
	add(vm, 200, 2);
	vm = add_vm(prints);
	for (hash = 1; hash <= 100; hash++)
		add(vm, hash, 1);
	add(vm, 300, 1);
}

static void a_pair_shares_what_both_have(void **state)
{
	struct prints prints;
	struct merging merging;

	fill_two(&prints);
	merging = compute(&prints, NULL);
	assert_near(merging.saved, 101);
	assert_near(merging.pairs[0 * 2 + 1], 100);
	assert_near(merging.pairs[1 * 2 + 0], 100);
	assert_near(merging.vms[0].saved_alone, 1);
	assert_near(merging.vms[1].saved_alone, 0);
	assert_near(merging.vms[0].merged, 102);
	assert_near(merging.vms[1].merged, 100);
	merging_done(&merging);
	prints_done(&prints);
}

static void what_leaves_is_what_nobody_else_has(void **state)
{
	struct prints prints;
	struct merging merging;

	fill_two(&prints);
	merging = compute(&prints, NULL);
	assert_near(merging.vms[0].freed, 1); /* the frame of 200 */
	assert_near(merging.vms[1].freed, 1); /* 300 */
	merging_done(&merging);
	prints_done(&prints);
}

static void who_takes_no_part_shares_nothing(void **state)
{
	const bool part[] = { true, false };
	struct prints prints;
	struct merging merging;

	fill_two(&prints);
	merging = compute(&prints, part);
	assert_near(merging.saved, 1);
	assert_near(merging.pages, 102);
	assert_near(merging.vms[0].freed, 101);
	assert_near(merging.vms[1].pages, 0);
	merging_done(&merging);
	prints_done(&prints);
}

static void zero_pages_are_a_content_or_none(void **state)
{
	struct prints prints;
	struct merging merging;

	prints_init(&prints);
	prints.max_sharing = SHARING;
	add_vm(&prints)->zero = 512;
	prints.vms[0].pages = 512;
	merging = compute(&prints, NULL);
	assert_near(merging.shared, 2);
	assert_near(merging.saved, 510);
	merging_done(&merging);
	prints.zero_pages = true;
	merging = compute(&prints, NULL);
	assert_near(merging.shared, 0);
	assert_near(merging.zero, 512);
	assert_near(merging.saved, 512);
	assert_near(merging.items, 0);
	merging_done(&merging);
	prints_done(&prints);
}

/* A different content each, of 1 to 5 pages, and every 20th kept: near the truth, as it says. */
static void a_sample_of_contents_estimates_the_whole(void **state)
{
	enum { MODULO = 20, CONTENTS = 400000 };
	struct prints prints;
	struct merging merging;
	double truth = 0;
	uint64_t i, all = 0;

	prints_init(&prints);
	prints.max_sharing = SHARING;
	prints.modulo = MODULO;
	add_vm(&prints);
	for (i = 0; i < CONTENTS; i++) {
		uint64_t hash = i * 0x9e3779b97f4a7c15ull, pages = 1 + i % 5;

		truth += (double)pages - 1;
		all += pages;
		if (hash % MODULO == 0)
			add(&prints.vms[0], hash, pages);
	}
	prints.vms[0].pages = all;
	merging = compute(&prints, NULL);
	assert_true(merging.error > 0 && merging.error < truth / 50);
	if (merging.saved < truth - 4 * merging.error || merging.saved > truth + 4 * merging.error)
		fail_msg("%.0f +- %.0f, and the truth is %.0f", merging.saved, merging.error, truth);
	merging_done(&merging);
	prints_done(&prints);
}

/* Two VMs whose contents are all the same ones: whatever the sample, all of the one's pages are saved. */
static void a_sample_of_what_is_all_alike_is_exact(void **state)
{
	enum { MODULO = 20, CONTENTS = 8192 };
	struct prints prints;
	struct merging merging;
	uint64_t i;
	int vm;

	prints_init(&prints);
	prints.max_sharing = SHARING;
	prints.modulo = MODULO;
	for (vm = 0; vm < 2; vm++) {
		add_vm(&prints);
		for (i = 0; i < CONTENTS; i++)
			if (i * 0x9e3779b97f4a7c15ull % MODULO == 0)
				add(&prints.vms[vm], i * 0x9e3779b97f4a7c15ull, 1);
		prints.vms[vm].pages = CONTENTS;
	}
	merging = compute(&prints, NULL);
	assert_near(merging.saved, CONTENTS);
	assert_near(merging.vms[0].merged, CONTENTS);
	assert_near(merging.pairs[1], CONTENTS);
	assert_true(merging.error > 0 && merging.error < 100);
	merging_done(&merging);
	prints_done(&prints);
}

/* It would count twenty times over. */
static void a_frequent_content_that_is_sampled_counts_once(void **state)
{
	struct prints prints;
	struct merging merging;

	prints_init(&prints);
	prints.max_sharing = SHARING;
	prints.modulo = 20;
	add(add_vm(&prints), 20, 5120);
	add(add_vm(&prints), 20, 1);
	merging = compute(&prints, NULL);
	assert_near(merging.sharing, 5100);
	assert_near(merging.unshared, 1);
	assert_near(merging.error, 0);
	merging_done(&merging);
	prints_done(&prints);
}

static void frequent_contents_stand_for_themselves(void **state)
{
	struct prints prints;
	struct merging merging;
	size_t i;

	prints_init(&prints);
	prints.max_sharing = SHARING;
	prints.modulo = 20;
	add_vm(&prints);
	for (i = 0; i < 5120; i++)
		assert_true(print_list_add(&prints.vms[0].frequent, 3));
	merging = compute(&prints, NULL);
	assert_near(merging.shared, 20);
	assert_near(merging.sharing, 5100);
	assert_near(merging.error, 0);
	merging_done(&merging);
	prints_done(&prints);
}

static void nobody_at_all_is_no_failure(void **state)
{
	struct prints prints;
	struct merging merging;

	prints_init(&prints);
	merging = compute(&prints, NULL);
	assert_near(merging.saved, 0);
	merging_done(&merging);
	prints_done(&prints);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_alike_take_a_frame_for_each_256),
		cmocka_unit_test(one_left_over_is_merged_with_nobody),
		cmocka_unit_test(a_pair_shares_what_both_have),
		cmocka_unit_test(what_leaves_is_what_nobody_else_has),
		cmocka_unit_test(who_takes_no_part_shares_nothing),
		cmocka_unit_test(zero_pages_are_a_content_or_none),
		cmocka_unit_test(a_sample_of_contents_estimates_the_whole),
		cmocka_unit_test(a_sample_of_what_is_all_alike_is_exact),
		cmocka_unit_test(a_frequent_content_that_is_sampled_counts_once),
		cmocka_unit_test(frequent_contents_stand_for_themselves),
		cmocka_unit_test(nobody_at_all_is_no_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
