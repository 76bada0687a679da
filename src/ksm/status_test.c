/* SPDX-License-Identifier: GPL-2.0-or-later */
/* On hosts that are tables of files: pages and frames have small numbers there. */
#include "ksm/status.h"

#include "base/error.h"
#include "base/str.h"
#include "model/snapshot.h"
#include "sys/root_memory.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PRESENT (1ull << 63)
#define SWAPPED (1ull << 62)
#define OF_A_FILE (1ull << 61)
#define KSM (1ull << 21)
#define ZERO (1ull << 24)
#define TEXT(where, what) { .path = where, .bytes = what }
#define TABLE(where, table) { .path = where, .bytes = (const char *)(table), .size = sizeof(table) }

/* Page 0 is never mapped; pages 1 to 6 may be merged, 7 not. */
static uint64_t pagemap_a[8] = { 0, PRESENT | 10, PRESENT | 10, PRESENT | 11, PRESENT | 12,
				 PRESENT | 2, SWAPPED | 7, PRESENT | 10 };
static uint64_t pagemap_b[8] = { 0, PRESENT | 13, PRESENT | 12, PRESENT | 10, PRESENT | 3,
				 PRESENT | OF_A_FILE | 11, 0, 0 };
/* Frame 2 is the zero page, 3 anybody's. */
static uint64_t flags[14] = { 0, 0, ZERO, 0, 0, 0, 0, 0, 0, 0, KSM, KSM, KSM, KSM };
static uint64_t hidden[8] = { 0, PRESENT, PRESENT };

#define SMAPS                                                                                     \
	"00001000-00007000 rw-p 00000000 00:00 0 \nRss: 20 kB\nSwap: 4 kB\nVmFlags: rd wr mr mg \n" \
	"00007000-00008000 rw-p 00000000 00:00 0 [heap]\nRss: 4 kB\nVmFlags: rd wr mr \n"

#define HOST_FILES                                                                                \
	TEXT("/proc/meminfo", "MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable: 200 kB\nSwapFree: 50 kB\n"), \
	TEXT("/proc/vmstat", "cow_ksm 17\nksm_swpin_copy 3\n"),                                    \
	TEXT("/proc/40/comm", "ksmd\n"),                                                           \
	TEXT("/proc/40/stat", "40 (ksmd) S 2 0 0 0 -1 0 0 0 0 0 100 150 0 0 25 5 1 0 30 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"), \
	TEXT("/sys/kernel/mm/ksm/run", "1\n"), TEXT("/sys/kernel/mm/ksm/pages_shared", "5\n"),      \
	TEXT("/sys/kernel/mm/ksm/pages_sharing", "8\n"),                                           \
	TEXT("/sys/kernel/mm/ksm/pages_unshared", "20\n"),                                         \
	TEXT("/sys/kernel/mm/ksm/pages_volatile", "3\n")

#define VM_FILES(pid)                                                                             \
	TEXT("/proc/" pid "/smaps", SMAPS), TEXT("/proc/" pid "/status", "Tgid: " pid "\nRssAnon: 24 kB\n"), \
	TEXT("/proc/" pid "/cmdline", "qemu-system-x86_64")

/* A kernel of today. */
static const struct root_memory_file whole[] = {
	HOST_FILES,
	TEXT("/sys/kernel/mm/ksm/general_profit", "30000\n"),
	TEXT("/sys/kernel/mm/ksm/ksm_zero_pages", "2\n"),
	TEXT("/sys/kernel/mm/ksm/advisor_mode", "none [scan-time]\n"),
	VM_FILES("100"), VM_FILES("200"),
	TEXT("/proc/100/ksm_stat", "ksm_rmap_items 6\nksm_zero_pages 1\nksm_merging_pages 4\n"
	     "ksm_process_profit 15000\nksm_merge_any: no\nksm_mergeable: yes\n"),
	TEXT("/proc/200/ksm_stat", "ksm_rmap_items 5\nksm_zero_pages 0\nksm_merging_pages 3\n"
	     "ksm_process_profit 9000\nksm_merge_any: yes\nksm_mergeable: yes\n"),
	TABLE("/proc/100/pagemap", pagemap_a), TABLE("/proc/200/pagemap", pagemap_b),
	TABLE("/proc/kpageflags", flags),
};

/* 5.10: the host's own numbers, and nothing of a process but frames. */
static const struct root_memory_file old[] = {
	HOST_FILES, VM_FILES("100"), VM_FILES("200"),
	TABLE("/proc/100/pagemap", pagemap_a), TABLE("/proc/200/pagemap", pagemap_b),
	TABLE("/proc/kpageflags", flags),
};

static struct snapshot snapshot;
static struct status status;
static const struct status_options everything = { .with_areas = true, .with_frames = true };

static void add_vm(pid_t pid, uint32_t ordinal, const char *name, const char *group)
{
	struct vm_identity identity = { .pid = pid, .ordinal = ordinal, .start_ticks = 7 };
	struct vm *vm = snapshot_add_vm(&snapshot, &identity);

	assert_non_null(vm);
	vm->text[VM_TEXT_NAME] = strdup(name);
	vm->text[VM_TEXT_OWNER] = strdup("none");
	if (group != NULL)
		vm->text[VM_TEXT_CLASS] = strdup(group);
}

static int set_up(void **state)
{
	snapshot_init(&snapshot);
	snapshot.realtime_usec = 1772373931000000;
	snapshot.monotonic_usec = 5000000;
	status_init(&status);
	add_vm(100, 0, "a", "web");
	add_vm(200, 0, "b", "db");
	return 0;
}

static int tear_down(void **state)
{
	status_done(&status);
	snapshot_done(&snapshot);
	return 0;
}

static void take_from(const struct root_memory_file *files, size_t count,
		      const struct status_options *options)
{
	struct root *root = root_memory_new(files, count);
	struct error err = { 0 };

	assert_int_equal(status_take(root, &snapshot, options, &status, &err), 0);
	root_free(root);
}

#define TAKE(files, options) take_from(files, sizeof(files) / sizeof(files)[0], options)

static void the_hosts_sums_are_right(void **state)
{
	const struct status_host *host = &status.host;

	TAKE(whole, &everything);
	assert_int_equal(host->saved_bytes, 10 * 4096);
	assert_int_equal(host->tracking_bytes, 36 * 64);
	assert_int_equal(host->profit_bytes, 30000);
	assert_int_equal(host->ksmd_usec, 2500000);
	assert_int_equal(host->saved_kb_per_cpu_second, 16);
	assert_int_equal(host->cow_pages, 17);
	assert_int_equal(host->swapin_copied_pages, 3);
	assert_int_equal(host->reserve_bytes, 10 * 4096);
	assert_int_equal(host->left_bytes, 200 * 1024 - 10 * 4096);
	assert_string_equal(host->ksm.advisor, "scan-time");
	assert_int_equal(host->ksm.smart_scan, FIELD_ABSENT);
}

static void frames_tell_who_shares_with_whom(void **state)
{
	const struct status_vm *a, *b;

	TAKE(whole, &everything);
	assert_null(status.frames_absent);
	a = &status.vms[0];
	b = &status.vms[1];
	assert_int_equal(a->looked_merged_pages, 4);
	assert_int_equal(a->zero_mapped_pages, 1);
	assert_int_equal(a->looked_pages, 4);
	assert_int_equal(a->frame_count, 3);
	assert_int_equal(a->inside_pages, 1);
	assert_int_equal(a->alone_frames, 1);
	assert_int_equal(b->looked_merged_pages, 3);
	assert_int_equal(b->looked_pages, 4);
	assert_int_equal(b->inside_pages, 0);
	assert_int_equal(b->alone_frames, 1);
	/* 4 pages less the frame that comes free, and a zero page. */
	assert_int_equal(a->rewrite_bytes, 4 * 4096);
	assert_int_equal(a->leave_bytes, 24 * 1024 - 4 * 4096 + 4096);
	assert_int_equal(status.pairs.count, 1);
	assert_int_equal(status.pairs.pairs[0].common_bytes, 2 * 4096);
	assert_int_equal(status.host.elsewhere_pages, 13 - 7);
	assert_int_equal(status.host.frames_pages, 8);
}

static void groups_that_share_are_told(void **state)
{
	const struct status_pair *pair;
	size_t i, across = 0;

	TAKE(whole, &everything);
	assert_int_equal(status.group_count, 2);
	for (i = 0; i < status.group_pairs.count; i++) {
		pair = &status.group_pairs.pairs[i];
		if (pair->a != pair->b) {
			across++;
			assert_int_equal(pair->common_bytes, 2 * 4096);
		}
	}
	assert_int_equal(across, 1);
}

static void what_an_old_kernel_lacks_is_absent_and_the_rest_is_there(void **state)
{
	TAKE(old, &everything);
	assert_int_equal(status.vms[0].merged_pages, FIELD_ABSENT);
	assert_int_equal(status.vms[0].tracking_bytes, FIELD_ABSENT);
	assert_int_equal(status.vms[0].looked_merged_pages, 4);
	assert_string_equal(status.vms[0].takes_part, "yes");
	assert_int_equal(status.host.ksm.general_profit, FIELD_ABSENT);
	assert_int_equal(status.host.profit_bytes, 8 * 4096 - 36 * 64);
	assert_int_equal(status.host.reserve_bytes, 8 * 4096);
}

static void who_may_not_see_frames_gets_the_rest_with_a_reason(void **state)
{
	const struct root_memory_file refused[] = {
		HOST_FILES, VM_FILES("100"), VM_FILES("200"),
		{ .path = "/proc/kpageflags", .bytes = "", .error = -EACCES },
	};

	TAKE(refused, &everything);
	assert_non_null(status.frames_absent);
	assert_non_null(strstr(status.frames_absent, "root"));
	assert_int_equal(status.vms[0].mergeable_bytes, 6 * 4096);
	assert_int_equal(status.vms[0].inside_pages, FIELD_ABSENT);
	assert_int_equal(status.host.saved_bytes, 8 * 4096);
}

static void frames_that_the_kernel_hides_are_no_frames(void **state)
{
	const struct root_memory_file hiding[] = {
		HOST_FILES, VM_FILES("100"), VM_FILES("200"), TABLE("/proc/100/pagemap", hidden),
		TABLE("/proc/200/pagemap", hidden), TABLE("/proc/kpageflags", flags),
	};

	TAKE(hiding, &everything);
	assert_non_null(status.frames_absent);
	assert_int_equal(status.pairs.count, 0);
}

static void a_vm_that_ended_costs_nothing_but_its_own_numbers(void **state)
{
	add_vm(300, 0, "gone", NULL);
	TAKE(whole, &everything);
	assert_int_equal(status.host.elsewhere_pages, 6);
	assert_string_equal(status.vms[2].takes_part, "ended");
	assert_int_equal(status.vms[2].looked_pages, FIELD_ABSENT);
	assert_int_equal(status.pairs.count, 1);
}

static void a_vm_that_ends_while_its_frames_are_looked_at_has_ended(void **state)
{
	struct root_memory_file some[sizeof whole / sizeof whole[0]];
	size_t i;

	memcpy(some, whole, sizeof whole);
	for (i = 0; i < sizeof some / sizeof some[0]; i++)
		if (strcmp(some[i].path, "/proc/200/pagemap") == 0)
			some[i].error = -ESRCH;
	TAKE(some, &everything);
	assert_string_equal(status.vms[1].takes_part, "ended");
	assert_string_equal(status.vms[0].takes_part, "yes");
	assert_int_equal(status.vms[0].looked_pages, 4);
	assert_int_equal(status.host.elsewhere_pages, 13 - 4);
}

static void what_nobody_has_is_told_only_where_all_were_looked_at(void **state)
{
	struct root_memory_file some[sizeof whole / sizeof whole[0]];
	size_t i;

	memcpy(some, whole, sizeof whole);
	for (i = 0; i < sizeof some / sizeof some[0]; i++)
		if (strcmp(some[i].path, "/proc/200/pagemap") == 0)
			some[i].error = -EACCES;
	TAKE(some, &everything);
	assert_null(status.frames_absent);
	assert_int_equal(status.vms[0].looked_pages, 4);
	assert_int_equal(status.vms[1].looked_pages, FIELD_ABSENT);
	assert_int_equal(status.host.elsewhere_pages, FIELD_ABSENT);
}

static void vms_of_one_process_are_counted_once(void **state)
{
	add_vm(200, 1, "second", NULL);
	TAKE(whole, &everything);
	assert_string_equal(status.vms[2].takes_part, "same process");
	assert_int_equal(status.vms[2].merged_pages, FIELD_ABSENT);
	assert_int_equal(status.pairs.count, 1);
}

static void why_a_vm_takes_no_part_is_said(void **state)
{
#define LINE(range, what, rss) range " " what " 00000000 00:00 0 \nRss: " rss " kB\nVmFlags: rd wr "
	const struct root_memory_file files[] = {
		HOST_FILES,
		TEXT("/proc/100/smaps", LINE("10000-90000", "rw-s", "300") "\n"),
		TEXT("/proc/100/status", "RssAnon: 24 kB\n"),
		TEXT("/proc/200/smaps", LINE("10000-90000", "rw-p", "0") "ht\n"),
		TEXT("/proc/200/status", "RssAnon: 24 kB\n"),
		TEXT("/proc/300/smaps", LINE("10000-90000", "rw-p", "300") "\n"),
		TEXT("/proc/300/status", "RssAnon: 300 kB\n"),
		TEXT("/proc/400/smaps", LINE("10000-90000", "rw-p", "300") "\n"),
		TEXT("/proc/400/status", "RssAnon: 300 kB\n"),
		TEXT("/proc/400/cmdline", "qemu -machine pc,mem-merge=off"),
		TABLE("/proc/kpageflags", flags),
		TABLE("/proc/100/pagemap", pagemap_a), TABLE("/proc/200/pagemap", pagemap_a),
		TABLE("/proc/300/pagemap", pagemap_a), TABLE("/proc/400/pagemap", pagemap_a),
	};

	add_vm(300, 0, "c", NULL);
	add_vm(400, 0, "d", NULL);
	TAKE(files, &everything);
	assert_string_equal(status.vms[0].takes_part, "shared memory");
	assert_string_equal(status.vms[1].takes_part, "hugetlb");
	assert_string_equal(status.vms[2].takes_part, "not asked for");
	assert_string_equal(status.vms[3].takes_part, "merging switched off");
}

static void without_ksm_nothing_is_zero(void **state)
{
	const struct root_memory_file none[] = { TEXT("/proc/meminfo", "MemAvailable: 200 kB\n") };
	struct str text;

	TAKE(none, &everything);
	assert_int_equal(status.host.saved_bytes, FIELD_ABSENT);
	assert_int_equal(status.host.ksmd_usec, FIELD_ABSENT);
	str_init(&text);
	status_append_text(&status, NULL, 10, 0, &text);
	assert_non_null(strstr(text.data, "no KSM"));
	assert_non_null(strstr(text.data, "nobody can say"));
	str_done(&text);
}

static void expect_verdict(int64_t needed, int64_t available, int64_t swap, const char *wanted)
{
	struct status_host *host = &status.host;
	struct str text;

	host->reserve_bytes = needed;
	host->memory_available_bytes = available;
	host->swap_free_bytes = swap;
	host->left_bytes = available == FIELD_ABSENT ? FIELD_ABSENT : available - needed;
	str_init(&text);
	status_append_verdict(host, &text);
	assert_non_null(strstr(text.data, wanted));
	str_done(&text);
}

static void the_verdict_is_that_of_the_sum(void **state)
{
	const int64_t g = 1 << 30;

	expect_verdict(0, g, 0, "nothing is merged");
	expect_verdict(g, 3 * g, 0, "it fits, and 2.0G would be left");
	expect_verdict(g, g, 0, "it fits");
	expect_verdict(2 * g, g, g, "without swapping 1.0G");
	expect_verdict(3 * g, g, g, "1.0G are missing");
	expect_verdict(g, FIELD_ABSENT, 0, "does not say");
}

static void a_line_that_is_read_back_is_the_same_line(void **state)
{
	struct error err = { 0 };
	struct str first, second;
	struct status again;

	TAKE(whole, &everything);
	str_init(&first);
	str_init(&second);
	status_init(&again);
	status_append_json(&status, NULL, &first);
	assert_int_equal(status_parse(first.data, first.length, &again, &err), 0);
	status_append_json(&again, NULL, &second);
	assert_string_equal(first.data, second.data);
	assert_int_equal(status_parse(first.data, first.length / 2, &again, &err), -EINVAL);
	assert_int_equal(status_parse("{\"schema\":\"truce.list/1\"}", 25, &again, &err), -EINVAL);
	assert_int_equal(status_parse("", 0, &again, &err), -EINVAL);
	status_done(&again);
	str_done(&first);
	str_done(&second);
}

static void a_hostile_name_reaches_nobody(void **state)
{
	struct str text;

	free(snapshot.vms[0]->text[VM_TEXT_NAME]);
	snapshot.vms[0]->text[VM_TEXT_NAME] = strdup("\033[2Jevil\n");
	free(snapshot.vms[0]->text[VM_TEXT_CLASS]);
	snapshot.vms[0]->text[VM_TEXT_CLASS] = strdup("\033]0;x\a");
	TAKE(whole, &everything);
	str_init(&text);
	status_append_text(&status, NULL, 10, 0, &text);
	status_append_live(NULL, &status, NULL, 0, 0, &text);
	status_append_json(&status, NULL, &text);
	assert_null(strchr(text.data, '\033'));
	assert_null(strchr(text.data, '\a'));
	assert_non_null(strstr(text.data, "evil"));
	str_done(&text);
}

static void what_changes_is_told_per_second(void **state)
{
	struct status before;
	struct str text;

	TAKE(whole, &everything);
	before = status;
	status_init(&status);
	snapshot.monotonic_usec += 2000000;
	TAKE(whole, &everything);
	status.host.saved_bytes += 8 << 20;
	status.host.ksmd_usec += 500000;
	status.host.cow_pages += 6;
	status.vms[0].merged_pages += 512;
	str_init(&text);
	status_append_live(&before, &status, NULL, 0, 0, &text);
	assert_non_null(strstr(text.data, "+4.0M a second by 25.0% of a CPU (16.0 MB a CPU-second)"));
	assert_non_null(strstr(text.data, "copied again 3 pages"));
	assert_non_null(strstr(text.data, "+1.0M"));
	str_done(&text);
	status_done(&before);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_hosts_sums_are_right),
		TEST(frames_tell_who_shares_with_whom),
		TEST(groups_that_share_are_told),
		TEST(what_an_old_kernel_lacks_is_absent_and_the_rest_is_there),
		TEST(who_may_not_see_frames_gets_the_rest_with_a_reason),
		TEST(frames_that_the_kernel_hides_are_no_frames),
		TEST(a_vm_that_ended_costs_nothing_but_its_own_numbers),
		TEST(a_vm_that_ends_while_its_frames_are_looked_at_has_ended),
		TEST(what_nobody_has_is_told_only_where_all_were_looked_at),
		TEST(vms_of_one_process_are_counted_once),
		TEST(why_a_vm_takes_no_part_is_said),
		TEST(without_ksm_nothing_is_zero),
		TEST(the_verdict_is_that_of_the_sum),
		TEST(a_line_that_is_read_back_is_the_same_line),
		TEST(a_hostile_name_reaches_nobody),
		TEST(what_changes_is_told_per_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
