/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/process.h"

#include "base/cleanup.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void links_are_told_apart(void **state)
{
	static const struct {
		const char *text;
		enum process_link link;
		int number;
	} cases[] = {
		{ "anon_inode:kvm-vm", LINK_KVM_VM, -1 },
		{ "anon_inode:kvm-vcpu:0", LINK_KVM_VCPU, 0 },
		{ "anon_inode:kvm-vcpu:287", LINK_KVM_VCPU, 287 },
		{ "anon_inode:kvm-vcpu", LINK_KVM_VCPU, -1 },
		{ "/dev/kvm", LINK_KVM, -1 },
		{ "/dev/net/tun", LINK_TUN, -1 },
		{ "/dev/tap17", LINK_MACVTAP, 17 },
		{ "/dev/vhost-net", LINK_VHOST_NET, -1 },
		{ "/dev/vfio/12", LINK_VFIO, 12 },
		{ "/dev/vfio/vfio", LINK_VFIO, -1 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		int number = -2;

		assert_int_equal(process_link_classify(cases[i].text, strlen(cases[i].text), &number),
				 cases[i].link);
		assert_int_equal(number, cases[i].number);
	}
}

static void look_alikes_are_others(void **state)
{
	static const char *const others[] = {
		"", "anon_inode:kvm-vm-stats", "anon_inode:kvm-vcpu-stats:0", "anon_inode:kvm-vcpu:",
		"anon_inode:kvm-vcpu:x", "anon_inode:kvm-vcpu:99999999999", "anon_inode:kvm-vcpu: 1",
		"/dev/kvm2", "/tmp/dev/kvm", "/dev/tap", "/dev/tapestry", "/dev/vhost-net (deleted)",
		"socket:[1]", "anon_inode:[eventfd]", "anon_inode:[kvm-gmem]",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(others); i++)
		assert_int_equal(process_link_classify(others[i], strlen(others[i]), NULL),
				 LINK_OTHER);
}

static void a_tun_descriptor_names_its_interface(void **state)
{
	static const char bytes[] = "pos:\t0\nflags:\t0104002\nmnt_id:\t24\nino:\t117\niff:\tvnet0\n";
	static const char fresh[] = "pos:\t0\nflags:\t0104002\nmnt_id:\t24\niff:\t\n";
	char name[16];

	assert_int_equal(process_tap_name(bytes, sizeof bytes - 1, name, sizeof name), 0);
	assert_string_equal(name, "vnet0");
	assert_int_equal(process_tap_name(fresh, sizeof fresh - 1, name, sizeof name), 0);
	assert_string_equal(name, "");
	assert_int_equal(process_tap_name("pos:\t0\n", 7, name, sizeof name), -ENOENT);
}

static void find(const char *bytes, const char *controller, const char *path)
{
	struct span found;
	int r = process_cgroup_find(bytes, strlen(bytes), controller, &found);

	if (path == NULL) {
		assert_int_equal(r, -ENOENT);
		return;
	}
	assert_int_equal(r, 0);
	assert_true(span_equals(found, path));
}

static void a_cgroup_path_may_hold_colons(void **state)
{
	static const char v2[] = "0::/machine.slice/machine-qemu\\x2d1\\x2da:b::c.scope/libvirt\n";

	find(v2, "", "/machine.slice/machine-qemu\\x2d1\\x2da:b::c.scope/libvirt");
	find(v2, "cpu", NULL);
}

static void each_controller_has_its_path(void **state)
{
	static const char hybrid[] = "9:name=systemd:/s\n8:pids:/\n7:blkio:/b\n"
				     "5:cpu,cpuacct:/machine/qemu-1-web.libvirt-qemu/emulator\n"
				     "4:memory:/m:m\n3:cpuset:/\n0::/user.slice\n";

	find(hybrid, "cpu", "/machine/qemu-1-web.libvirt-qemu/emulator");
	find(hybrid, "cpuacct", "/machine/qemu-1-web.libvirt-qemu/emulator");
	find(hybrid, "cpuset", "/");
	find(hybrid, "memory", "/m:m");
	find(hybrid, "name=systemd", "/s");
	find(hybrid, "", "/user.slice");
	find(hybrid, "cp", NULL);
	find(hybrid, "freezer", NULL);
}

static void bad_cgroup_lines_are_passed_over(void **state)
{
	find("", "", NULL);
	find("0::", "", NULL);
	find("0::/cut", "", NULL);
	find("x\n:\n::\n0:\n0:cpu\n0::relative\n0::/good\n", "", "/good");
}

static void a_thread_in_kvm_run_is_seen(void **state)
{
	static const char run[] = "16 0x1a 0xae80 0x0 0x0 0x0 0x0 0x7f00 0x7f01\n";
	static const char other[] = "16 0x1a 0x5401 0x0 0x0 0x0 0x0 0x7f00 0x7f01\n";
	static const char read[] = "0 0x3 0xae80 0x20000 0x22 0xffffffff 0x0 0x7ffee704 0x7f4510\n";
	struct process_syscall syscall;

	assert_int_equal(process_syscall_parse(run, sizeof run - 1, &syscall), 0);
	assert_true(process_syscall_is_kvm_run(&syscall));
	assert_int_equal(syscall.argument[0], 0x1a);
	assert_int_equal(process_syscall_parse(other, sizeof other - 1, &syscall), 0);
	assert_false(process_syscall_is_kvm_run(&syscall));
	assert_int_equal(process_syscall_parse(read, sizeof read - 1, &syscall), 0);
	assert_false(process_syscall_is_kvm_run(&syscall));
	assert_int_equal(syscall.argument[4], 0xffffffff);
}

static void a_running_or_blocked_thread_is_in_no_call(void **state)
{
	struct process_syscall syscall;

	assert_int_equal(process_syscall_parse("running\n", 8, &syscall), 0);
	assert_true(syscall.running);
	assert_false(process_syscall_is_kvm_run(&syscall));
	assert_int_equal(process_syscall_parse("-1 0x7ffd 0x7f\n", 15, &syscall), 0);
	assert_int_equal(syscall.number, -1);
	assert_int_equal(process_syscall_parse("", 0, &syscall), -EINVAL);
	assert_int_equal(process_syscall_parse("16 0x1a 0xae80", 14, &syscall), -EINVAL);
}

static void an_autogroup_has_a_nice(void **state)
{
	struct process_autogroup group;

	assert_int_equal(process_autogroup_parse("/autogroup-25 nice -7\n", 22, &group), 0);
	assert_int_equal(group.number, 25);
	assert_int_equal(group.nice, -7);
	assert_int_equal(process_autogroup_parse("", 0, &group), -ENOENT);
	assert_int_equal(process_autogroup_parse("/autogroup-25 nice 1", 20, &group), -EINVAL);
	assert_int_equal(process_autogroup_parse("/autogroup-25 nice 99\n", 22, &group), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(links_are_told_apart),
		cmocka_unit_test(look_alikes_are_others),
		cmocka_unit_test(a_tun_descriptor_names_its_interface),
		cmocka_unit_test(a_cgroup_path_may_hold_colons),
		cmocka_unit_test(each_controller_has_its_path),
		cmocka_unit_test(bad_cgroup_lines_are_passed_over),
		cmocka_unit_test(a_thread_in_kvm_run_is_seen),
		cmocka_unit_test(a_running_or_blocked_thread_is_in_no_call),
		cmocka_unit_test(an_autogroup_has_a_nice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
