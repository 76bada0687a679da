/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ksm/fit_live.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "sys/root.h"
#include "sys/root_memory.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define KIB 1024ull
#define AREA(start, end, flags)                                                                    \
	start "-" end " rw-p 00000000 00:00 0\nRss: 1024 kB\nAnonymous: 1024 kB\nSwap: 0 kB\n"      \
	"VmFlags: rd wr " flags "\n"

static const struct root_memory_file files[] = {
	{ "/proc/100/status",
	  "Name:\tqemu\nVmRSS:\t    9000 kB\nRssAnon:\t    5000 kB\nRssFile:\t    3000 kB\n"
	  "RssShmem:\t    1000 kB\nVmPTE:\t      40 kB\nHugetlbPages:\t    2048 kB\n", 0, 0 },
	{ "/proc/100/smaps", AREA("7f0000000000", "7f0000400000", "mr mw me ac mg")
			     AREA("7f1000000000", "7f1000200000", "mr mw me ac"), 0, 0 },
	{ "/proc/101/status", "Name:\tqemu\nState:\tZ (zombie)\n", 0, 0 },
	{ "/proc/meminfo", "MemTotal:       1000 kB\nMemFree:         100 kB\nMemAvailable:    400 kB\n", 0, 0 },
	{ "/sys/kernel/mm/ksm/run", "1\n", 0, 0 },
	{ "/sys/kernel/mm/ksm/pages_shared", "5\n", 0, 0 },
	{ "/sys/kernel/mm/ksm/pages_sharing", "20\n", 0, 0 },
};

static struct root *root;

static int setup(void **state)
{
	root = root_memory_new(files, ARRAY_SIZE(files));
	return root == NULL;
}

static int teardown(void **state)
{
	root_free(root);
	return 0;
}

/* Files are the page cache's; the second set of page tables is KVM's. */
static void a_process_has_its_own_memory_and_its_page_tables(void **state)
{
	struct fit_process process;

	root_memory_set_usec(root, 7);
	assert_int_equal(fit_process_read(root, 100, false, &process, NULL), 0);
	assert_int_equal(process.bytes, (5000 + 1000 + 2048 + 40) * KIB);
	assert_int_equal(process.most_bytes, 4096 * KIB);
	assert_int_equal(process.monotonic_usec, 7);
	assert_int_equal(fit_process_read(root, 100, true, &process, NULL), 0);
	assert_int_equal(process.bytes, (5000 + 1000 + 2048 + 80) * KIB);
}

static void a_process_that_ended_is_said(void **state)
{
	struct fit_process process;
	struct error err = { 0 };

	assert_int_equal(fit_process_read(root, 101, false, &process, &err), -ESRCH);
	assert_int_equal(fit_process_read(root, 102, false, &process, &err), -ESRCH);
	assert_int_not_equal(err.text[0], '\0');
}

static void a_host_tells_what_is_merged(void **state)
{
	struct fit_host host;

	assert_int_equal(fit_host_read(root, &host, NULL), 0);
	assert_int_equal(host.total_bytes, 1000 * KIB);
	assert_int_equal(host.available_bytes, 400 * KIB);
	assert_int_equal(host.saved_bytes, 20 * 4 * KIB);
	assert_int_equal(host.merged_pages, 25);
}

static void a_host_without_ksm_has_merged_nothing(void **state)
{
	struct fit_host host;

	root_memory_remove(root, "/sys/kernel/mm/ksm");
	assert_int_equal(fit_host_read(root, &host, NULL), 0);
	assert_int_equal(host.saved_bytes, 0);
	assert_int_equal(host.merged_pages, 0);
}

static void a_host_that_does_not_tell_what_is_available_is_refused(void **state)
{
	struct fit_host host;

	root_memory_put(root, "/proc/meminfo", "MemTotal: 1000 kB\n");
	assert_int_equal(fit_host_read(root, &host, NULL), -EINVAL);
	root_memory_remove(root, "/proc/meminfo");
	assert_int_equal(fit_host_read(root, &host, NULL), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_process_has_its_own_memory_and_its_page_tables, setup, teardown),
		cmocka_unit_test_setup_teardown(a_process_that_ended_is_said, setup, teardown),
		cmocka_unit_test_setup_teardown(a_host_tells_what_is_merged, setup, teardown),
		cmocka_unit_test_setup_teardown(a_host_without_ksm_has_merged_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(a_host_that_does_not_tell_what_is_available_is_refused, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
