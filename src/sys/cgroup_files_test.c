/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/cgroup_files.h"

#include "base/cleanup.h"
#include "sys/root_memory.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SPAN(text) ((struct span){ (text), strlen(text) })
#define PARSE(function, text, ...) function(text, strlen(text), __VA_ARGS__)

static void cpu_stat_is_microseconds_in_both_versions(void **state)
{
	static const char v2[] = "usage_usec 5000\nuser_usec 3000\nsystem_usec 2000\n"
				 "core_sched.force_idle_usec 0\nnr_periods 40\nnr_throttled 30\n"
				 "throttled_usec 2990123\nnr_bursts 1\nburst_usec 17\n";
	static const char v1[] = "nr_periods 40\nnr_throttled 30\nthrottled_time 2990123456\n"
				 "nr_bursts 1\nburst_time 17000\n";
	struct cgroup_cpu_stat stat;

	assert_int_equal(PARSE(cgroup_cpu_stat_parse, v2, &stat), 0);
	assert_int_equal(stat.usage_usec, 5000);
	assert_int_equal(stat.throttled_periods, 30);
	assert_int_equal(stat.throttled_usec, 2990123);
	assert_int_equal(stat.burst_usec, 17);
	assert_int_equal(PARSE(cgroup_cpu_stat_parse, v1, &stat), 0);
	assert_false(field_present(stat.usage_usec));
	assert_int_equal(stat.periods, 40);
	assert_int_equal(stat.throttled_usec, 2990123);
	assert_int_equal(stat.burst_usec, 17);
}

static void cpu_stat_without_a_quota_has_no_throttling(void **state)
{
	static const char root[] = "usage_usec 5000\nuser_usec 3000\nsystem_usec 2000\n";
	struct cgroup_cpu_stat stat;

	assert_int_equal(PARSE(cgroup_cpu_stat_parse, root, &stat), 0);
	assert_false(field_present(stat.throttled_usec));
	assert_int_equal(PARSE(cgroup_cpu_stat_parse, "", &stat), -EINVAL);
}

static void cpu_max_is_a_share_of_one_cpu(void **state)
{
	static const char *const bad[] = { "", "max", "max 0\n", "x 1\n", "-5 100\n", "1 2 3\n" };
	struct cgroup_quota quota;
	size_t i;

	assert_int_equal(PARSE(cgroup_cpu_max_parse, "25000 100000\n", &quota), 0);
	assert_int_equal(quota.permyriad, 2500);
	assert_int_equal(PARSE(cgroup_cpu_max_parse, "max 100000\n", &quota), 0);
	assert_int_equal(quota.permyriad, FIELD_UNLIMITED);
	assert_int_equal(quota.quota_usec, FIELD_UNLIMITED);
	assert_int_equal(quota.period_usec, 100000);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(PARSE(cgroup_cpu_max_parse, bad[i], &quota), -EINVAL);
}

static void the_weight_is_the_default_one(void **state)
{
	int64_t weight;

	assert_int_equal(PARSE(cgroup_weight_parse, "default 150\n8:16 200\n", &weight), 0);
	assert_int_equal(weight, 150);
	assert_int_equal(PARSE(cgroup_weight_parse, "8:16 200\ndefault 150\n", &weight), 0);
	assert_int_equal(weight, 150);
	assert_int_equal(PARSE(cgroup_weight_parse, "500\n", &weight), 0);
	assert_int_equal(weight, 500);
	assert_int_equal(PARSE(cgroup_weight_parse, "default 15", &weight), -EINVAL);
	assert_int_equal(PARSE(cgroup_weight_parse, "8:16 200\n", &weight), -EINVAL);
}

static void io_stat_is_summed_over_devices(void **state)
{
	static const char bytes[] =
		"7:1 7:0 8:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n"
		"253:0 rbytes=100 wbytes=200 rios=10 wios=20 dbytes=0 dios=0\n"
		"8:16 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=9 dios=9\n";
	static const uint64_t numbers[] = { 7ull << 20, 253ull << 20 };
	static const struct cgroup_devices stacked = { numbers, ARRAY_SIZE(numbers) };
	struct cgroup_io_stat stat;

	assert_int_equal(PARSE(cgroup_io_stat_parse, bytes, NULL, &stat), 0);
	assert_int_equal(stat.read_bytes, 4197);
	assert_int_equal(stat.writes, 26);
	assert_int_equal(PARSE(cgroup_io_stat_parse, bytes, &stacked, &stat), 0);
	assert_int_equal(stat.read_bytes, 4097);
	assert_int_equal(stat.write_bytes, 8194);
	assert_int_equal(stat.reads, 4);
	assert_int_equal(stat.writes, 6);
}

static void a_cgroup_without_io_has_done_none(void **state)
{
	struct cgroup_io_stat stat = { 1, 1, 1, 1 };

	assert_int_equal(cgroup_io_stat_parse("", 0, NULL, &stat), 0);
	assert_int_equal(stat.reads, 0);
	assert_int_equal(PARSE(cgroup_io_stat_parse, "8:0 rbytes=40", NULL, &stat), -EINVAL);
}

static void blkio_is_summed_over_devices(void **state)
{
	static const char bytes[] = "8:0 Read 12\n8:0 Write 30\n8:0 Sync 1\n8:0 Async 1\n"
				    "8:0 Discard 5\n8:0 Total 42\n253:0 Read 100\n253:0 Write 1\n"
				    "253:0 Total 101\nTotal 143\n";
	static const uint64_t number = 253ull << 20;
	static const struct cgroup_devices stacked = { &number, 1 };
	int64_t reads, writes;

	assert_int_equal(PARSE(cgroup_blkio_parse, bytes, NULL, &reads, &writes), 0);
	assert_int_equal(reads, 112);
	assert_int_equal(writes, 31);
	assert_int_equal(PARSE(cgroup_blkio_parse, bytes, &stacked, &reads, &writes), 0);
	assert_int_equal(reads, 12);
	assert_int_equal(writes, 30);
	assert_int_equal(PARSE(cgroup_blkio_parse, "Total 0\n", NULL, &reads, &writes), 0);
	assert_int_equal(reads, 0);
}

static const struct cgroup_layout v2 = {
	.mode = CGROUP_V2,
	.controller = {
		[CGROUP_CPU] = { "/c", "/", true },
		[CGROUP_MEMORY] = { "/c", "/", true },
		[CGROUP_IO] = { "/c", "/", true },
	},
};

static const struct cgroup_layout v1 = {
	.mode = CGROUP_V1,
	.controller = {
		[CGROUP_CPU] = { "/c", "/", false },
		[CGROUP_MEMORY] = { "/m", "/", false },
		[CGROUP_IO] = { "/b", "/", false },
	},
};

static void the_tightest_quota_above_holds(void **state)
{
	const struct root_memory_file files[] = {
		{ .path = "/c/a/cpu.max", .bytes = "50000 100000\n" },
		{ .path = "/c/a/b/cpu.max", .bytes = "max 100000\n" },
		{ .path = "/c/a/b/cpu.max.burst", .bytes = "7\n" },
		{ .path = "/c/a/b/vm/cpu.max", .bytes = "300000 100000\n" },
		{ .path = "/c/a/b/vm/cpu.max.burst", .bytes = "900\n" },
		{ .path = "/c/a/b/thread/cgroup.procs", .bytes = "" },
		{ .path = "/c/free/cpu.max", .bytes = "max 100000\n" },
	};
	struct root *root = root_memory_new(files, ARRAY_SIZE(files));
	struct cgroup_quota quota;

	assert_int_equal(cgroup_quota_read(root, &v2, SPAN("/a/b/vm"), &quota), 0);
	assert_int_equal(quota.permyriad, 30000);
	assert_int_equal(cgroup_quota_effective(root, &v2, SPAN("/a/b/vm"), NULL, &quota), 0);
	assert_int_equal(quota.permyriad, 5000);
	assert_int_equal(quota.burst_usec, 900);
	/* A cgroup that has no cpu controller of its own is bound by those above. */
	assert_int_equal(cgroup_quota_effective(root, &v2, SPAN("/a/b/thread"), NULL, &quota), 0);
	assert_int_equal(quota.permyriad, 5000);
	assert_false(field_present(quota.burst_usec));
	assert_int_equal(cgroup_quota_effective(root, &v2, SPAN("/free"), NULL, &quota), 0);
	assert_int_equal(quota.permyriad, FIELD_UNLIMITED);
	assert_int_equal(cgroup_quota_effective(root, &v2, SPAN("/none"), NULL, &quota), -ENOENT);
	root_free(root);
}

static void what_ancestors_allow_is_read_once_for_siblings(void **state)
{
	const struct root_memory_file files[] = {
		{ .path = "/c/a/cpu.max", .bytes = "50000 100000\n" },
		{ .path = "/c/a/x/cpu.max", .bytes = "max 100000\n" },
		{ .path = "/c/a/y/cpu.max", .bytes = "10000 100000\n" },
		{ .path = "/c/b/z/cpu.max", .bytes = "max 100000\n" },
	};
	struct root *root = root_memory_new(files, ARRAY_SIZE(files));
	struct cgroup_quota_above above = { .known = false };
	struct cgroup_quota quota;

	assert_int_equal(cgroup_quota_effective(root, &v2, SPAN("/a/x"), &above, &quota), 0);
	assert_int_equal(quota.permyriad, 5000);
	assert_string_equal(above.parent, "/a");
	above.tightest.permyriad = 4000; /* as remembered, and not read again */
	assert_int_equal(cgroup_quota_effective(root, &v2, SPAN("/a/x"), &above, &quota), 0);
	assert_int_equal(quota.permyriad, 4000);
	assert_int_equal(cgroup_quota_effective(root, &v2, SPAN("/a/y"), &above, &quota), 0);
	assert_int_equal(quota.permyriad, 1000);
	assert_int_equal(cgroup_quota_effective(root, &v2, SPAN("/b/z"), &above, &quota), 0);
	assert_int_equal(quota.permyriad, FIELD_UNLIMITED);
	above.known = false;
	assert_int_equal(cgroup_quota_effective(root, &v2, SPAN("/a/x"), &above, &quota), 0);
	assert_int_equal(quota.permyriad, 5000);
	root_free(root);
}

static void v1_knobs_have_other_names(void **state)
{
	const struct root_memory_file files[] = {
		{ .path = "/c/vm/cpu.cfs_quota_us", .bytes = "-1\n" },
		{ .path = "/c/vm/cpu.cfs_period_us", .bytes = "100000\n" },
		{ .path = "/c/vm/cpu.shares", .bytes = "2048\n" },
		{ .path = "/c/cpu.cfs_quota_us", .bytes = "150000\n" },
		{ .path = "/c/cpu.cfs_period_us", .bytes = "100000\n" },
		{ .path = "/m/vm/memory.usage_in_bytes", .bytes = "4096\n" },
		{ .path = "/m/vm/memory.limit_in_bytes", .bytes = "9223372036854771712\n" },
		{ .path = "/b/vm/blkio.throttle.io_serviced", .bytes = "8:0 Read 1\n8:0 Write 2\n" },
		{ .path = "/b/vm/blkio.bfq.weight", .bytes = "300\n" },
	};
	struct root *root = root_memory_new(files, ARRAY_SIZE(files));
	struct cgroup_quota quota;
	struct cgroup_weight weight;
	struct cgroup_memory memory;
	struct cgroup_io_stat io;
	int64_t io_weight;

	assert_int_equal(cgroup_quota_read(root, &v1, SPAN("/vm"), &quota), 0);
	assert_int_equal(quota.permyriad, FIELD_UNLIMITED);
	assert_false(field_present(quota.burst_usec));
	assert_int_equal(cgroup_quota_effective(root, &v1, SPAN("/vm"), NULL, &quota), 0);
	assert_int_equal(quota.permyriad, 15000);
	assert_int_equal(cgroup_weight_read(root, &v1, SPAN("/vm"), &weight), 0);
	assert_int_equal(weight.weight, 2048);
	assert_int_equal(weight.usual, 1024);
	assert_string_equal(weight.where, "cpu.shares");
	assert_int_equal(cgroup_memory_read(root, &v1, SPAN("/vm"), &memory), 0);
	assert_int_equal(memory.current, 4096);
	assert_int_equal(memory.max, FIELD_UNLIMITED);
	assert_false(field_present(memory.high));
	assert_int_equal(cgroup_io_read(root, &v1, SPAN("/vm"), NULL, &io), 0);
	assert_int_equal(io.writes, 2);
	assert_false(field_present(io.read_bytes));
	assert_int_equal(cgroup_io_weight_read(root, &v1, SPAN("/vm"), &io_weight), 0);
	assert_int_equal(io_weight, 300);
	root_free(root);
}

static void v2_knobs_are_read(void **state)
{
	const struct root_memory_file files[] = {
		{ .path = "/c/vm/cpu.weight", .bytes = "200\n" },
		{ .path = "/c/vm/memory.current", .bytes = "4096\n" },
		{ .path = "/c/vm/memory.low", .bytes = "0\n" },
		{ .path = "/c/vm/memory.min", .bytes = "8192\n" },
		{ .path = "/c/vm/memory.high", .bytes = "max\n" },
		{ .path = "/c/vm/memory.max", .bytes = "1073741824\n" },
		{ .path = "/c/vm/io.stat", .bytes = "8:0 rbytes=1 wbytes=2 rios=3 wios=4\n" },
		{ .path = "/c/vm/io.bfq.weight", .bytes = "default 70\n" },
		{ .path = "/c/lazy/cpu.weight", .bytes = "0\n" },
		{ .path = "/c/lazy/cpu.idle", .bytes = "1\n" },
	};
	struct root *root = root_memory_new(files, ARRAY_SIZE(files));
	struct cgroup_weight weight;
	struct cgroup_memory memory;
	struct cgroup_io_stat io;
	int64_t io_weight;

	assert_int_equal(cgroup_weight_read(root, &v2, SPAN("/vm"), &weight), 0);
	assert_int_equal(weight.weight, 200);
	assert_string_equal(weight.where, "cpu.weight");
	assert_false(weight.idle);
	assert_int_equal(cgroup_weight_read(root, &v2, SPAN("/lazy"), &weight), 0);
	assert_string_equal(weight.where, "cpu.idle");
	assert_int_equal(weight.weight, 3);
	assert_true(weight.idle);
	assert_int_equal(cgroup_weight_read(root, &v2, SPAN("/gone"), &weight), -ENOENT);
	assert_int_equal(cgroup_memory_read(root, &v2, SPAN("/vm"), &memory), 0);
	assert_int_equal(memory.low, 0);
	assert_int_equal(memory.min, 8192);
	assert_int_equal(memory.high, FIELD_UNLIMITED);
	assert_int_equal(memory.max, 1073741824);
	assert_int_equal(cgroup_io_read(root, &v2, SPAN("/vm"), NULL, &io), 0);
	assert_int_equal(io.writes, 4);
	assert_int_equal(cgroup_io_weight_read(root, &v2, SPAN("/vm"), &io_weight), 0);
	assert_int_equal(io_weight, 70);
	root_free(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cpu_stat_is_microseconds_in_both_versions),
		cmocka_unit_test(cpu_stat_without_a_quota_has_no_throttling),
		cmocka_unit_test(cpu_max_is_a_share_of_one_cpu),
		cmocka_unit_test(the_weight_is_the_default_one),
		cmocka_unit_test(io_stat_is_summed_over_devices),
		cmocka_unit_test(a_cgroup_without_io_has_done_none),
		cmocka_unit_test(blkio_is_summed_over_devices),
		cmocka_unit_test(the_tightest_quota_above_holds),
		cmocka_unit_test(what_ancestors_allow_is_read_once_for_siblings),
		cmocka_unit_test(v1_knobs_have_other_names),
		cmocka_unit_test(v2_knobs_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
