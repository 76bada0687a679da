/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/cgroup.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "sys/root_memory.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SPAN(text) ((struct span){ (text), strlen(text) })

static struct cgroup_layout layout_of(const char *file, const char *mounts,
				      const char *controllers)
{
	const struct root_memory_file files[] = {
		{ .path = file, .bytes = mounts },
		{ .path = "/sys/fs/cgroup/cgroup.controllers", .bytes = controllers },
		{ .path = "/sys/fs/cgroup/unified/cgroup.controllers", .bytes = controllers },
	};
	struct root *root = root_memory_new(files, ARRAY_SIZE(files));
	struct cgroup_layout layout;

	assert_int_equal(cgroup_layout_read(root, &layout, NULL), 0);
	root_free(root);
	return layout;
}

#define MOUNTINFO "/proc/self/mountinfo"

static const char hybrid_mounts[] =
	"22 27 0:21 / /proc rw,relatime - proc proc rw\n"
	"31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
	"32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 master:2 - cgroup cgroup "
	"rw,cpu,cpuacct\n"
	"34 31 0:31 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset\n"
	"35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
	"38 31 0:35 / /sys/fs/cgroup/blkio rw,relatime - cgroup cgroup rw,blkio\n"
	"40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd\n"
	"41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";

static void a_hybrid_host_has_both(void **state)
{
	struct cgroup_layout layout = layout_of(MOUNTINFO, hybrid_mounts, "\n");

	assert_int_equal(layout.mode, CGROUP_HYBRID);
	assert_string_equal(layout.unified.mount, "/sys/fs/cgroup/unified");
	assert_string_equal(layout.controller[CGROUP_CPU].mount, "/sys/fs/cgroup/cpu,cpuacct");
	assert_string_equal(layout.controller[CGROUP_CPUACCT].mount, "/sys/fs/cgroup/cpu,cpuacct");
	assert_string_equal(layout.controller[CGROUP_IO].mount, "/sys/fs/cgroup/blkio");
	assert_false(layout.controller[CGROUP_IO].v2);
	assert_string_equal(cgroup_controller_name(&layout, CGROUP_IO), "blkio");
}

static void a_controller_may_have_moved_to_v2(void **state)
{
	static const char mounts[] =
		"32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
		"41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
	struct cgroup_layout layout = layout_of(MOUNTINFO, mounts, "cpuset io memory\n");

	assert_int_equal(layout.mode, CGROUP_HYBRID);
	assert_false(layout.controller[CGROUP_CPU].v2);
	assert_true(layout.controller[CGROUP_MEMORY].v2);
	assert_true(layout.controller[CGROUP_IO].v2);
	assert_string_equal(cgroup_controller_name(&layout, CGROUP_IO), "");
}

static void a_v2_host_has_one_tree(void **state)
{
	static const char mounts[] =
		"30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
	struct cgroup_layout layout = layout_of(MOUNTINFO, mounts, "cpuset cpu io memory pids\n");
	size_t i;

	assert_int_equal(layout.mode, CGROUP_V2);
	for (i = 0; i < CGROUP_CONTROLLER_COUNT; i++) {
		assert_string_equal(layout.controller[i].mount, "/sys/fs/cgroup");
		assert_true(layout.controller[i].v2);
	}
	layout = layout_of(MOUNTINFO, mounts, "memory\n");
	assert_string_equal(layout.controller[CGROUP_CPU].mount, "");
	assert_string_equal(layout.controller[CGROUP_CPUACCT].mount, "/sys/fs/cgroup");
}

static void mounts_stands_in_for_mountinfo(void **state)
{
	static const char mounts[] = "tmpfs /sys/fs/cgroup tmpfs rw,relatime,mode=755 0 0\n"
				     "cgroup /sys/fs/cgroup/my\\040cpu cgroup rw,relatime,cpu 0 0\n";
	struct cgroup_layout layout = layout_of("/proc/mounts", mounts, "\n");

	assert_int_equal(layout.mode, CGROUP_V1);
	assert_string_equal(layout.controller[CGROUP_CPU].mount, "/sys/fs/cgroup/my cpu");
	assert_string_equal(layout.controller[CGROUP_MEMORY].mount, "");
}

static void a_host_without_cgroups_is_no_failure(void **state)
{
	struct cgroup_layout layout = layout_of(MOUNTINFO, "22 27 0:21 / /proc rw - proc proc rw\n",
						"cpu\n");
	struct root *root = root_memory_new(NULL, 0);
	struct error err;

	assert_int_equal(layout.mode, CGROUP_NONE);
	assert_int_equal(cgroup_layout_read(root, &layout, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/proc/self/mountinfo"));
	root_free(root);
}

static void the_mount_that_shows_the_whole_tree_wins(void **state)
{
	static const char mounts[] =
		"30 23 0:26 /docker/abc /box/cgroup rw - cgroup2 cgroup2 rw\n"
		"31 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
		"32 23 0:26 / /other rw - cgroup2 cgroup2 rw\n";
	struct cgroup_layout layout = layout_of(MOUNTINFO, mounts, "cpu\n");

	assert_string_equal(layout.unified.mount, "/sys/fs/cgroup");
}

static void bad_mount_lines_are_passed_over(void **state)
{
	static const char start[] = "\n - \n1 2 3\n1 2 3 / - - cgroup2\n9 9 9:9 / relative rw - cgroup2 "
				    "x rw\n30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
	char text[1024];
	size_t size;

	assert_int_equal(layout_of(MOUNTINFO, start, "cpu\n").mode, CGROUP_V2);
	for (size = 1; size < sizeof hybrid_mounts; size++) {
		memcpy(text, hybrid_mounts, size);
		text[size] = '\0';
		layout_of(MOUNTINFO, text, "cpu\n");
	}
}

static void a_path_becomes_a_file(void **state)
{
	struct cgroup_tree tree = { .mount = "/sys/fs/cgroup", .base = "/", .v2 = true };
	struct cgroup_tree none = { 0 };
	char name[64];

	assert_int_equal(cgroup_compose(&tree, SPAN("/a.slice/b"), "cpu.stat", name, sizeof name), 0);
	assert_string_equal(name, "/sys/fs/cgroup/a.slice/b/cpu.stat");
	assert_int_equal(cgroup_compose(&tree, SPAN("/"), "cpu.stat", name, sizeof name), 0);
	assert_string_equal(name, "/sys/fs/cgroup/cpu.stat");
	assert_int_equal(cgroup_compose(&tree, SPAN("/a"), NULL, name, sizeof name), 0);
	assert_string_equal(name, "/sys/fs/cgroup/a");
	assert_int_equal(cgroup_compose(&none, SPAN("/a"), NULL, name, sizeof name), -ENOENT);
	assert_int_equal(cgroup_compose(&tree, SPAN("/a"), NULL, name, 16), -ENAMETOOLONG);
	assert_int_equal(cgroup_compose(&tree, SPAN("/aaaaaaaaaaaaaaaaaaaaaaaa"), NULL, name, 16),
			 -ENAMETOOLONG);
}

static void a_path_outside_of_the_mount_is_refused(void **state)
{
	struct cgroup_tree tree = { .mount = "/sys/fs/cgroup", .base = "/" };
	struct cgroup_tree box = { .mount = "/sys/fs/cgroup", .base = "/docker/abc" };
	char name[64];

	assert_int_equal(cgroup_compose(&tree, SPAN("/../x"), NULL, name, sizeof name), -EXDEV);
	assert_int_equal(cgroup_compose(&tree, SPAN("/a/.."), NULL, name, sizeof name), -EXDEV);
	assert_int_equal(cgroup_compose(&tree, SPAN("/..a/b..c/..."), NULL, name, sizeof name), 0);
	assert_int_equal(cgroup_compose(&tree, SPAN("a"), NULL, name, sizeof name), -EXDEV);
	assert_int_equal(cgroup_compose(&tree, SPAN(""), NULL, name, sizeof name), -EXDEV);
	assert_int_equal(cgroup_compose(&box, SPAN("/docker/abc/vm"), NULL, name, sizeof name), 0);
	assert_string_equal(name, "/sys/fs/cgroup/vm");
	assert_int_equal(cgroup_compose(&box, SPAN("/docker/abc"), "x", name, sizeof name), 0);
	assert_string_equal(name, "/sys/fs/cgroup/x");
	assert_int_equal(cgroup_compose(&box, SPAN("/docker/abcd"), NULL, name, sizeof name), -EXDEV);
}

static void libvirts_leaves_belong_to_the_vm(void **state)
{
	static const struct {
		const char *path, *own;
		enum cgroup_part part;
		int number;
	} cases[] = {
		{ "/machine.slice/machine-qemu\\x2d1\\x2dweb.scope/libvirt/vcpu3",
		  "/machine.slice/machine-qemu\\x2d1\\x2dweb.scope", CGROUP_VCPU, 3 },
		{ "/machine.slice/machine-qemu\\x2d1\\x2dweb.scope/libvirt/emulator",
		  "/machine.slice/machine-qemu\\x2d1\\x2dweb.scope", CGROUP_EMULATOR, -1 },
		{ "/machine.slice/machine-qemu\\x2d1\\x2dweb.scope/libvirt",
		  "/machine.slice/machine-qemu\\x2d1\\x2dweb.scope", CGROUP_WHOLE, -1 },
		{ "/machine.slice/machine-qemu\\x2d1\\x2dweb.scope",
		  "/machine.slice/machine-qemu\\x2d1\\x2dweb.scope", CGROUP_WHOLE, -1 },
		{ "/machine/qemu-1-web.libvirt-qemu/emulator", "/machine/qemu-1-web.libvirt-qemu",
		  CGROUP_EMULATOR, -1 },
		{ "/machine/qemu-1-web.libvirt-qemu/iothread12", "/machine/qemu-1-web.libvirt-qemu",
		  CGROUP_IOTHREAD, 12 },
		{ "/machine.slice/machine-qemu\\x2d1\\x2demulator.scope",
		  "/machine.slice/machine-qemu\\x2d1\\x2demulator.scope", CGROUP_WHOLE, -1 },
		/* Others' names that only look so. */
		{ "/user/emulator", "/user/emulator", CGROUP_WHOLE, -1 },
		{ "/emulator", "/emulator", CGROUP_WHOLE, -1 },
		{ "/opt/libvirt/vcpu0", "/opt/libvirt/vcpu0", CGROUP_WHOLE, -1 },
		{ "/machine/qemu-1-web.libvirt-qemu/vcpux", "/machine/qemu-1-web.libvirt-qemu/vcpux",
		  CGROUP_WHOLE, -1 },
		{ "/qemu.slice/100.scope", "/qemu.slice/100.scope", CGROUP_WHOLE, -1 },
		{ "/", "/", CGROUP_WHOLE, -1 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cgroup_vm_path path = cgroup_vm_path(SPAN(cases[i].path));

		assert_true(span_equals(path.path, cases[i].own));
		assert_int_equal(path.part, cases[i].part);
		assert_int_equal(path.number, cases[i].number);
	}
}

static void parents_end_at_the_root(void **state)
{
	struct span path = SPAN("/a/b");

	assert_true(cgroup_parent(&path));
	assert_true(span_equals(path, "/a"));
	assert_true(cgroup_parent(&path));
	assert_true(span_equals(path, "/"));
	assert_false(cgroup_parent(&path));
}

#define VM "/sys/fs/cgroup/m/vm"
#define STAT_TAIL                                                                                  \
	" S 2 0 0 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 24 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1 0 0 0 " \
	"0 0 0 0 0 0 0 0 0 0\n"

static int own(const struct root_memory_file *files, size_t count, const char *path)
{
	static const struct cgroup_tree tree = { .mount = "/sys/fs/cgroup", .base = "/", .v2 = true };
	static const pid_t pids[] = { 70, 71 };
	struct root *root = root_memory_new(files, count);
	int r = cgroup_is_own(root, &tree, SPAN(path), pids, ARRAY_SIZE(pids));

	root_free(root);
	return r;
}

static void a_cgroup_with_only_the_vm_is_its_own(void **state)
{
	const struct root_memory_file files[] = {
		{ .path = VM "/cpu.max", .bytes = "max 100000\n" },
		{ .path = VM "/cgroup.procs", .bytes = "70\n71\n72\n" },
		{ .path = VM "/libvirt/cgroup.procs", .bytes = "" },
		{ .path = VM "/libvirt/vcpu0/cgroup.procs", .error = -EOPNOTSUPP },
		{ .path = VM "/libvirt/emulator/cgroup.procs", .bytes = "70\n" },
		{ .path = "/proc/72/stat", .bytes = "72 (vhost-70)" STAT_TAIL },
	};

	assert_int_equal(own(files, ARRAY_SIZE(files), "/m/vm"), 1);
	assert_int_equal(own(files, ARRAY_SIZE(files), "/"), 0);
	assert_int_equal(own(files, ARRAY_SIZE(files), "/gone"), -ENOENT);
	assert_int_equal(own(files, ARRAY_SIZE(files) - 1, "/m/vm"), 0);
}

static void a_stranger_below_makes_it_shared(void **state)
{
	const struct root_memory_file files[] = {
		{ .path = VM "/cgroup.procs", .bytes = "70\n" },
		{ .path = VM "/a/b/cgroup.procs", .bytes = "99\n" },
		{ .path = VM "/a/cgroup.procs", .bytes = "" },
		{ .path = "/proc/99/stat", .bytes = "99 (vhost-70) S 1" },
	};

	assert_int_equal(own(files, ARRAY_SIZE(files), "/m/vm"), 0);
}

static void what_cannot_be_read_is_not_called_own(void **state)
{
	const struct root_memory_file files[] = {
		{ .path = VM "/cgroup.procs", .bytes = "70\n" },
		{ .path = VM "/a/cgroup.procs", .error = -EACCES },
	};

	assert_int_equal(own(files, ARRAY_SIZE(files), "/m/vm"), -EACCES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hybrid_host_has_both),
		cmocka_unit_test(a_controller_may_have_moved_to_v2),
		cmocka_unit_test(a_v2_host_has_one_tree),
		cmocka_unit_test(mounts_stands_in_for_mountinfo),
		cmocka_unit_test(a_host_without_cgroups_is_no_failure),
		cmocka_unit_test(the_mount_that_shows_the_whole_tree_wins),
		cmocka_unit_test(bad_mount_lines_are_passed_over),
		cmocka_unit_test(a_path_becomes_a_file),
		cmocka_unit_test(a_path_outside_of_the_mount_is_refused),
		cmocka_unit_test(libvirts_leaves_belong_to_the_vm),
		cmocka_unit_test(parents_end_at_the_root),
		cmocka_unit_test(a_cgroup_with_only_the_vm_is_its_own),
		cmocka_unit_test(a_stranger_below_makes_it_shared),
		cmocka_unit_test(what_cannot_be_read_is_not_called_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
