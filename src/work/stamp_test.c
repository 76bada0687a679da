/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "work/stamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static _Alignas(8) char block[4096];

static void what_was_put_is_found_to_be_it(void **state)
{
	stamp_noise(block, sizeof block);
	stamp_put(block, sizeof block, 7, 8192, 3);
	assert_true(stamp_is(block, sizeof block, 7, 8192, 3));
	assert_true(stamp_is_any(block, sizeof block, 7, 8192));
}

static void another_place_file_or_generation_is_found(void **state)
{
	stamp_put(block, sizeof block, 7, 8192, 3);
	assert_false(stamp_is(block, sizeof block, 7, 8704, 3));
	assert_false(stamp_is(block, sizeof block, 8, 8192, 3));
	assert_false(stamp_is(block, sizeof block, 7, 8192, 4));
	assert_false(stamp_is_any(block, sizeof block, 7, 4096));
}

static void a_torn_block_is_found(void **state)
{
	char older[4096];

	stamp_put(block, sizeof block, 7, 0, 3);
	memcpy(older, block, sizeof block);
	stamp_put(block, sizeof block, 7, 0, 4);
	memcpy(block + 1024, older + 1024, 512);
	assert_false(stamp_is(block, sizeof block, 7, 0, 4));
	/* Sectors of two generations are each in their place. */
	assert_true(stamp_is_any(block, sizeof block, 7, 0));
	/* Half a sector is not. */
	memcpy(block + 256, older + 256, 256);
	assert_false(stamp_is_any(block, sizeof block, 7, 0));
}

static void zeros_are_nobodys(void **state)
{
	memset(block, 0, sizeof block);
	assert_false(stamp_is_any(block, sizeof block, 7, 0));
	assert_false(stamp_is_any(block, sizeof block, 0, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_put_is_found_to_be_it),
		cmocka_unit_test(another_place_file_or_generation_is_found),
		cmocka_unit_test(a_torn_block_is_found),
		cmocka_unit_test(zeros_are_nobodys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
