/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ksm/fit.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PAGE 4096.0
enum { MOST = 4 };

/* Up to four VMs observed, made by the tests. */
struct made {
	struct prints prints;
	size_t kind_of[MOST];
	struct fit_vm vms[MOST];
	double mix[2];
	struct fit_question question;
	struct fit fit;
	uint64_t next;
};

static void made_init(struct made *made)
{
	*made = (struct made){ .mix = { 1, 1 }, .next = 1000000 };
	prints_init(&made->prints);
	made->prints.modulo = 1;
	made->question = (struct fit_question){
		.prints = &made->prints, .kind_of = made->kind_of, .vms = made->vms, .mix = made->mix,
		.kind_count = 1, .risk = 0.01, .rewriting = 0,
	};
}

/* `common` contents are those from `from` on, the others no other VM has. */
static struct prints_vm *add_vm(struct made *made, size_t kind, uint64_t from, size_t common, size_t own)
{
	struct prints_vm *vm = prints_add_vm(&made->prints);
	size_t i;

	assert_non_null(vm);
	for (i = 0; i < common + own; i++)
		assert_true(print_list_add(&vm->sampled, i < common ? from + i : made->next++));
	vm->pages = common + own;
	made->kind_of[made->prints.vm_count - 1] = kind;
	return vm;
}

static void add_zero(struct prints_vm *vm, uint64_t pages)
{
	vm->pages += pages;
	vm->zero += pages;
}

/* A host of so many pages. */
static const struct fit *fit(struct made *made, double pages)
{
	made->question.host_bytes = pages * PAGE;
	assert_true(prints_sort(&made->prints));
	fit_done(&made->fit);
	assert_int_equal(fit_compute(&made->question, &made->fit), 0);
	return &made->fit;
}

static void made_done(struct made *made)
{
	fit_done(&made->fit);
	prints_done(&made->prints);
}

static void assert_near(double found, double wanted)
{
	if (fabs(found - wanted) > 1e-6 * (1 + fabs(wanted)))
		fail_msg("%f where %f was meant", found, wanted);
}

/* Frames of n VMs, without KSM's book. */
static double frames(const struct fit *fit, size_t vms)
{
	assert_true(vms <= fit->point_count);
	return (fit->points[vms - 1].on - fit->points[vms - 1].items) / PAGE;
}

static void what_two_share_is_there_once(void **state)
{
	struct made made;

	made_init(&made);
	add_vm(&made, 0, 1, 800, 200);
	add_vm(&made, 0, 1, 800, 200);
	fit(&made, 4000);
	assert_near(frames(&made.fit, 1), 1000);
	assert_near(frames(&made.fit, 2), 1200);
	assert_near(frames(&made.fit, 10), 800 + 2000);
	assert_near(made.fit.points[9].items, 64.0 * 10000);
	assert_int_equal(made.fit.most.off, 4);
	/* 800 + 200 n frames and 15.625 n pages of items. */
	assert_int_equal(made.fit.most.on, 14);
	made_done(&made);
}

static void of_one_vm_nothing_is_known_to_be_shared_but_zero_pages(void **state)
{
	struct made made;

	made_init(&made);
	add_zero(add_vm(&made, 0, 1, 0, 100), 300);
	fit(&made, 4000);
	assert_near(frames(&made.fit, 1), 102);
	assert_near(frames(&made.fit, 3), 300 + 4);
	made.prints.zero_pages = true;
	fit(&made, 4000);
	assert_near(frames(&made.fit, 3), 300);
	assert_near(made.fit.points[2].items, 64.0 * 300);
	made_done(&made);
}

/* One content, 100 pages of it in each VM: 256 to a frame. */
static void a_frame_has_so_many_sharers_and_no_more(void **state)
{
	struct prints_vm *vm;
	struct made made;
	size_t i, j;

	made_init(&made);
	for (i = 0; i < 2; i++) {
		vm = add_vm(&made, 0, 1, 0, 50);
		for (j = 0; j < 100; j++)
			assert_true(print_list_add(&vm->sampled, 77));
		vm->pages += 100;
	}
	fit(&made, 4000);
	assert_near(frames(&made.fit, 2), 101);
	assert_near(frames(&made.fit, 3), 152);
	assert_near(frames(&made.fit, 10), 504);
	made_done(&made);
}

/* Three VMs each two of which share 100 contents that the third lacks: two thirds of what the
 * pairs alone would tell. */
static void three_vms_tell_more_than_two(void **state)
{
	struct prints_vm *vm;
	struct made made;
	size_t i, j;

	made_init(&made);
	for (i = 0; i < 3; i++) {
		vm = add_vm(&made, 0, 1 + i * 100, 100, 100);
		for (j = 0; j < 100; j++)
			assert_true(print_list_add(&vm->sampled, 1 + (i + 1) % 3 * 100 + j));
		vm->pages += 100;
	}
	fit(&made, 4000);
	assert_near(frames(&made.fit, 1), 300);
	assert_near(frames(&made.fit, 2), 500);
	assert_near(frames(&made.fit, 3), 600);
	assert_near(frames(&made.fit, 4), 700);
	made_done(&made);
}

static void kinds_share_what_both_have(void **state)
{
	struct made made;

	made_init(&made);
	made.question.kind_count = 2;
	made.mix[0] = 3;
	add_vm(&made, 0, 1, 500, 100);
	add_vm(&made, 0, 1, 500, 100);
	add_vm(&made, 1, 201, 500, 300);
	add_vm(&made, 1, 201, 500, 300);
	fit(&made, 6000);
	assert_int_equal(made.fit.points[7].counts[0], 6);
	assert_int_equal(made.fit.points[7].counts[1], 2);
	assert_near(frames(&made.fit, 8), 700 + 600 + 600);
	made_done(&made);
}

static void what_guests_share_has_room_to_be_rewritten(void **state)
{
	struct made made;

	made_init(&made);
	add_vm(&made, 0, 1, 800, 200);
	add_vm(&made, 0, 1, 800, 200);
	made.question.rewriting = 1;
	fit(&made, 4000);
	assert_near(made.fit.points[9].rewritten, 800 * PAGE);
	assert_near(made.fit.points[9].rewritten_all, 7200 * PAGE);
	assert_int_equal(made.fit.most.on, 11);
	made.question.rewriting = UINT64_MAX;
	fit(&made, 4000);
	assert_near(made.fit.points[2].rewritten, 1600 * PAGE);
	assert_int_equal(made.fit.most.on, 3);
	made_done(&made);
}

static void what_changes_is_never_shared(void **state)
{
	struct made made;
	size_t i;

	made_init(&made);
	for (i = 0; i < 2; i++) {
		struct prints_vm *vm = add_vm(&made, 0, 1, 800, 100);

		vm->pages += 100;
		vm->changing = 100;
	}
	fit(&made, 4000);
	assert_near(frames(&made.fit, 10), 800 + 2000);
	made_done(&made);
}

/* Sampled by content: each that is listed stands for ten. */
static void a_sample_stands_for_the_whole(void **state)
{
	struct made made;
	size_t i;

	made_init(&made);
	made.prints.modulo = 10;
	for (i = 0; i < 2; i++)
		add_vm(&made, 0, 1, 80, 20)->pages = 1000;
	fit(&made, 4000);
	assert_near(frames(&made.fit, 10), 2800);
	assert_int_equal(made.fit.most.off, 4);
	made_done(&made);
}

static void growth_ends_where_a_guest_has_all_it_may_have(void **state)
{
	struct made made;
	size_t i;

	made_init(&made);
	for (i = 0; i < 2; i++) {
		add_vm(&made, 0, 1, 800, 200);
		made.vms[i] = (struct fit_vm){ 50 * PAGE, 400 * PAGE, 1200 * PAGE };
	}
	fit(&made, 4000);
	assert_near(made.fit.points[0].off, 1250 * PAGE);
	assert_near(made.fit.points[0].full, 1250 * PAGE);
	assert_near(frames(&made.fit, 2), 1200 + 500);
	assert_int_equal(made.fit.most.full, 3);
	made_done(&made);
}

static void a_size_that_is_not_known_is_no_size(void **state)
{
	struct made made;

	made_init(&made);
	add_vm(&made, 0, 1, 800, 200);
	fit(&made, 4000);
	assert_true(isnan(made.fit.points[0].full));
	assert_int_equal(made.fit.most.full, 0);
	made_done(&made);
}

/* With spread s of a VM, k observed ones alike: variance n s'^2 + n^2 s'^2 / k of what it was said
 * before, which weighs four of the 4 + k - 1 degrees of freedom. */
static void risk_grows_by_each_vm_and_by_the_mean_of_all(void **state)
{
	double variance = 4 * 20.0 * 20.0 / 5;
	struct made made;

	made_init(&made);
	made.question.spread = 0.02;
	add_vm(&made, 0, 1, 800, 200);
	add_vm(&made, 0, 1, 800, 200);
	fit(&made, 12000);
	assert_near(made.fit.quantile, 3.3649299989);
	assert_near(made.fit.points[9].off_risk,
		    (10000 + made.fit.quantile * sqrt(10 * variance + 100 * variance / 2)) * PAGE);
	assert_true(made.fit.most.off < made.fit.most.off_mean);
	made_done(&made);
}

static void a_kind_without_a_vm_is_refused(void **state)
{
	struct made made;

	made_init(&made);
	made.question.kind_count = 2;
	add_vm(&made, 0, 1, 10, 10);
	assert_true(prints_sort(&made.prints));
	assert_int_equal(fit_compute(&made.question, &made.fit), -EINVAL);
	made_done(&made);
}

static void a_host_that_is_full_takes_none(void **state)
{
	struct made made;

	made_init(&made);
	add_vm(&made, 0, 1, 800, 200);
	made.question.used_bytes = 5000 * PAGE;
	fit(&made, 4000);
	assert_int_equal(made.fit.most.off, 0);
	assert_int_equal(made.fit.most.on, 0);
	assert_int_equal(made.fit.point_count, 1);
	made_done(&made);
}

/* An empty VM takes nothing: as many fit as are counted. */
static void counting_ends(void **state)
{
	struct made made;

	made_init(&made);
	add_vm(&made, 0, 1, 0, 0);
	fit(&made, 4000);
	assert_int_equal(made.fit.most.off, FIT_VMS_MOST);
	made_done(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_two_share_is_there_once),
		cmocka_unit_test(of_one_vm_nothing_is_known_to_be_shared_but_zero_pages),
		cmocka_unit_test(a_frame_has_so_many_sharers_and_no_more),
		cmocka_unit_test(three_vms_tell_more_than_two),
		cmocka_unit_test(kinds_share_what_both_have),
		cmocka_unit_test(what_guests_share_has_room_to_be_rewritten),
		cmocka_unit_test(what_changes_is_never_shared),
		cmocka_unit_test(a_sample_stands_for_the_whole),
		cmocka_unit_test(growth_ends_where_a_guest_has_all_it_may_have),
		cmocka_unit_test(a_size_that_is_not_known_is_no_size),
		cmocka_unit_test(risk_grows_by_each_vm_and_by_the_mean_of_all),
		cmocka_unit_test(a_kind_without_a_vm_is_refused),
		cmocka_unit_test(a_host_that_is_full_takes_none),
		cmocka_unit_test(counting_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
