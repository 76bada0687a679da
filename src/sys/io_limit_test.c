/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/io_limit.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct io_device sda = { 8, 0 }, sdb = { 8, 16 }, none = { 8, 160 };

static const char max[] = "8:160x rbps=1\n8:16 rbps=2097152 wbps=max riops=max wiops=120\n"
			  "8:0 rbps=max wbps=5 riops=7 wiops=max\n";

static void a_devices_line_is_found_among_others(void **state)
{
	assert_int_equal(io_max_find(max, strlen(max), sdb, IO_READ_BYTES), 2097152);
	assert_int_equal(io_max_find(max, strlen(max), sdb, IO_WRITE_BYTES), FIELD_UNLIMITED);
	assert_int_equal(io_max_find(max, strlen(max), sdb, IO_WRITE_OPERATIONS), 120);
	assert_int_equal(io_max_find(max, strlen(max), sda, IO_READ_OPERATIONS), 7);
}

static void a_device_without_a_line_is_not_limited(void **state)
{
	assert_int_equal(io_max_find(max, strlen(max), none, IO_READ_BYTES), FIELD_UNLIMITED);
	assert_int_equal(io_max_find("", 0, sda, IO_READ_BYTES), FIELD_UNLIMITED);
	assert_int_equal(io_throttle_find("", 0, sda), FIELD_UNLIMITED);
}

static void v1_has_a_file_for_each_limit(void **state)
{
	const char *text = "8:0 1048576\n8:16 0\n";

	assert_int_equal(io_throttle_find(text, strlen(text), sda), 1048576);
	assert_int_equal(io_throttle_find(text, strlen(text), sdb), FIELD_UNLIMITED);
	assert_string_equal(io_limit_file_v1(IO_WRITE_OPERATIONS), "blkio.throttle.write_iops_device");
	assert_string_equal(io_limit_key_v2(IO_WRITE_BYTES), "wbps");
}

static void a_number_that_is_none_is_no_limit(void **state)
{
	const char *text = "8:0 rbps= wbps=-4 riops=12x wiops\n";

	for (int key = 0; key < IO_LIMIT_KEY_COUNT; key++)
		assert_int_equal(io_max_find(text, strlen(text), sda, key), FIELD_UNLIMITED);
}

static void devices_are_two_numbers(void **state)
{
	struct io_device device;
	size_t size;

	assert_int_equal(io_device_parse("259:3", 5, &device, NULL), 0);
	assert_int_equal(device.major, 259);
	assert_int_equal(device.minor, 3);
	assert_int_equal(io_device_parse("8:1 rbps", 8, &device, &size), 0);
	assert_int_equal(size, 3);
	assert_int_equal(io_device_parse("8:1 rbps", 8, &device, NULL), -EINVAL);
	assert_int_equal(io_device_parse("8:", 2, &device, NULL), -EINVAL);
	assert_int_equal(io_device_parse(" 8:1", 4, &device, NULL), -EINVAL);
	assert_int_equal(io_device_parse("99999999999:1", 13, &device, NULL), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_devices_line_is_found_among_others),
		cmocka_unit_test(a_device_without_a_line_is_not_limited),
		cmocka_unit_test(v1_has_a_file_for_each_limit),
		cmocka_unit_test(a_number_that_is_none_is_no_limit),
		cmocka_unit_test(devices_are_two_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
