/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/box/box_wire.h"

#include "base/cleanup.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static struct box_reader reader;

static void feed(const void *bytes, size_t size)
{
	size_t space;
	unsigned char *to = box_reader_space(&reader, &space);

	assert_true(size <= space);
	memcpy(to, bytes, size);
	box_reader_filled(&reader, size);
}

static void feed_frame(uint32_t kind, const void *payload, size_t size)
{
	unsigned char header[BOX_FRAME_HEADER];

	box_frame_put_header(header, kind, size);
	feed(header, sizeof header);
	feed(payload, size);
}

static void feed_number(uint32_t kind, uint32_t number)
{
	unsigned char bytes[4];

	box_number_put(bytes, number);
	feed_frame(kind, bytes, sizeof bytes);
}

static void feed_hello(void)
{
	struct box_frame frame;

	box_reader_init(&reader);
	feed_number(BOX_FRAME_HELLO, BOX_WIRE_VERSION);
	assert_int_equal(box_reader_next(&reader, &frame), 1);
}

static void frames_come_out_whole_and_in_order(void **state)
{
	struct box_frame frame;
	uint32_t number;

	feed_hello();
	feed_frame(BOX_FRAME_STDOUT, "to out", 6);
	feed_frame(BOX_FRAME_STDERR, "", 0);
	feed_frame(BOX_FRAME_ALIVE, "", 0);
	feed_number(BOX_FRAME_EXIT, 137);
	assert_int_equal(box_reader_next(&reader, &frame), 1);
	assert_int_equal(frame.kind, BOX_FRAME_STDOUT);
	assert_int_equal(frame.size, 6);
	assert_memory_equal(frame.payload, "to out", 6);
	assert_int_equal(box_reader_next(&reader, &frame), 1);
	assert_int_equal(frame.kind, BOX_FRAME_STDERR);
	assert_int_equal(frame.size, 0);
	assert_false(box_frame_number(&frame, &number));
	assert_int_equal(box_reader_next(&reader, &frame), 1);
	assert_int_equal(frame.kind, BOX_FRAME_ALIVE);
	assert_int_equal(box_reader_next(&reader, &frame), 1);
	assert_int_equal(frame.kind, BOX_FRAME_EXIT);
	assert_true(box_frame_number(&frame, &number));
	assert_int_equal(number, 137);
	assert_int_equal(box_reader_next(&reader, &frame), 0);
}

static void a_frame_that_comes_byte_by_byte_is_one_frame(void **state)
{
	static const unsigned char bytes[] = { 3, 0, 0, 0, 3, 0, 0, 0, 'a', 'b', 'c' };
	struct box_frame frame;
	size_t i;

	feed_hello();
	for (i = 0; i < sizeof bytes; i++) {
		assert_int_equal(box_reader_next(&reader, &frame), 0);
		feed(&bytes[i], 1);
	}
	assert_int_equal(box_reader_next(&reader, &frame), 1);
	assert_int_equal(frame.size, 3);
	assert_memory_equal(frame.payload, "abc", 3);
}

static void the_largest_frame_fits_and_one_byte_more_is_refused(void **state)
{
	static unsigned char payload[BOX_FRAME_MAX];
	unsigned char header[BOX_FRAME_HEADER];
	struct box_frame frame;

	feed_hello();
	feed_frame(BOX_FRAME_STDOUT, payload, sizeof payload);
	assert_int_equal(box_reader_next(&reader, &frame), 1);
	assert_int_equal(frame.size, sizeof payload);
	box_frame_put_header(header, BOX_FRAME_STDOUT, sizeof payload + 1);
	feed(header, sizeof header);
	assert_int_equal(box_reader_next(&reader, &frame), -EBADMSG);
}

static void what_a_box_never_sends_is_refused_for_good(void **state)
{
	static const uint32_t kinds[] = { 0, BOX_FRAME_JOB, BOX_FRAME_HELLO, BOX_FRAME_ALIVE,
					  BOX_FRAME_ALIVE + 1, UINT32_MAX };
	struct box_frame frame;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		feed_hello();
		feed_frame(kinds[i], "1234", 4);
		assert_int_equal(box_reader_next(&reader, &frame), -EBADMSG);
		feed_frame(BOX_FRAME_STDOUT, "x", 1);
		assert_int_equal(box_reader_next(&reader, &frame), -EBADMSG);
	}
}

static void nothing_comes_before_hello(void **state)
{
	struct box_frame frame;

	box_reader_init(&reader);
	feed_frame(BOX_FRAME_STDOUT, "x", 1);
	assert_int_equal(box_reader_next(&reader, &frame), -EBADMSG);
}

static void nothing_comes_after_the_end(void **state)
{
	static const uint32_t ends[] = { BOX_FRAME_EXIT, BOX_FRAME_FAILURE };
	struct box_frame frame;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		feed_hello();
		feed_number(ends[i], 0);
		assert_int_equal(box_reader_next(&reader, &frame), 1);
		feed_frame(BOX_FRAME_STDOUT, "x", 1);
		assert_int_equal(box_reader_next(&reader, &frame), -EBADMSG);
	}
}

static void an_exit_of_another_size_is_refused(void **state)
{
	struct box_frame frame;

	feed_hello();
	feed_frame(BOX_FRAME_EXIT, "12345", 5);
	assert_int_equal(box_reader_next(&reader, &frame), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_come_out_whole_and_in_order),
		cmocka_unit_test(a_frame_that_comes_byte_by_byte_is_one_frame),
		cmocka_unit_test(the_largest_frame_fits_and_one_byte_more_is_refused),
		cmocka_unit_test(what_a_box_never_sends_is_refused_for_good),
		cmocka_unit_test(nothing_comes_before_hello),
		cmocka_unit_test(nothing_comes_after_the_end),
		cmocka_unit_test(an_exit_of_another_size_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
