/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/host.h"

#include "base/cleanup.h"
#include "sys/root_memory.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define PARSE(function, text, ...) function(text, strlen(text), __VA_ARGS__)

/* CPU 1 is offline. */
static const char stat_bytes[] =
	"cpu  9814 1 28487 268938 431 2 135 38 7 3\n"
	"cpu0 4051 0 14000 135762 25 0 35 15 4 0\n"
	"cpu2 5763 0 14487 133175 405 0 100 22 3 0\n"
	"intr 608459 0 0 0 1 1 14\n"
	"ctxt 2173313\nbtime 1795168891\nprocesses 259731\nprocs_running 155\nprocs_blocked 2\n"
	"softirq 1586466 0 56776 4 5473 133717 0 5 65334 0 1325157\n";

static void each_online_cpu_has_its_line(void **state)
{
	struct host_cpu cpus[4];
	struct host_stat stat;

	assert_int_equal(PARSE(host_stat_parse, stat_bytes, cpus, 4, &stat), 0);
	assert_int_equal(stat.cpu_count, 2);
	assert_int_equal(stat.all.number, -1);
	assert_int_equal(stat.all.guest_nice, 3);
	assert_int_equal(cpus[0].number, 0);
	assert_int_equal(cpus[1].number, 2);
	assert_int_equal(cpus[1].user, 5763);
	assert_int_equal(cpus[1].steal, 22);
	assert_int_equal(stat.context_switches, 2173313);
	assert_int_equal(stat.processes, 259731);
	assert_int_equal(stat.running, 155);
	assert_int_equal(stat.blocked, 2);
	assert_int_equal(stat.boot_seconds, 1795168891);
}

static void more_cpus_than_room_are_counted(void **state)
{
	struct host_cpu cpu;
	struct host_stat stat;

	assert_int_equal(PARSE(host_stat_parse, stat_bytes, &cpu, 1, &stat), 0);
	assert_int_equal(stat.cpu_count, 2);
	assert_int_equal(cpu.number, 0);
	assert_int_equal(PARSE(host_stat_parse, stat_bytes, NULL, 0, &stat), 0);
	assert_int_equal(stat.blocked, 2);
}

static void a_stat_cut_anywhere_has_no_wrong_number(void **state)
{
	size_t size;

	for (size = 0; size < sizeof stat_bytes - 1; size++) {
		struct host_cpu cpus[4];
		struct host_stat stat;

		if (host_stat_parse(stat_bytes, size, cpus, 4, &stat) < 0)
			continue;
		assert_int_equal(stat.all.guest_nice, 3);
		if (stat.cpu_count == 2)
			assert_int_equal(cpus[1].guest, 3);
		if (field_present(stat.processes))
			assert_int_equal(stat.processes, 259731);
	}
}

static void loads_are_thousandths(void **state)
{
	static const char *const bad[] = {
		"", "1.2 0.0 0.0 1/2 3\n", "1.20 0.00 0.00 1/2\n", "1.20 0.00 0.00 1/2 3", "1,20",
	};
	struct host_load load;
	size_t i;

	assert_int_equal(PARSE(host_load_parse, "151.01 71.29 0.05 163/1085 32679\n", &load), 0);
	assert_int_equal(load.milli[0], 151010);
	assert_int_equal(load.milli[1], 71290);
	assert_int_equal(load.milli[2], 50);
	assert_int_equal(load.running, 163);
	assert_int_equal(load.threads, 1085);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(PARSE(host_load_parse, bad[i], &load), -EINVAL);
}

static void memory_is_bytes_and_huge_pages_are_counts(void **state)
{
	static const char bytes[] =
		"MemTotal:       24684092 kB\nMemFree:        23361976 kB\n"
		"MemAvailable:   23915212 kB\nBuffers:            6940 kB\n"
		"Cached:           699148 kB\nSwapCached:            3 kB\nActive:  1 kB\n"
		"Active(anon):       1568 kB\nSwapTotal:             8 kB\nSwapFree:  4 kB\n"
		"Dirty:               572 kB\nWriteback:             1 kB\nAnonPages:  52728 kB\n"
		"Shmem:              8856 kB\nSlab:             222584 kB\n"
		"WritebackTmp:          0 kB\nCommitLimit:    12342044 kB\n"
		"Committed_AS:     306296 kB\nShmemHugePages:        9 kB\nHugePages_Total:      12\n"
		"HugePages_Free:        5\nHugepagesize:       2048 kB\n";
	struct host_memory memory;

	assert_int_equal(PARSE(host_memory_parse, bytes, &memory), 0);
	assert_int_equal(memory.total, 24684092ll * 1024);
	assert_int_equal(memory.available, 23915212ll * 1024);
	assert_int_equal(memory.cached, 699148ll * 1024);
	assert_int_equal(memory.swap_cached, 3 * 1024);
	assert_int_equal(memory.shared, 8856 * 1024);
	assert_int_equal(memory.writeback, 1024);
	assert_int_equal(memory.committed, 306296 * 1024);
	assert_int_equal(memory.huge_pages_total, 12);
	assert_int_equal(memory.huge_pages_free, 5);
	assert_int_equal(memory.huge_page_bytes, 2 << 20);
	assert_int_equal(PARSE(host_memory_parse, "MemFree: 1 kB\n", &memory), -EINVAL);
}

static void vmstat_of_5_10_lacks_lines(void **state)
{
	static const char old[] = "nr_free_pages 5840519\npswpin 1\npswpout 2\npgfault 10627632\n"
				  "pgmajfault 2026\noom_kill 4\n";
	struct host_vmstat vmstat;

	assert_int_equal(PARSE(host_vmstat_parse, old, &vmstat), 0);
	assert_int_equal(vmstat.swapped_in, 1);
	assert_int_equal(vmstat.swapped_out, 2);
	assert_int_equal(vmstat.major_faults, 2026);
	assert_int_equal(vmstat.oom_kills, 4);
	assert_false(field_present(vmstat.cow_ksm));
}

static const struct root_memory_file files[] = {
	{ .path = "/proc/sys/kernel/osrelease", .bytes = "6.1.0-50-amd64\n" },
	{ .path = "/sys/devices/system/cpu/cpu3/topology/core_id", .bytes = "1\n" },
	{ .path = "/sys/devices/system/cpu/cpu3/topology/physical_package_id", .bytes = "-1\n" },
	{ .path = "/sys/devices/system/cpu/cpu3/topology/thread_siblings_list", .bytes = "2-3\n" },
	{ .path = "/sys/devices/system/cpu/cpu3/node1/meminfo", .bytes = "" },
	{ .path = "/sys/devices/system/cpu/cpu4/uevent", .bytes = "" },
	{ .path = "/sys/kernel/sched_ext/state", .bytes = "enabled\n" },
	{ .path = "/sys/kernel/sched_ext/root/ops", .bytes = "scx_lavd\n" },
};

static void topology_is_what_sysfs_tells(void **state)
{
	struct root *root = root_memory_new(files, ARRAY_SIZE(files));
	struct host_topology topology;

	assert_int_equal(host_topology_read(root, 3, &topology), 0);
	assert_int_equal(topology.core, 1);
	assert_int_equal(topology.node, 1);
	assert_false(field_present(topology.package));
	assert_string_equal(topology.siblings, "2-3");
	assert_int_equal(host_topology_read(root, 4, &topology), 0);
	assert_false(field_present(topology.core));
	assert_false(field_present(topology.node));
	assert_string_equal(topology.siblings, "");
	assert_int_equal(host_topology_read(root, 5, &topology), -ENOENT);
	root_free(root);
}

static void the_scheduler_in_force_is_named(void **state)
{
	struct root *root = root_memory_new(files, ARRAY_SIZE(files));
	struct root *plain = root_memory_new(files, 1);
	char name[64];

	assert_int_equal(host_scheduler_read(root, name, sizeof name), 0);
	assert_string_equal(name, "sched_ext scx_lavd");
	assert_int_equal(host_scheduler_read(plain, name, sizeof name), 0);
	assert_string_equal(name, "CFS");
	root_free(root);
	root_free(plain);
}

static void the_way_memory_ages_is_told_where_there_are_two(void **state)
{
	const struct root_memory_file on = { .path = "/sys/kernel/mm/lru_gen/enabled",
					     .bytes = "0x0007\n" };
	const struct root_memory_file off = { .path = "/sys/kernel/mm/lru_gen/enabled",
					      .bytes = "0x0000\n" };
	struct root *roots[] = { root_memory_new(&on, 1), root_memory_new(&off, 1),
				 root_memory_new(NULL, 0) };

	assert_int_equal(host_lru_gen_read(roots[0]), 1);
	assert_int_equal(host_lru_gen_read(roots[1]), 0);
	assert_int_equal(host_lru_gen_read(roots[2]), -ENOENT);
	root_free(roots[0]);
	root_free(roots[1]);
	root_free(roots[2]);
}

static void text_comes_without_its_newline(void **state)
{
	struct root *root = root_memory_new(files, ARRAY_SIZE(files));
	char text[32];
	char small[4];

	assert_int_equal(host_text_read(root, "/proc/sys/kernel/osrelease", text, sizeof text), 14);
	assert_string_equal(text, "6.1.0-50-amd64");
	assert_int_equal(host_text_read(root, "/proc/sys/kernel/osrelease", small, sizeof small), 3);
	assert_int_equal(host_text_read(root, "/proc/none", text, sizeof text), -ENOENT);
	root_free(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_online_cpu_has_its_line),
		cmocka_unit_test(more_cpus_than_room_are_counted),
		cmocka_unit_test(a_stat_cut_anywhere_has_no_wrong_number),
		cmocka_unit_test(loads_are_thousandths),
		cmocka_unit_test(memory_is_bytes_and_huge_pages_are_counts),
		cmocka_unit_test(vmstat_of_5_10_lacks_lines),
		cmocka_unit_test(topology_is_what_sysfs_tells),
		cmocka_unit_test(the_scheduler_in_force_is_named),
		cmocka_unit_test(the_way_memory_ages_is_told_where_there_are_two),
		cmocka_unit_test(text_comes_without_its_newline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
