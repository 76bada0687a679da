/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ksm/seen.h"

#include "base/clock.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "model/snapshot.h"
#include "sys/root.h"
#include "sys/root_memory.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define KSM "/sys/kernel/mm/ksm/"
#define AREA(start, end, resident, flags)                                                          \
	start "-" end " rw-p 00000000 00:00 0\nRss: " resident " kB\nAnonymous: " resident         \
	" kB\nSwap: 0 kB\nVmFlags: rd wr " flags "\n"
/* 4 MiB that may be merged, 1 MiB of them in memory; 2 MiB that may not be. */
#define SMAPS                                                                                      \
	AREA("7f0000000000", "7f0000400000", "1024", "mr mw me ac mg")                             \
	AREA("7f1000000000", "7f1000200000", "2048", "mr mw me ac")

static const struct root_memory_file files[] = {
	{ KSM "run", "1\n", 0, 0 },
	{ KSM "full_scans", "7\n", 0, 0 },
	{ KSM "pages_scanned", "900\n", 0, 0 },
	{ KSM "pages_sharing", "40\n", 0, 0 },
	{ KSM "ksm_zero_pages", "2\n", 0, 0 },
	{ KSM "pages_shared", "20\n", 0, 0 },
	{ KSM "pages_unshared", "30\n", 0, 0 },
	{ "/proc/pressure/cpu", "some avg10=1.00 avg60=1.00 avg300=1.00 total=12345\n", 0, 0 },
	{ "/proc/7/comm", "kthreadd\n", 0, 0 },
	{ "/proc/31/comm", "ksmd\n", 0, 0 },
	{ "/proc/31/schedstat", "123456789 5 6\n", 0, 0 },
	{ "/proc/100/smaps", SMAPS, 0, 0 },
	{ "/proc/100/statm", "5000 900 100 1 0 1 0\n", 0, 0 },
};

static struct snapshot vms;
static struct root *root;
static struct seen *seen;

static int setup(void **state)
{
	const struct vm_identity first = { 100, 0, 5 }, second = { 100, 1, 5 };

	root = root_memory_new(files, ARRAY_SIZE(files));
	root_memory_set_usec(root, 100 * USEC_PER_SEC);
	snapshot_init(&vms);
	return snapshot_add_vm(&vms, &first) == NULL || snapshot_add_vm(&vms, &second) == NULL ||
	       seen_new(root, &seen, NULL) < 0;
}

static int teardown(void **state)
{
	seen_free(seen);
	snapshot_done(&vms);
	root_free(root);
	return 0;
}

static struct tune_seen look(void)
{
	struct tune_seen now;
	struct error err = { 0 };
	struct ksm ksm;

	if (seen_look(seen, &vms, &now, &ksm, &err) < 0)
		fail_msg("%s", err.text);
	return now;
}

static void all_that_is_there_is_seen(void **state)
{
	struct tune_seen now = look();

	assert_int_equal(now.monotonic_usec, 100 * USEC_PER_SEC);
	assert_int_equal(now.full_scans, 7);
	assert_int_equal(now.pages_scanned, 900);
	assert_int_equal(now.saved_pages, 42);
	assert_int_equal(now.waiting_usec, 12345);
	assert_int_equal(now.ksmd_usec, 123456);
}

/* Two VMs of one process have its memory once. */
static void memory_that_may_be_merged_is_counted_once_and_grows(void **state)
{
	assert_int_equal(look().mergeable_pages, 256);
	root_memory_put(root, "/proc/100/statm", "5000 1000 100 1 0 1 0\n");
	assert_int_equal(look().mergeable_pages, 356);
	/* More than may be merged it is not. */
	root_memory_put(root, "/proc/100/statm", "90000 80000 100 1 0 1 0\n");
	assert_int_equal(look().mergeable_pages, 1024);
}

static void a_vmm_that_tells_ksm_later_is_seen_a_second_later(void **state)
{
	root_memory_put(root, "/proc/100/smaps",
			AREA("7f0000000000", "7f0000400000", "1024", "mr mw me ac"));
	assert_int_equal(look().mergeable_pages, 90); /* what KSM keeps book of */
	root_memory_put(root, "/proc/100/smaps", SMAPS);
	assert_int_equal(look().mergeable_pages, 90);
	root_memory_set_usec(root, 101 * USEC_PER_SEC);
	assert_int_equal(look().mergeable_pages, 256);
}

static void what_an_older_kernel_lacks_is_none(void **state)
{
	struct tune_seen now;

	root_memory_remove(root, KSM "pages_scanned");
	root_memory_remove(root, KSM "ksm_zero_pages");
	root_memory_remove(root, "/proc/pressure");
	root_memory_put(root, "/proc/31/schedstat", "0 0 0\n");
	root_memory_put(root, "/proc/31/stat", "31 (ksmd) S 2 0 0 0 -1 2097216 0 0 0 0 0 250 0 0 25 5 1 0 60 0 0 "
			"18446744073709551615 0 0 0 0 0 0 0 2147483647 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n");
	seen_free(seen);
	assert_int_equal(seen_new(root, &seen, NULL), 0);
	now = look();
	assert_int_equal(now.pages_scanned, 0);
	assert_int_equal(now.saved_pages, 40);
	assert_int_equal(now.waiting_usec, 0);
	assert_int_equal(now.ksmd_usec, 250 * USEC_PER_SEC / (uint64_t)root->ticks_per_second);
}

static void without_ksm_it_is_told(void **state)
{
	struct seen *none = NULL;
	struct root *empty = root_memory_new(NULL, 0);

	assert_int_equal(seen_new(empty, &none, NULL), -ENOENT);
	root_free(empty);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_that_is_there_is_seen),
		TEST(memory_that_may_be_merged_is_counted_once_and_grows),
		TEST(a_vmm_that_tells_ksm_later_is_seen_a_second_later),
		TEST(what_an_older_kernel_lacks_is_none),
		TEST(without_ksm_it_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
