/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/proc.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A QEMU under 6.18, as read there but for the name. */
static const char stat_numbers[] =
	" S 8780 8780 6763 0 -1 138412096 2911 6624 17 3 2013 417 4 5 -2 -5 7 0 116941 3133440000 "
	"182380 18446744073709551615 94875432898560 94875432918441 140733614529312 0 0 0 "
	"268444224 4096 16963 0 0 0 17 3 40 1 12 1999 0 94875432934448 94875432936064 "
	"94875749453824 140733614537159 140733614537179 140733614537179 140733614538731 0\n";

/* Hands out exactly as many bytes as it says, so that a sanitizer sees a read too far. */
static char *exact_copy(const char *bytes, size_t size)
{
	char *copy = malloc(size > 0 ? size : 1);

	assert_non_null(copy);
	memcpy(copy, bytes, size);
	return copy;
}

static void check_stat_named(const char *name, size_t name_size)
{
	size_t size = 10 + name_size + strlen(stat_numbers);
	char *bytes = malloc(size + 1);
	struct proc_stat stat;

	assert_non_null(bytes);
	memcpy(bytes, "4194304 (", 9);
	memcpy(bytes + 9, name, name_size);
	bytes[9 + name_size] = ')';
	strcpy(bytes + 10 + name_size, stat_numbers);
	assert_int_equal(proc_stat_parse(bytes, size, &stat), 0);
	assert_int_equal(stat.pid, 4194304);
	assert_int_equal(stat.comm.size, name_size);
	assert_memory_equal(stat.comm.at, name, name_size);
	assert_int_equal(stat.ppid, 8780);
	assert_int_equal(stat.guest_ticks, 1999);
	free(bytes);
}

static void every_field_of_stat_comes_from_its_place(void **state)
{
	char bytes[1024];
	struct proc_stat stat;

	snprintf(bytes, sizeof bytes, "8803 (CPU 0/KVM)%s", stat_numbers);
	assert_int_equal(proc_stat_parse(bytes, strlen(bytes), &stat), 0);
	assert_int_equal(stat.pid, 8803);
	assert_true(span_equals(stat.comm, "CPU 0/KVM"));
	assert_int_equal(stat.state, 'S');
	assert_int_equal(stat.ppid, 8780);
	assert_int_equal(stat.minor_faults, 2911);
	assert_int_equal(stat.major_faults, 17);
	assert_int_equal(stat.user_ticks, 2013);
	assert_int_equal(stat.system_ticks, 417);
	assert_int_equal(stat.priority, -2);
	assert_int_equal(stat.nice, -5);
	assert_int_equal(stat.threads, 7);
	assert_int_equal(stat.start_ticks, 116941);
	assert_int_equal(stat.rss_pages, 182380);
	assert_int_equal(stat.processor, 3);
	assert_int_equal(stat.rt_priority, 40);
	assert_int_equal(stat.policy, 1);
	assert_int_equal(stat.guest_ticks, 1999);
}

static void stat_of_a_kernel_thread_is_read(void **state)
{
	static const char bytes[] = "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 24 "
		"0 0 18446744073709551615 0 0 0 0 0 0 0 2147483647 0 1 0 0 0 1 0 0 0 0 0 0 0 0 0 0 "
		"0 0 0\n";
	struct proc_stat stat;

	assert_int_equal(proc_stat_parse(bytes, sizeof bytes - 1, &stat), 0);
	assert_int_equal(stat.pid, 2);
	assert_int_equal(stat.start_ticks, 24);
	assert_int_equal(stat.processor, 1);
}

static void a_name_cannot_forge_the_numbers(void **state)
{
	static const char forged[] = ") R 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 (";

	check_stat_named(forged, sizeof forged - 1);
	check_stat_named(") (", 3);
	check_stat_named("))))", 4);
	check_stat_named("a\nb\n1 (x) S 1", 14);
	check_stat_named("", 0);
	check_stat_named("\0\xff\x1b[2J", 6);
}

static void a_name_of_10_kb_is_read(void **state)
{
	char *name = malloc(10240);

	assert_non_null(name);
	memset(name, '(', 10240);
	check_stat_named(name, 10240);
	memset(name, ')', 10240);
	check_stat_named(name, 10240);
	free(name);
}

/* Whatever the place of the cut: all of it or nothing, and never a shortened number. */
static void a_stat_cut_anywhere_is_refused(void **state)
{
	char bytes[1024];
	size_t whole, size;

	snprintf(bytes, sizeof bytes, "8803 (a) b)%s", stat_numbers);
	/* Up to the blank behind the guest time, the last wanted field. */
	whole = (size_t)(strstr(bytes, " 1999 ") - bytes) + 6;
	for (size = 0; size <= strlen(bytes); size++) {
		char *cut = exact_copy(bytes, size);
		struct proc_stat stat = { .guest_ticks = 7 };
		int r = proc_stat_parse(cut, size, &stat);

		assert_int_equal(r, size < whole ? -EINVAL : 0);
		assert_int_equal(stat.guest_ticks, size < whole ? 7 : 1999);
		free(cut);
	}
}

static void numbers_that_are_none_are_refused(void **state)
{
	static const char *const bad[] = {
		"", "x", "1", "1 ", "1 (a", "1 (a)", "1 (a) S", "1 (a) S x", "-1 (a) S 1",
		"1 (a)S 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n",
		"1 (a) S 1 1 1 1 1 1 x 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 "
		"1 1 1 1\n",
	};
	struct proc_stat stat;
	size_t i;

	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(proc_stat_parse(bad[i], strlen(bad[i]), &stat), -EINVAL);
}

static void schedstat_is_three_numbers(void **state)
{
	static const char bytes[] = "3000123456789 2999876543210 17\n";
	struct proc_schedstat schedstat;
	size_t size;

	assert_int_equal(proc_schedstat_parse(bytes, sizeof bytes - 1, &schedstat), 0);
	assert_int_equal(schedstat.run_nsec, 3000123456789);
	assert_int_equal(schedstat.delay_nsec, 2999876543210);
	assert_int_equal(schedstat.timeslices, 17);
	for (size = 0; size < sizeof bytes - 1; size++)
		assert_int_equal(proc_schedstat_parse(bytes, size, &schedstat), -EINVAL);
}

static void io_has_seven_lines(void **state)
{
	static const char bytes[] = "rchar: 7087\nwchar: 111\nsyscr: 12\nsyscw: 1\n"
				    "read_bytes: 4096\nwrite_bytes: 8192\n"
				    "cancelled_write_bytes: 512\n";
	struct proc_io io;

	assert_int_equal(proc_io_parse(bytes, sizeof bytes - 1, &io), 0);
	assert_int_equal(io.read_chars, 7087);
	assert_int_equal(io.write_chars, 111);
	assert_int_equal(io.read_calls, 12);
	assert_int_equal(io.write_calls, 1);
	assert_int_equal(io.read_bytes, 4096);
	assert_int_equal(io.write_bytes, 8192);
	assert_int_equal(io.cancelled_write_bytes, 512);
}

static void a_cut_line_is_absent_and_not_smaller(void **state)
{
	static const char bytes[] = "rchar: 7087\nwchar: 111\nsyscr: 12\nsyscw: 1\n"
				    "read_bytes: 40";
	struct proc_io io;

	assert_int_equal(proc_io_parse(bytes, sizeof bytes - 1, &io), 0);
	assert_int_equal(io.write_calls, 1);
	assert_false(field_present(io.read_bytes));
	assert_false(field_present(io.write_bytes));
	assert_int_equal(proc_io_parse("", 0, &io), -EINVAL);
}

/* 6.18 has Kthread and untag_mask, 5.10 does not. */
static const char status_6_18[] =
	"Name:\tVmSwap:\t9 kB\\nTgid:\t9\n"
	"Umask:\t0022\nState:\tR (running)\nTgid:\t32557\nNgid:\t0\nPid:\t32558\nPPid:\t32554\n"
	"TracerPid:\t0\nUid:\t107\t108\t109\t110\nGid:\t0\t0\t0\t0\nFDSize:\t256\nGroups:\t \n"
	"NStgid:\t32557\t7\nNSpid:\t32558\t8\nNSpgid:\t32554\t7\nNSsid:\t6763\t7\nKthread:\t0\n"
	"VmPeak:\t    3060 kB\nVmSize:\t    3060 kB\nVmLck:\t       4 kB\nVmPin:\t       8 kB\n"
	"VmHWM:\t    1752 kB\nVmRSS:\t    1752 kB\nRssAnon:\t     112 kB\nRssFile:\t    1640 kB\n"
	"VmSwap:\t      16 kB\nHugetlbPages:\t       0 kB\nuntag_mask:\t0xffffffffffffffff\n"
	"Threads:\t3\nCpus_allowed:\t1,00000003\nCpus_allowed_list:\t0-1,32\n"
	"Mems_allowed_list:\t0\n";

static void status_gives_what_is_asked_of_it(void **state)
{
	struct proc_status status;

	assert_int_equal(proc_status_parse(status_6_18, sizeof status_6_18 - 1, &status), 0);
	assert_int_equal(status.tgid, 32557);
	assert_int_equal(status.ppid, 32554);
	assert_int_equal(status.uid, 107);
	assert_int_equal(status.threads, 3);
	assert_int_equal(status.swap_bytes, 16 * 1024);
	assert_int_equal(status.rss_anonymous_bytes, 112 * 1024);
	assert_int_equal(status.locked_bytes, 4 * 1024);
	assert_int_equal(status.pinned_bytes, 8 * 1024);
	assert_int_equal(status.cpus_allowed, 3);
	assert_true(span_equals(status.cpus_list, "0-1,32"));
	assert_int_equal(status.innermost_pid, 8);
}

static void a_kernel_thread_has_no_memory_and_that_is_not_zero(void **state)
{
	static const char bytes[] = "Name:\tkthreadd\nTgid:\t2\nPid:\t2\nPPid:\t0\nUid:\t0\t0\t0\t0\n"
				    "Threads:\t1\nCpus_allowed_list:\t0-1\n";
	struct proc_status status;

	assert_int_equal(proc_status_parse(bytes, sizeof bytes - 1, &status), 0);
	assert_false(field_present(status.swap_bytes));
	assert_false(field_present(status.rss_anonymous_bytes));
	assert_false(field_present(status.innermost_pid));
	assert_int_equal(status.cpus_allowed, 2);
}

static void a_status_cut_anywhere_is_survived(void **state)
{
	size_t size;

	for (size = 0; size < sizeof status_6_18 - 1; size++) {
		char *cut = exact_copy(status_6_18, size);
		struct proc_status status;

		if (proc_status_parse(cut, size, &status) == 0) {
			assert_int_equal(status.tgid, 32557);
			if (field_present(status.swap_bytes))
				assert_int_equal(status.swap_bytes, 16 * 1024);
			if (field_present(status.cpus_allowed))
				assert_int_equal(status.cpus_allowed, 3);
		}
		free(cut);
	}
}

static void ksm_stat_of_older_kernels_lacks_lines(void **state)
{
	static const char now[] = "ksm_rmap_items 100\nksm_zero_pages 3\nksm_merging_pages 40\n"
				  "ksm_process_profit -64\nksm_merge_any: no\nksm_mergeable: no\n";
	static const char early[] = "ksm_rmap_items 100\n"; /* 5.19 */
	struct proc_ksm_stat stat;

	assert_int_equal(proc_ksm_stat_parse(now, sizeof now - 1, &stat), 0);
	assert_int_equal(stat.tracked_pages, 100);
	assert_int_equal(stat.zero_pages, 3);
	assert_int_equal(stat.merging_pages, 40);
	assert_int_equal(stat.profit_bytes, -64);
	assert_int_equal(proc_ksm_stat_parse(early, sizeof early - 1, &stat), 0);
	assert_int_equal(stat.tracked_pages, 100);
	assert_false(field_present(stat.merging_pages));
	assert_false(field_present(stat.profit_bytes));
	assert_int_equal(proc_ksm_stat_parse("", 0, &stat), -ESRCH);
	assert_int_equal(proc_ksm_stat_parse("ksm_x 1\n", 8, &stat), -EINVAL);
}

static void smaps_tells_swap_from_swap_pss(void **state)
{
	static const char bytes[] =
		"55b0b26d8000-7ffceb72b000 ---p 00000000 00:00 0                          [rollup]\n"
		"Rss:                1788 kB\nPss:                 217 kB\n"
		"Pss_Dirty:           116 kB\nPss_Anon:            115 kB\n"
		"Anonymous:           114 kB\nKSM:                   8 kB\n"
		"AnonHugePages:      2048 kB\nSwap:                  4 kB\n"
		"SwapPss:               2 kB\nLocked:                1 kB\n";
	struct proc_smaps smaps;

	assert_int_equal(proc_smaps_parse(bytes, sizeof bytes - 1, &smaps), 0);
	assert_int_equal(smaps.rss, 1788 * 1024);
	assert_int_equal(smaps.pss, 217 * 1024);
	assert_int_equal(smaps.pss_anonymous, 115 * 1024);
	assert_int_equal(smaps.anonymous, 114 * 1024);
	assert_int_equal(smaps.huge, 2048 * 1024);
	assert_int_equal(smaps.swap, 4096);
	assert_int_equal(smaps.swap_pss, 2048);
	assert_int_equal(smaps.locked, 1024);
	assert_int_equal(smaps.ksm, 8192);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_of_stat_comes_from_its_place),
		cmocka_unit_test(stat_of_a_kernel_thread_is_read),
		cmocka_unit_test(a_name_cannot_forge_the_numbers),
		cmocka_unit_test(a_name_of_10_kb_is_read),
		cmocka_unit_test(a_stat_cut_anywhere_is_refused),
		cmocka_unit_test(numbers_that_are_none_are_refused),
		cmocka_unit_test(schedstat_is_three_numbers),
		cmocka_unit_test(io_has_seven_lines),
		cmocka_unit_test(a_cut_line_is_absent_and_not_smaller),
		cmocka_unit_test(status_gives_what_is_asked_of_it),
		cmocka_unit_test(a_kernel_thread_has_no_memory_and_that_is_not_zero),
		cmocka_unit_test(a_status_cut_anywhere_is_survived),
		cmocka_unit_test(ksm_stat_of_older_kernels_lacks_lines),
		cmocka_unit_test(smaps_tells_swap_from_swap_pss),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
