/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "act/cpu_fake.h"

#include "act/act_hurry.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "lease/lease.h"
#include "sys/root_memory.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define STAT(pid) #pid " (vm) S 1 70 70 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 500 0 0 0 0 0 0 0 0 0 " \
		  "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
#define STATUS "Tgid:\t70\nPid:\t70\nPPid:\t1\nCpus_allowed_list:\t0-3\n"
#define V1_MOUNTS "30 1 0:1 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
#define V2_MOUNTS "30 1 0:1 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"

static const struct root_memory_file files[] = {
	{ "/proc/sys/kernel/random/boot_id", "5a0b\n", 0, 0 },
	{ "/proc/sys/kernel/sched_autogroup_enabled", "1\n", 0, 0 },
	{ "/proc/stat", "btime 1\n", 0, 0 },
	{ "/proc/70/stat", STAT(70), 0, 0 },
	{ "/proc/70/autogroup", "/autogroup-9 nice 0\n", 0, 0 },
	{ "/proc/70/fd/3", "anon_inode:kvm-vm", 0, 0 },
	{ "/proc/70/task/70/stat", STAT(70), 0, 0 },
	{ "/proc/70/task/70/status", STATUS, 0, 0 },
	{ "/proc/70/task/71/stat", STAT(71), 0, 0 },
	{ "/proc/71/task/71/stat", STAT(71), 0, 0 },
	{ "/proc/80/autogroup", "/autogroup-3 nice 0\n", 0, 0 },
	{ FAKE_EXPEDITED, "0\n", 0, 0 },
	{ FAKE_NORMAL, "0\n", 0, 0 },
};

static const struct { const char *name, *text; } v1_files[] = {
	{ "cgroup.procs", "" }, { "tasks", "" }, { "cpu.shares", "1024\n" },
	{ "cpu.cfs_quota_us", "-1\n" }, { "cpu.cfs_period_us", "100000\n" },
	{ "cpu.cfs_burst_us", "0\n" }, { "cpu.idle", "0\n" },
}, v2_files[] = {
	{ "cgroup.procs", "" }, { "cgroup.subtree_control", "\n" }, { "cpu.weight", "100\n" },
	{ "cpu.weight.nice", "0\n" }, { "cpu.max", "max 100000\n" }, { "cpu.max.burst", "0\n" },
	{ "cpu.idle", "0\n" },
};

/* One host at a time: the kernel's side of it. */
static struct {
	struct root_ops ops;
	const struct root_ops *memory;
	struct cpu_fake *fake;
	bool v2;
} kernel;

static const char *mount(void)
{
	return kernel.v2 ? FAKE_V2 : FAKE_V1;
}

static void put_cgroup_of(struct root *root, const char *path)
{
	char text[600];

	snprintf(text, sizeof text, kernel.v2 ? "0::%s\n" : "1:cpu:%s\n", path);
	root_memory_put(root, "/proc/70/cgroup", text);
	root_memory_put(root, "/proc/71/cgroup", text);
}

static void note_hurry(struct root *root, struct cpu_fake *fake)
{
	fake->moves++;
	fake->hurried += root_memory_text(root, FAKE_EXPEDITED)[0] == '1';
}

/* Journal before knob. */
static void check_hurry(const char *path, const char *text)
{
	static const struct vm_identity the_host = { .pid = 0 };

	if (strcmp(path, FAKE_EXPEDITED) == 0 && text[0] == '1')
		assert_non_null(leases_find(kernel.fake->leases, &act_lease_hurry_kind, &the_host, path));
}

static int kernel_write(struct root *root, const char *path, const char *text)
{
	bool moves = text_ends_with(path, "/cgroup.procs") || text_ends_with(path, "/tasks");
	size_t length = strlen(mount());
	char cgroup[600];

	if (moves && strncmp(path, mount(), length) == 0) {
		snprintf(cgroup, sizeof cgroup, "%s", path + length);
		*strrchr(cgroup, '/') = '\0';
		put_cgroup_of(root, cgroup[0] != '\0' ? cgroup : "/");
		note_hurry(root, kernel.fake);
		return 0;
	}
	check_hurry(path, text);
	/* As the kernel reads them back. */
	snprintf(cgroup, sizeof cgroup, "%s\n", text);
	return kernel.memory->write(root, path, cgroup);
}

static void put_files(struct root *root, const char *directory)
{
	char path[800];
	size_t i;

	for (i = 0; i < (kernel.v2 ? ARRAY_SIZE(v2_files) : ARRAY_SIZE(v1_files)); i++) {
		snprintf(path, sizeof path, "%s/%s", directory,
			 kernel.v2 ? v2_files[i].name : v1_files[i].name);
		root_memory_put(root, path, kernel.v2 ? v2_files[i].text : v1_files[i].text);
	}
}

static int kernel_mkdir(struct root *root, const char *path)
{
	int r = kernel.memory->mkdir(root, path);

	if (r == 0)
		put_files(root, path);
	return r;
}

static void fake_kernel(struct cpu_fake *fake, bool v2)
{
	kernel.memory = fake->root->ops;
	kernel.ops = *kernel.memory;
	kernel.ops.write = kernel_write;
	kernel.ops.mkdir = kernel_mkdir;
	kernel.fake = fake;
	kernel.v2 = v2;
	fake->root->ops = &kernel.ops;
	root_memory_put(fake->root, "/proc/self/mountinfo", v2 ? V2_MOUNTS : V1_MOUNTS);
	put_files(fake->root, mount());
	if (v2)
		root_memory_put(fake->root, FAKE_V2 "/cgroup.controllers", "cpu memory\n");
}

void cpu_fake_new(struct cpu_fake *fake, bool v2, const char *cgroup)
{
	struct leases_options options = { .directory = fake->directory, .kinds = act_lease_kinds };
	static pid_t tids[] = { 71, 70 };
	char told[256], directory[700];

	*fake = (struct cpu_fake){ .target = { .vm = { .pid = 70, .start_ticks = 500 },
		.name = "vm", .alone = true, .tids = tids, .tid_count = 2, .vcpu_count = 1 } };
	strcpy(fake->directory, "/tmp/truce-cpu-XXXXXX");
	assert_non_null(mkdtemp(fake->directory));
	fake->root = root_memory_new(files, ARRAY_SIZE(files));
	fake_kernel(fake, v2);
	put_cgroup_of(fake->root, cgroup);
	if (strcmp(cgroup, "/") != 0) {
		snprintf(directory, sizeof directory, "%s%s", mount(), cgroup);
		put_files(fake->root, directory);
	}
	options.context = fake->root;
	if (leases_open(fake->root, &options, &fake->leases, told, sizeof told, &fake->err) < 0)
		fail_msg("%s", fake->err.text);
	fake->context = (struct act_context){ .root = fake->root, .leases = fake->leases };
}

void cpu_fake_free(struct cpu_fake *fake)
{
	char command[128];

	assert_int_equal(leases_count(fake->leases), 0);
	leases_close(fake->leases);
	root_free(fake->root);
	snprintf(command, sizeof command, "rm -r %s", fake->directory);
	assert_int_equal(system(command), 0);
}

void cpu_fake_put(struct cpu_fake *fake, const char *text, const char *format, ...)
{
	char path[800];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(path, sizeof path, format, arguments);
	va_end(arguments);
	root_memory_put(fake->root, path, text);
}

void cpu_fake_assert_text(struct cpu_fake *fake, const char *path, const char *wanted)
{
	const char *text = root_memory_text(fake->root, path);
	char line[512] = "";

	if (text != NULL)
		snprintf(line, sizeof line, "%.*s", (int)strcspn(text, "\n"), text);
	if (wanted == NULL)
		assert_null(text);
	else
		assert_string_equal(line, wanted);
}

int cpu_fake_set(struct cpu_fake *fake, const struct actuator *actuator, enum setting setting,
		 int64_t number)
{
	struct setting_value value = { .number = number };

	snprintf(fake->context.note, sizeof fake->context.note, "%s=%lld test",
		 setting_info[setting].name, (long long)number);
	return actuator->set(&fake->context, &fake->target, setting, &value, fake->where, &fake->err);
}

int64_t cpu_fake_read(struct cpu_fake *fake, const struct actuator *actuator,
		      enum setting setting)
{
	struct setting_value value;

	if (actuator->read(&fake->context, &fake->target, setting, &value, fake->where,
			   &fake->err) < 0)
		fail_msg("%s", fake->err.text);
	return value.number;
}

void cpu_fake_release(struct cpu_fake *fake, const struct actuator *actuator,
		      enum setting setting)
{
	if (actuator->release(&fake->context, &fake->target, setting, &fake->err) < 0)
		fail_msg("%s", fake->err.text);
}
