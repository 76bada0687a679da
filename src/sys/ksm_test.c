/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/ksm.h"

#include "base/cleanup.h"
#include "sys/root_memory.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define KSM "/sys/kernel/mm/ksm/"

static int read_from(const struct root_memory_file *files, size_t count, struct ksm *ret)
{
	struct root *root = root_memory_new(files, count);
	struct ksm_reader reader;
	int r;

	ksm_reader_init(&reader, root);
	r = ksm_read(&reader, ret);
	ksm_reader_done(&reader);
	ksm_reader_done(&reader);
	root_free(root);
	return r;
}

static void files_of_newer_kernels_are_absent_in_5_10(void **state)
{
	const struct root_memory_file files[] = {
		{ .path = KSM "run", .bytes = "1\n" },
		{ .path = KSM "pages_to_scan", .bytes = "100\n" },
		{ .path = KSM "pages_sharing", .bytes = "16320\n" },
		{ .path = KSM "full_scans", .error = -EACCES },
	};
	struct ksm ksm;

	assert_int_equal(read_from(files, ARRAY_SIZE(files), &ksm), 0);
	assert_int_equal(ksm.run, 1);
	assert_int_equal(ksm.pages_to_scan, 100);
	assert_int_equal(ksm.pages_sharing, 16320);
	assert_false(field_present(ksm.full_scans));
	assert_false(field_present(ksm.general_profit));
	assert_false(field_present(ksm.smart_scan));
	assert_string_equal(ksm.advisor, "");
}

static void the_advisor_in_brackets_is_in_force(void **state)
{
	const struct root_memory_file files[] = {
		{ .path = KSM "run", .bytes = "0\n" },
		{ .path = KSM "general_profit", .bytes = "-4096\n" },
		{ .path = KSM "advisor_mode", .bytes = "none [scan-time]\n" },
	};
	struct ksm ksm;

	assert_int_equal(read_from(files, ARRAY_SIZE(files), &ksm), 0);
	assert_int_equal(ksm.general_profit, -4096);
	assert_string_equal(ksm.advisor, "scan-time");
}

static void a_kernel_without_ksm_says_so(void **state)
{
	const struct root_memory_file refused[] = { { .path = KSM "run", .error = -EACCES } };
	struct ksm ksm;

	assert_int_equal(read_from(NULL, 0, &ksm), -ENOENT);
	assert_int_equal(read_from(refused, ARRAY_SIZE(refused), &ksm), -EACCES);
	ksm_reader_done(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_of_newer_kernels_are_absent_in_5_10),
		cmocka_unit_test(the_advisor_in_brackets_is_in_force),
		cmocka_unit_test(a_kernel_without_ksm_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
