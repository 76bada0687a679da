/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ksm/share.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* VM 0 and 1 have frame 10 (three pages and one), 0 alone has 11 (two pages), all have 12, 2 alone 13. */
static void fill(struct share_list *list)
{
	uint64_t first[] = { 11, 10, 12, 10, 11, 10 }, second[] = { 12, 10 }, third[] = { 13, 12 };

	assert_true(share_add_frames(list, 0, first, 6));
	assert_true(share_add_frames(list, 1, second, 2));
	assert_true(share_add_frames(list, 2, third, 2));
}

static void pages_frames_and_what_comes_free_are_counted(void **state)
{
	struct share_list list = { 0 };
	struct share share;

	fill(&list);
	assert_int_equal(share_compute(&list, NULL, 3, &share), 0);
	assert_int_equal(share.pages, 10);
	assert_int_equal(share.frames, 4);
	assert_int_equal(share.saved, 6);
	assert_int_equal(share.owners[0].pages, 6);
	assert_int_equal(share.owners[0].frames, 3);
	assert_int_equal(share.owners[0].alone, 1);
	assert_int_equal(share.owners[1].alone, 0);
	assert_int_equal(share.owners[2].alone, 1);
	share_done(&share);
	share_list_done(&list);
}

static void the_matrix_has_common_frames_and_what_is_shared_inside(void **state)
{
	struct share_list list = { 0 };
	struct share share;

	fill(&list);
	assert_int_equal(share_compute(&list, NULL, 3, &share), 0);
	assert_int_equal(share_common(&share, 0, 1), 2);
	assert_int_equal(share_common(&share, 1, 0), 2);
	assert_int_equal(share_common(&share, 0, 2), 1);
	assert_int_equal(share_common(&share, 1, 2), 1);
	assert_int_equal(share_common(&share, 0, 0), 3);
	assert_int_equal(share_common(&share, 1, 1), 0);
	share_done(&share);
	share_list_done(&list);
}

static void parts_of_the_saving_sum_up_to_the_whole(void **state)
{
	struct share_list list = { 0 };
	double sum = 0;
	struct share share;
	uint64_t frame;
	size_t i;

	srand(7);
	for (frame = 0; frame < 500; frame++)
		for (i = 0; i < 20; i++)
			if (rand() % 3 == 0)
				assert_true(share_add(&list, frame, (uint32_t)i, 1 + (uint32_t)rand() % 5));
	assert_int_equal(share_compute(&list, NULL, 20, &share), 0);
	for (i = 0; i < 20; i++)
		sum += share.owners[i].saved;
	assert_float_equal(sum, (double)share.saved, 1e-6);
	share_done(&share);
	share_list_done(&list);
}

/* By pairs of entries, which needs no sorting. */
static void the_matrix_is_that_of_counting_by_hand(void **state)
{
	static bool has[6][40];
	struct share_list list = { 0 };
	struct share share;
	size_t a, b, frame;

	srand(11);
	for (frame = 0; frame < 40; frame++)
		for (a = 0; a < 6; a++)
			if ((has[a][frame] = rand() % 2))
				assert_true(share_add(&list, frame * 977 % 41, (uint32_t)a, 1));
	assert_int_equal(share_compute(&list, NULL, 6, &share), 0);
	for (a = 0; a < 6; a++)
		for (b = 0; b < 6; b++) {
			size_t common = 0;

			for (frame = 0; frame < 40; frame++)
				common += has[a][frame] && has[b][frame];
			if (a != b)
				assert_int_equal(share_common(&share, a, b), common);
		}
	share_done(&share);
	share_list_done(&list);
}

static void vms_of_one_group_count_as_one(void **state)
{
	static const uint32_t group_of[] = { 0, 0, 1 };
	struct share_list list = { 0 };
	struct share share;

	fill(&list);
	assert_int_equal(share_compute(&list, group_of, 2, &share), 0);
	assert_int_equal(share.saved, 6);
	assert_int_equal(share.owners[0].pages, 8);
	assert_int_equal(share.owners[0].frames, 3);
	assert_int_equal(share.owners[0].alone, 2);
	assert_int_equal(share_common(&share, 0, 1), 1);
	assert_int_equal(share_common(&share, 0, 0), 5);
	share_done(&share);
	share_list_done(&list);
}

static void nothing_merged_shares_nothing(void **state)
{
	struct share_list list = { 0 };
	struct share share;

	assert_true(share_add_frames(&list, 0, NULL, 0));
	assert_int_equal(share_compute(&list, NULL, 1, &share), 0);
	assert_int_equal(share.saved, 0);
	assert_int_equal(share.owners[0].alone, 0);
	share_done(&share);
	assert_int_equal(share_compute(&list, NULL, 0, &share), 0);
	share_done(&share);
}

static void very_many_vms_have_no_matrix_and_all_else(void **state)
{
	struct share_list list = { 0 };
	struct share share;

	assert_true(share_add(&list, 5, SHARE_OWNERS_MOST, 2));
	assert_int_equal(share_compute(&list, NULL, SHARE_OWNERS_MOST + 1, &share), 0);
	assert_null(share.common);
	assert_int_equal(share_common(&share, 1, 2), 0);
	assert_int_equal(share.owners[SHARE_OWNERS_MOST].alone, 1);
	share_done(&share);
	share_list_done(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_frames_and_what_comes_free_are_counted),
		cmocka_unit_test(the_matrix_has_common_frames_and_what_is_shared_inside),
		cmocka_unit_test(parts_of_the_saving_sum_up_to_the_whole),
		cmocka_unit_test(the_matrix_is_that_of_counting_by_hand),
		cmocka_unit_test(vms_of_one_group_count_as_one),
		cmocka_unit_test(nothing_merged_shares_nothing),
		cmocka_unit_test(very_many_vms_have_no_matrix_and_all_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
