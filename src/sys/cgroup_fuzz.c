/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mount table, cgroup paths and cgroup files: the same bytes as each of them. */
#include "sys/cgroup.h"
#include "sys/cgroup_files.h"
#include "sys/pressure.h"
#include "sys/root_memory.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void claim(bool holds)
{
	if (!holds)
		__builtin_trap();
}

static void read_layout(const char *bytes, size_t size, const char *file)
{
	struct root_memory_file files[] = { { file, bytes, size, 0 } };
	struct root *root = root_memory_new(files, 1);
	struct cgroup_layout layout;
	char name[512];
	size_t i;

	claim(cgroup_layout_read(root, &layout, NULL) == 0);
	for (i = 0; i < CGROUP_CONTROLLER_COUNT; i++) {
		const struct cgroup_tree *tree = &layout.controller[i];

		claim(tree->mount[0] == '\0' || tree->mount[0] == '/');
		cgroup_compose(tree, (struct span){ "/a/b", 4 }, "cpu.stat", name, sizeof name);
	}
	root_free(root);
}

static void take_path(const char *bytes, size_t size)
{
	static const struct cgroup_tree tree = { .mount = "/sys/fs/cgroup", .base = "/" };
	struct span path = { bytes, size };
	struct cgroup_vm_path vm = cgroup_vm_path(path);
	char name[512];

	claim(vm.path.at == bytes && vm.path.size <= size);
	claim((vm.number >= 0) == (vm.part == CGROUP_VCPU || vm.part == CGROUP_IOTHREAD));
	if (cgroup_compose(&tree, path, NULL, name, sizeof name) == 0)
		claim(strncmp(name, "/sys/fs/cgroup", 14) == 0 && strstr(name, "/../") == NULL);
	while (cgroup_parent(&path))
		;
}

static void parse_files(const char *bytes, size_t size)
{
	static const uint64_t number = 8ull << 20;
	static const struct cgroup_devices stacked = { &number, 1 };
	struct cgroup_io_stat all, some;
	struct cgroup_cpu_stat stat;
	struct cgroup_quota quota;
	struct pressure pressure;
	int64_t a, b;

	cgroup_cpu_stat_parse(bytes, size, &stat);
	if (cgroup_cpu_max_parse(bytes, size, &quota) == 0)
		claim(quota.permyriad >= 0);
	cgroup_weight_parse(bytes, size, &a);
	if (cgroup_io_stat_parse(bytes, size, NULL, &all) == 0) {
		claim(cgroup_io_stat_parse(bytes, size, &stacked, &some) == 0);
		claim(some.reads <= all.reads && some.write_bytes <= all.write_bytes);
	}
	if (cgroup_blkio_parse(bytes, size, &stacked, &a, &b) == 0)
		claim(a >= 0 && b >= 0);
	if (pressure_parse(bytes, size, &pressure) == 0)
		claim(pressure.some.avg10_permyriad <= 10099);
	field_parse_number(bytes, size, &a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;

	if (size == 0)
		return 0;
	read_layout(bytes, size, "/proc/self/mountinfo");
	read_layout(bytes, size, "/proc/mounts");
	take_path(bytes, size);
	parse_files(bytes, size);
	return 0;
}
