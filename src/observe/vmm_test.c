/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/vmm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static const struct vmm *recognise(const char *exe, const char *comm, const char *arguments,
				   size_t size, struct vm_description *ret)
{
	struct cmdline cmdline = { (char *)arguments, size, false };
	struct process process = { .pid = 1, .comm = comm, .exe = exe, .cgroup = "",
				   .cmdline = &cmdline };
	const struct vmm *vmm = vmm_of(&process);

	memset(ret, 0, sizeof *ret);
	vmm->describe(&process, ret);
	return vmm;
}

#define RECOGNISE(exe, comm, arguments, ret) \
	recognise(exe, comm, arguments, sizeof(arguments), ret)

static void each_vmm_is_known_by_its_program(void **state)
{
	struct vm_description d;

	assert_ptr_equal(RECOGNISE("qemu-system-x86_64", "x", "q\0-name\0web", &d), &vmm_qemu);
	assert_string_equal(d.name, "web");
	assert_ptr_equal(RECOGNISE("qemu-kvm", "x", "q\0-name\0guest=a,,b,process=z", &d), &vmm_qemu);
	assert_string_equal(d.name, "a,b");
	assert_ptr_equal(RECOGNISE("firecracker", "x", "fc\0--id\0fc-1", &d), &vmm_firecracker);
	assert_string_equal(d.name, "fc-1");
	assert_ptr_equal(RECOGNISE("cloud-hypervisor", "x", "c\0--api-socket\0path=/run/ch/db.sock",
				   &d), &vmm_cloud_hypervisor);
	assert_string_equal(d.name, "db");
	assert_ptr_equal(RECOGNISE("crosvm", "x", "crosvm\0run\0--name\0cros", &d), &vmm_crosvm);
	assert_string_equal(d.name, "cros");
	assert_ptr_equal(RECOGNISE("lkvm", "x", "lkvm\0run\0--name\0kt", &d), &vmm_kvmtool);
	assert_string_equal(d.name, "kt");
	assert_ptr_equal(RECOGNISE("mine", "qemu-system-x86", "mine", &d), &vmm_other);
}

static void an_owner_is_known_by_how_it_starts_its_vms(void **state)
{
	struct vm_description d;

	RECOGNISE("qemu-system-x86_64", "kvm",
		  "/usr/bin/kvm\0-id\0" "100\0-name\0web,debug-threads=on\0-chardev\0"
		  "socket,id=qmp,path=/var/run/qemu-server/100.qmp,server=on,wait=off", &d);
	assert_string_equal(d.owner, "proxmox");
	assert_string_equal(d.name, "web");
	RECOGNISE("qemu-system-x86_64", "q", "q\0-name\0guest=web,debug-threads=on\0-chardev\0"
		  "socket,id=charmonitor,fd=33,server=on,wait=off", &d);
	assert_string_equal(d.owner, "libvirt");
	RECOGNISE("qemu-system-x86_64", "q", "q\0-name\0web", &d);
	assert_null(d.owner);
}

static void threads_are_told_by_their_names(void **state)
{
	static const struct {
		const struct vmm *vmm;
		const char *comm;
		enum thread_role role;
		int index;
	} rows[] = {
		{ &vmm_qemu, "CPU 7/KVM", ROLE_VCPU, 7 },
		{ &vmm_qemu, "CPU 0/TCG", ROLE_VCPU, 0 },
		{ &vmm_qemu, "ALL CPUs/TCG", ROLE_VCPU, 0 },
		{ &vmm_qemu, "IO iothread1", ROLE_IO, -1 },
		{ &vmm_qemu, "vhost-4711", ROLE_VHOST, -1 },
		{ &vmm_firecracker, "fc_vcpu 2", ROLE_VCPU, 2 },
		{ &vmm_cloud_hypervisor, "vcpu11", ROLE_VCPU, 11 },
		{ &vmm_cloud_hypervisor, "_disk0_q0", ROLE_IO, -1 },
		{ &vmm_crosvm, "crosvm_vcpu3", ROLE_VCPU, 3 },
		{ &vmm_kvmtool, "kvm-vcpu-1", ROLE_VCPU, 1 },
		{ &vmm_other, "fc_vcpu 9", ROLE_VCPU, 9 },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		enum thread_role role = ROLE_EMULATOR;
		int index = -2;

		assert_true(rows[i].vmm->thread_role(rows[i].comm, &role, &index));
		assert_int_equal(role, rows[i].role);
		assert_int_equal(index, rows[i].index);
	}
}

static void a_name_that_only_looks_like_a_vcpu_is_none(void **state)
{
	static const char *const names[] = { "CPU /KVM", "CPU  3/KVM", "CPU 3/KVMx", "CPU 3",
					     "CPU 99999999/KVM", "qemu-system-x86", "" };
	enum thread_role role;
	size_t i;
	int index;

	for (i = 0; i < sizeof names / sizeof names[0]; i++)
		assert_false(vmm_qemu.thread_role(names[i], &role, &index));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_vmm_is_known_by_its_program),
		cmocka_unit_test(an_owner_is_known_by_how_it_starts_its_vms),
		cmocka_unit_test(threads_are_told_by_their_names),
		cmocka_unit_test(a_name_that_only_looks_like_a_vcpu_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
