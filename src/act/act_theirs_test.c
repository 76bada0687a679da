/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "act/act_theirs.h"

#include "lease/lease.h"
#include "sys/root_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define STAT(nice) "41 (qemu) S 1 41 41 0 -1 0 0 0 0 0 0 0 0 0 20 " nice " 3 0 700 0 0 0 0 0 0 0 0 0 0 0" \
	" 0 0 0 0 0 0 0 0 0 0\n"

static struct root *root_with(const char *path, const char *text)
{
	struct root *root = root_memory_new(NULL, 0);

	root_memory_put(root, path, text);
	return root;
}

/* To look at only: nothing of it is on the heap. */
static struct lease lease_of(const char *target, const char *was, const char *now)
{
	return (struct lease){ .target = (char *)target, .was = (char *)was, .now = (char *)now };
}

struct look {
	const char *path, *was, *now, *found; /* as the kernel shows it */
	bool theirs;
};

static void a_file_that_reads_as_nobody_of_us_wrote_it_is_theirs(void **state)
{
	static const struct look looks[] = {
		{ "/cg/cpu.weight", "50", "400", "400\n", false },
		{ "/cg/cpu.weight", "50", "400", "50\n", false },
		{ "/cg/cpu.weight", "50", "400", "300\n", true },
		/* What an end of cpu.idle leaves. */
		{ "/cg/cpu.weight", "50", "400", "100\n", false },
		{ "/cg/cpu.shares", "512", "4096", "1024\n", false },
		{ "/cg/cpu.shares", "512", "4096", "2048\n", true },
		{ "/cg/cpu.max", "max 100000", "50000 100000", "50000 100000\n", false },
		{ "/cg/cpu.max", "max 100000", "50000", "50000 100000\n", false },
		{ "/cg/cpu.max", "50000 100000", "max", "max 100000\n", false },
		{ "/cg/cpu.max", "max 100000", "50000 100000", "5000 100000\n", true },
		{ "/cg/cpu.max", "max 100000", "50000 100000", "50000 200000\n", true },
		{ "/cg/cpu.cfs_quota_us", "-1", "50000", "-1\n", false },
		{ "/cg/cpu.cfs_quota_us", "-1", "50000", "70000\n", true },
		{ "/cg/cpu.max.burst", "0", "40000", "20000\n", false },
		{ "/cg/cpu.max.burst", "0", "40000", "50000\n", true },
		{ "/cg/memory.high", "max", "1000000001", "999997440\n", false },
		{ "/cg/memory.high", "max", "1000000001", "max\n", false },
		{ "/cg/memory.high", "max", "1000000001", "2000003072\n", true },
		{ "/cg/memory.high", "1048576", "max", "2097152\n", true },
		{ "/cg/io.weight", "100", "500", "default 500\n8:0 30\n", false },
		{ "/cg/io.weight", "100", "500", "default 200\n", true },
		{ "/proc/41/autogroup", "0", "5", "/autogroup-12 nice 5\n", false },
		{ "/proc/41/autogroup", "0", "5", "/autogroup-12 nice 9\n", true },
		/* Nothing is known of how the kernel writes that. */
		{ "/cg/cpuset.cpus.partition", "member", "root", "isolated\n", false },
	};
	size_t i;

	for (i = 0; i < sizeof looks / sizeof looks[0]; i++) {
		const struct look *look = &looks[i];
		struct root *root = root_with(look->path, look->found);
		struct lease lease = lease_of(look->path, look->was, look->now);
		char found[64] = "";

		if (act_file_is_theirs(root, &lease, found, sizeof found) != look->theirs)
			fail_msg("%s: was %s, now %s, found %s", look->path, look->was, look->now,
				 look->found);
		assert_int_equal(found[0] != '\0', look->theirs);
		root_free(root);
	}
}

static void what_we_wrote_before_is_ours_as_well(void **state)
{
	struct root *root = root_with("/cg/cpu.weight", "300\n");
	struct lease lease = lease_of("/cg/cpu.weight", "100", "400");
	char found[64], earlier[] = "300";

	assert_int_equal(act_file_is_theirs(root, &lease, found, sizeof found), 1);
	assert_string_equal(found, "300");
	lease.earlier = earlier;
	assert_int_equal(act_file_is_theirs(root, &lease, found, sizeof found), 0);
	root_free(root);
}

static void an_idle_cgroups_weight_is_nobodys(void **state)
{
	struct root *root = root_with("/cg/cpu.weight", "0\n");
	struct lease lease = lease_of("/cg/cpu.weight", "200", "400");
	char found[64];

	assert_int_equal(act_file_is_theirs(root, &lease, found, sizeof found), 1);
	root_memory_put(root, "/cg/cpu.idle", "1\n");
	assert_int_equal(act_file_is_theirs(root, &lease, found, sizeof found), 0);
	root_free(root);
}

static void a_threads_nice_is_theirs_when_neither_knew_it(void **state)
{
	struct root *root = root_with("/proc/41/task/41/stat", STAT("7"));
	struct lease lease = lease_of("41/700", "0", "5");
	char found[64], other[] = "41/701";

	assert_int_equal(act_nice_is_theirs(root, &lease, found, sizeof found), 1);
	assert_string_equal(found, "7");
	root_memory_put(root, "/proc/41/task/41/stat", STAT("5"));
	assert_int_equal(act_nice_is_theirs(root, &lease, found, sizeof found), 0);
	/* Another thread by now: undo sees that. */
	root_memory_put(root, "/proc/41/task/41/stat", STAT("7"));
	lease.target = other;
	assert_int_equal(act_nice_is_theirs(root, &lease, found, sizeof found), 0);
	root_free(root);
}

static void cpus_that_a_cpuset_narrowed_or_widened_are_ours(void **state)
{
	static const struct look looks[] = {
		{ NULL, "0-7", "2-3", "2-3", false }, { NULL, "0-7", "2-3", "3", false },
		{ NULL, "0-7", "2,3", "2-3", false }, { NULL, "0-3", "2-3", "0-7", false },
		{ NULL, "0-7", "2-3", "4", true },    { NULL, "0-7", "2-3", "3-5", true },
		{ NULL, "4", "2-3", "4", false },
	};
	size_t i;

	for (i = 0; i < sizeof looks / sizeof looks[0]; i++) {
		struct root *root = root_with("/proc/41/task/41/stat", STAT("0"));
		struct lease lease = lease_of("41/700", looks[i].was, looks[i].now);
		char status[128], found[64];

		snprintf(status, sizeof status, "Name:\tqemu\nTgid:\t41\nCpus_allowed_list:\t%s\n", looks[i].found);
		root_memory_put(root, "/proc/41/task/41/status", status);
		if (act_affinity_is_theirs(root, &lease, found, sizeof found) != looks[i].theirs)
			fail_msg("now %s, found %s", looks[i].now, looks[i].found);
		root_free(root);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_that_reads_as_nobody_of_us_wrote_it_is_theirs),
		cmocka_unit_test(what_we_wrote_before_is_ours_as_well),
		cmocka_unit_test(an_idle_cgroups_weight_is_nobodys),
		cmocka_unit_test(a_threads_nice_is_theirs_when_neither_knew_it),
		cmocka_unit_test(cpus_that_a_cpuset_narrowed_or_widened_are_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
