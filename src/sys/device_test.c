/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/device.h"

#include "base/cleanup.h"
#include "base/cursor.h"
#include "sys/root_memory.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SPAN(text) ((struct span){ (text), strlen(text) })

static const char disks[] =
	"   7       0 loop0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
	" 254       0 vda 62772 11338 3884034 18598 74871 14004 3614768 9174 2 9940 29193 12689 47 "
	"487296 845 16888 574\n"
	" 104       0 cciss/c0d0 1 2 3 4 5 6 7 8 9 10 11\n"
	" bad line\n"
	" 259       7 nvme0n1 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20\n";

static void every_disk_line_is_read(void **state)
{
	struct cursor c = cursor_over(disks, sizeof disks - 1);
	struct disk_stat stat;

	assert_true(disk_stat_next(&c, &stat));
	assert_true(span_equals(stat.name, "loop0"));
	assert_true(disk_stat_is_unused(&stat));
	assert_true(disk_stat_next(&c, &stat));
	assert_true(span_equals(stat.name, "vda"));
	assert_false(disk_stat_is_unused(&stat));
	assert_int_equal(stat.number, 254ull << 20);
	assert_int_equal(stat.reads, 62772);
	assert_int_equal(stat.read_bytes, 3884034ll * 512);
	assert_int_equal(stat.read_usec, 18598000);
	assert_int_equal(stat.writes, 74871);
	assert_int_equal(stat.write_bytes, 3614768ll * 512);
	assert_int_equal(stat.write_usec, 9174000);
	assert_int_equal(stat.in_flight, 2);
	assert_int_equal(stat.busy_usec, 9940000);
	assert_int_equal(stat.queued_usec, 29193000);
	assert_int_equal(stat.discards, 12689);
	assert_int_equal(stat.flushes, 16888);
	assert_true(disk_stat_next(&c, &stat));
	assert_true(span_equals(stat.name, "cciss/c0d0"));
	assert_false(field_present(stat.discards));
	assert_false(field_present(stat.flushes));
	assert_true(disk_stat_next(&c, &stat));
	assert_int_equal(stat.number, 259ull << 20 | 7);
	assert_false(disk_stat_next(&c, &stat));
}

static void a_disk_line_cut_anywhere_is_left_out(void **state)
{
	size_t size;

	for (size = 0; size < sizeof disks - 1; size++) {
		struct cursor c = cursor_over(disks, size);
		struct disk_stat stat;

		while (disk_stat_next(&c, &stat))
			if (span_equals(stat.name, "vda"))
				assert_int_equal(stat.flushes, 16888);
	}
}

static const struct root_memory_file files[] = {
	{ .path = "/sys/block/vda/dev", .bytes = "254:0\n" },
	{ .path = "/sys/block/vda/queue/scheduler", .bytes = "none [mq-deadline] kyber bfq \n" },
	{ .path = "/sys/block/vda/queue/rotational", .bytes = "1\n" },
	{ .path = "/sys/block/loop0/dev", .bytes = "7:0\n" },
	{ .path = "/sys/block/loop0/loop/backing_file", .bytes = "/a\n" },
	{ .path = "/sys/block/loop1/dev", .bytes = "7:1\n" },
	{ .path = "/sys/block/dm-0/dev", .bytes = "253:0\n" },
	{ .path = "/sys/block/dm-0/slaves/vda/dev", .bytes = "254:0\n" },
	{ .path = "/sys/block/dm-0/queue/scheduler", .bytes = "none\n" },
	{ .path = "/sys/block/cciss!c0d0/dev", .bytes = "104:0\n" },
	{ .path = "/sys/block/cciss!c0d0/queue/rotational", .bytes = "0\n" },
	{ .path = "/sys/block/going/size", .bytes = "1\n" },
	{ .path = "/sys/class/net/lo/ifindex", .bytes = "1\n" },
	{ .path = "/sys/class/net/macvtap0/ifindex", .bytes = "17\n" },
};

static void disks_on_disks_are_known(void **state)
{
	struct root *root = root_memory_new(files, ARRAY_SIZE(files));
	struct disk_set set = { 0 };
	int again;

	for (again = 0; again < 2; again++) {
		assert_int_equal(disk_set_read(root, &set), 0);
		assert_int_equal(set.count, 5);
		assert_false(disk_set_find(&set, SPAN("vda"))->stacked);
		assert_true(disk_set_find(&set, SPAN("loop0"))->stacked);
		assert_false(disk_set_find(&set, SPAN("loop1"))->stacked);
		assert_true(disk_set_find(&set, SPAN("dm-0"))->stacked);
		assert_non_null(disk_set_find(&set, SPAN("cciss/c0d0")));
		assert_null(disk_set_find(&set, SPAN("vda1")));
		assert_null(disk_set_find(&set, SPAN("a-name-that-no-kernel-gives-to-a-disk")));
		assert_int_equal(set.stacked_count, 2);
		assert_int_equal(set.stacked[0], 7ull << 20);
		assert_int_equal(set.stacked[1], 253ull << 20);
	}
	disk_set_done(&set);
	root_free(root);
}

static void a_queue_has_a_scheduler(void **state)
{
	struct root *root = root_memory_new(files, ARRAY_SIZE(files));
	char name[32];

	assert_int_equal(disk_scheduler_read(root, "vda", name, sizeof name), 0);
	assert_string_equal(name, "mq-deadline");
	assert_int_equal(disk_scheduler_read(root, "dm-0", name, sizeof name), 0);
	assert_string_equal(name, "none");
	assert_int_equal(disk_scheduler_read(root, "loop0", name, sizeof name), -ENOENT);
	assert_int_equal(disk_rotational_read(root, "vda"), 1);
	assert_int_equal(disk_rotational_read(root, "cciss/c0d0"), 0);
	assert_int_equal(disk_rotational_read(root, "loop0"), -ENOENT);
	root_free(root);
}

static void an_interface_is_found_by_its_index(void **state)
{
	struct root *root = root_memory_new(files, ARRAY_SIZE(files));
	char name[16];

	assert_int_equal(net_name_by_index(root, 17, name, sizeof name), 0);
	assert_string_equal(name, "macvtap0");
	assert_int_equal(net_name_by_index(root, 2, name, sizeof name), -ENODEV);
	root_free(root);
}

static void every_interface_line_is_read(void **state)
{
	static const char bytes[] =
		"Inter-|   Receive                                                |  Transmit\n"
		" face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs "
		"drop fifo colls carrier compressed\n"
		"    lo:    3267      29    0    0    0     0          0         0     3267      29    0  "
		"  0    0     0       0          0\n"
		"  eth0:223996352    4980    1    2    0     0          0         0   204619    2484    3 "
		"   4    0     0       0          0\n"
		"eth0:1: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
		"vnet0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 1";
	struct cursor c = cursor_over(bytes, sizeof bytes - 1);
	struct net_stat stat;

	assert_true(net_stat_next(&c, &stat));
	assert_true(span_equals(stat.name, "lo"));
	assert_true(net_stat_next(&c, &stat));
	assert_true(span_equals(stat.name, "eth0"));
	assert_int_equal(stat.received_bytes, 223996352);
	assert_int_equal(stat.received_packets, 4980);
	assert_int_equal(stat.receive_errors, 1);
	assert_int_equal(stat.receive_drops, 2);
	assert_int_equal(stat.sent_bytes, 204619);
	assert_int_equal(stat.sent_packets, 2484);
	assert_int_equal(stat.send_errors, 3);
	assert_int_equal(stat.send_drops, 4);
	assert_true(net_stat_next(&c, &stat));
	assert_true(span_equals(stat.name, "eth0:1"));
	assert_false(net_stat_next(&c, &stat));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_disk_line_is_read),
		cmocka_unit_test(a_disk_line_cut_anywhere_is_left_out),
		cmocka_unit_test(disks_on_disks_are_known),
		cmocka_unit_test(a_queue_has_a_scheduler),
		cmocka_unit_test(an_interface_is_found_by_its_index),
		cmocka_unit_test(every_interface_line_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
