/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/range_coder.h"

#include "base/cursor.h"
#include "base/str.h"
#include "base/varint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static uint64_t draw(uint64_t *random)
{
	uint64_t z = *random += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	return z ^ z >> 31;
}

/* One in `rare` bits is a one. */
static size_t pass_bits(unsigned rare, unsigned count)
{
	range_odds odds = RANGE_ODDS_EVEN;
	struct range_coder coder;
	uint64_t random = rare;
	struct str bytes;
	size_t length;
	unsigned i;

	str_init(&bytes);
	range_coder_write(&coder, &bytes);
	for (i = 0; i < count; i++)
		range_bit(&coder, &odds, 4, draw(&random) % rare == 0);
	assert_true(range_coder_end(&coder));
	length = bytes.length;

	random = rare;
	odds = RANGE_ODDS_EVEN;
	range_coder_read(&coder, bytes.data, bytes.length);
	for (i = 0; i < count; i++)
		assert_int_equal(range_bit(&coder, &odds, 4, 0), draw(&random) % rare == 0);
	assert_true(range_coder_end(&coder));
	str_done(&bytes);
	return length;
}

static void bits_come_back_and_expected_ones_cost_little(void **state)
{
	assert_in_range(pass_bits(2, 80000), 10000, 10700);
	assert_in_range(pass_bits(10, 80000), 4600, 5300); /* entropy: 4690 */
	assert_in_range(pass_bits(1000, 80000), 114, 400);
	assert_in_range(pass_bits(1, 80000), 1, 80);
}

/* Ones only, with odds that say zero, run carries through many bytes. */
static void carries_run_through_any_number_of_bytes(void **state)
{
	struct range_coder coder;
	struct str bytes;
	unsigned i, seed;

	for (seed = 0; seed < 2000; seed++) {
		uint64_t random = seed;

		str_init(&bytes);
		range_coder_write(&coder, &bytes);
		for (i = 0; i < 64; i++) {
			range_odds odds = draw(&random) % 4 == 0 ? 4095 - 15 : 15;

			range_bit(&coder, &odds, 4, draw(&random) % 5 != 0);
		}
		range_coder_end(&coder);
		random = seed;
		range_coder_read(&coder, bytes.data, bytes.length);
		for (i = 0; i < 64; i++) {
			range_odds odds = draw(&random) % 4 == 0 ? 4095 - 15 : 15;

			assert_int_equal(range_bit(&coder, &odds, 4, 0), draw(&random) % 5 != 0);
		}
		assert_true(range_coder_end(&coder));
		str_done(&bytes);
	}
}

static void numbers_of_any_width_come_back(void **state)
{
	range_odds written[64], read[64];
	struct range_coder coder;
	struct str bytes;
	unsigned i;

	for (i = 0; i < 64; i++)
		written[i] = read[i] = RANGE_ODDS_EVEN;
	str_init(&bytes);
	range_coder_write(&coder, &bytes);
	for (i = 0; i <= 64; i++) {
		range_raw(&coder, UINT64_MAX / 3, i);
		range_tree(&coder, written, 5, 6, i % 64);
	}
	range_coder_end(&coder);
	range_coder_read(&coder, bytes.data, bytes.length);
	for (i = 0; i <= 64; i++) {
		uint64_t mask = i == 64 ? UINT64_MAX : (1ull << i) - 1;

		assert_int_equal(range_raw(&coder, 0, i), UINT64_MAX / 3 & mask);
		assert_int_equal(range_tree(&coder, read, 5, 6, 0), i % 64);
	}
	assert_true(range_coder_end(&coder));
	str_done(&bytes);
}

static void bytes_that_are_missing_or_too_many_are_noticed(void **state)
{
	range_odds odds = RANGE_ODDS_EVEN;
	struct range_coder coder;
	struct str bytes;
	size_t size;

	str_init(&bytes);
	range_coder_write(&coder, &bytes);
	range_raw(&coder, 0x123456789abcdef0, 64);
	range_coder_end(&coder);
	str_append_char(&bytes, 'x');
	for (size = 0; size <= bytes.length; size++) {
		range_coder_read(&coder, bytes.data, size);
		range_raw(&coder, 0, 64);
		assert_int_equal(range_coder_end(&coder), size == bytes.length - 1);
	}
	range_coder_read(&coder, NULL, 0);
	assert_int_equal(range_bit(&coder, &odds, 4, 1), 0);
	str_done(&bytes);
}

static void varints_come_back(void **state)
{
	static const uint64_t numbers[] = { 0, 1, 127, 128, 16383, 16384, UINT32_MAX, INT64_MAX,
					    (uint64_t)INT64_MAX + 1, UINT64_MAX };
	struct str bytes;
	size_t i, size;

	for (i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		struct cursor cursor;
		uint64_t number = 0;

		str_init(&bytes);
		varint_append(&bytes, numbers[i]);
		for (size = 0; size < bytes.length; size++) {
			cursor = cursor_over(bytes.data, size);
			assert_false(varint_take(&cursor, &number));
		}
		cursor = cursor_over(bytes.data, bytes.length);
		assert_true(varint_take(&cursor, &number));
		assert_int_equal(number, numbers[i]);
		assert_true(cursor_at_end(&cursor));
		assert_int_equal(varint_fold(varint_unfold(number)), number);
		str_done(&bytes);
	}
}

static void varints_that_do_not_fit_are_refused(void **state)
{
	struct cursor cursor = cursor_over("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10);
	uint64_t number;

	assert_false(varint_take(&cursor, &number));
	cursor = cursor_over("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 12);
	assert_false(varint_take(&cursor, &number));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bits_come_back_and_expected_ones_cost_little),
		cmocka_unit_test(carries_run_through_any_number_of_bytes),
		cmocka_unit_test(numbers_of_any_width_come_back),
		cmocka_unit_test(bytes_that_are_missing_or_too_many_are_noticed),
		cmocka_unit_test(varints_come_back),
		cmocka_unit_test(varints_that_do_not_fit_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
