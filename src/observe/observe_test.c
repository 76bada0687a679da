/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/fake_host.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const struct observe_options watching = { .watch = true };
static const struct observe_options one_look = { .once = true };

static int host_new(void **state)
{
	struct fake_host *host = calloc(1, sizeof *host);

	fake_host_new(host);
	*state = host;
	return 0;
}

static int host_free(void **state)
{
	fake_host_free(*state);
	free(*state);
	return 0;
}

#define QEMU_KVM \
	&(struct fake_process){ .pid = 100, .ppid = 1, .comm = "qemu-system-x86",               \
				.exe = "/usr/bin/qemu-system-x86_64", .threads = 3,             \
				.arguments = "qemu-system-x86_64\n-name\nguest=web,debug-threads=on\n" \
					     "-uuid\n0-1-2-3\n-accel\nkvm" }

static void put_qemu_kvm(struct fake_host *host)
{
	fake_process(host, QEMU_KVM);
	fake_thread(host, 100, 101, "CPU 0/KVM", 5000000, 2000000);
	fake_thread(host, 100, 102, "CPU 1/KVM", 7000000, 1000000);
	fake_kvm(host, 100, 9, (const int[]){ 101, 102, 0 });
}

static size_t count_events(struct fake_host *host, enum event_kind kind)
{
	const struct snapshot *snapshot = observe_snapshot(host->observe);
	size_t i, count = 0;

	for (i = 0; i < snapshot->event_count; i++)
		count += snapshot->events[i].kind == kind;
	return count;
}

static const char *event_detail(struct fake_host *host, enum event_kind kind)
{
	const struct snapshot *snapshot = observe_snapshot(host->observe);
	size_t i;

	for (i = 0; i < snapshot->event_count; i++)
		if (snapshot->events[i].kind == kind)
			return snapshot->events[i].detail;
	return "";
}

/* -- finding ---------------------------------------------------------------------------- */

static void a_kvm_guest_is_listed_with_its_name_and_vcpu_threads(void **state)
{
	struct fake_host *host = *state;
	const struct vm *vm;

	put_qemu_kvm(host);
	fake_observe(host, &watching, NULL);
	vm = fake_vm(host, 100);
	assert_non_null(vm);
	assert_string_equal(vm->text[VM_TEXT_NAME], "web");
	assert_string_equal(vm->text[VM_TEXT_UUID], "0-1-2-3");
	assert_string_equal(vm->text[VM_TEXT_VMM], "qemu");
	assert_string_equal(vm->text[VM_TEXT_ACCEL], "kvm");
	assert_int_equal(vm->identity.start_ticks, 4242);
	assert_int_equal(vm->vcpu_count, 2);
	assert_int_equal(vm->threads[0].tid, 101);
	assert_int_equal(vm->threads[1].tid, 102);
	assert_int_equal(vm->threads[2].role, ROLE_EMULATOR);
	assert_int_equal(vm->value[VM_RUN], 12000);
	assert_int_equal(vm->value[VM_RUN_DELAY], 3000);
	assert_int_equal(vm->value[VM_KVM_EXITS], 77);
}

static void one_look_finds_the_same_guests(void **state)
{
	struct fake_host *host = *state;

	put_qemu_kvm(host);
	fake_process(host, &(struct fake_process){ .pid = 200, .comm = "qemu-system-x86",
		.exe = "/usr/bin/qemu-system-x86_64", .arguments = "qemu-system-x86_64\n-name\nslow" });
	fake_observe(host, &one_look, NULL);
	assert_int_equal(observe_snapshot(host->observe)->vm_count, 2);
	assert_string_equal(fake_vm(host, 200)->text[VM_TEXT_ACCEL], "tcg");
	assert_string_equal(fake_vm(host, 200)->text[VM_TEXT_NAME], "slow");
}

static void without_debugfs_descriptors_and_thread_names_tell(void **state)
{
	struct fake_host *host = *state;
	const struct vm *vm;

	put_qemu_kvm(host);
	fake_remove(host, "sys/kernel");
	fake_observe(host, &watching, NULL);
	vm = fake_vm(host, 100);
	assert_non_null(vm);
	assert_int_equal(vm->vcpu_count, 2);
	assert_int_equal(vm->threads[1].tid, 102);
	assert_string_equal(vm->text[VM_TEXT_ACCEL], "kvm");
	assert_int_equal(vm->state[VM_KVM_EXITS], FIGURE_UNSUPPORTED);
}

static void vcpus_without_telling_names_are_found_by_elimination(void **state)
{
	struct fake_host *host = *state;
	const struct vm *vm;

	fake_process(host, &(struct fake_process){ .pid = 300, .comm = "myvmm", .threads = 4 });
	fake_thread(host, 300, 301, "myvmm", 10, 10);
	fake_thread(host, 300, 302, "myvmm", 10, 10);
	fake_thread(host, 300, 303, "kvm-nx-lpage-re", 10, 10);
	fake_kvm(host, 300, 4, (const int[]){ -1, -1, 0 });
	fake_observe(host, &watching, NULL);
	vm = fake_vm(host, 300);
	assert_int_equal(vm->vcpu_count, 2);
	assert_int_equal(vm->threads[0].tid, 301);
	assert_int_equal(vm->threads[1].tid, 302);
	assert_string_equal(vm->text[VM_TEXT_VMM], "other");
	assert_string_equal(vm->text[VM_TEXT_NAME], "myvmm");
}

static void a_vhost_worker_that_is_a_kernel_thread_belongs_to_its_vm(void **state)
{
	struct fake_host *host = *state;
	const struct vm *vm;

	put_qemu_kvm(host);
	fake_process(host, &(struct fake_process){ .pid = 400, .ppid = 2, .comm = "vhost-100" });
	fake_observe(host, &watching, NULL);
	vm = fake_vm(host, 100);
	assert_int_equal(vm->thread_count, 4);
	assert_int_equal(vm->threads[3].role, ROLE_VHOST);
	assert_int_equal(vm->threads[3].tid, 400);
	assert_int_equal(vm->threads[3].value[THREAD_RUN], 1000);
}

static void several_vms_of_one_process_are_told_apart(void **state)
{
	struct fake_host *host = *state;
	const struct snapshot *snapshot;

	fake_process(host, &(struct fake_process){ .pid = 300, .comm = "myvmm", .threads = 3 });
	fake_thread(host, 300, 301, "myvmm", 10, 10);
	fake_thread(host, 300, 302, "myvmm", 10, 10);
	fake_kvm(host, 300, 4, (const int[]){ 301, 0 });
	fake_kvm(host, 300, 8, (const int[]){ 302, 0 });
	fake_observe(host, &watching, NULL);
	snapshot = observe_snapshot(host->observe);
	assert_int_equal(snapshot->vm_count, 2);
	assert_int_equal(snapshot->vms[0]->identity.ordinal, 0);
	assert_int_equal(snapshot->vms[1]->identity.ordinal, 1);
	assert_string_equal(snapshot->vms[1]->text[VM_TEXT_NAME], "myvmm#1");
	assert_int_equal(snapshot->vms[0]->threads[0].tid, 301);
	assert_int_equal(snapshot->vms[1]->threads[0].tid, 302);
	assert_int_equal(snapshot->vms[1]->thread_count, 1);
	assert_int_equal(snapshot->vms[0]->state[VM_USER], FIGURE_PRESENT);
	assert_int_equal(snapshot->vms[1]->state[VM_USER], FIGURE_UNSUPPORTED);
}

static void descriptors_that_may_not_be_read_leave_the_program_s_word(void **state)
{
	struct fake_host *host = *state;
	const char *warning;

	put_qemu_kvm(host);
	fake_remove(host, "sys/kernel");
	fake_observe(host, &watching, "list:/proc/100/fd=EACCES; open:/proc/100/io=EACCES");
	assert_non_null(fake_vm(host, 100));
	assert_string_equal(fake_vm(host, 100)->text[VM_TEXT_ACCEL], "kvm");
	assert_int_equal(fake_vm(host, 100)->state[VM_DISK_READ], FIGURE_REFUSED);
	warning = observe_warning(host->observe);
	assert_non_null(warning);
	assert_non_null(strstr(warning, "root"));
	assert_null(observe_warning(host->observe));
}

/* -- births and deaths ------------------------------------------------------------------ */

static void a_vm_is_listed_from_its_creation_to_its_destruction(void **state)
{
	struct fake_host *host = *state;

	put_qemu_kvm(host);
	fake_put(host, "events", "1000000 create 100 9\n3000000 destroy 100 9\n");
	fake_observe(host, &watching, NULL);
	assert_null(fake_vm(host, 100));
	assert_int_equal(observe_wait(host->observe, 502000000), 1);
	assert_non_null(fake_vm(host, 100));
	assert_int_equal(count_events(host, EVENT_VCPU_ADDED), 0);
	fake_tick(host);
	assert_int_equal(count_events(host, EVENT_CREATED), 1);
	assert_int_equal(count_events(host, EVENT_VCPU_ADDED), 2);
	while (observe_wait(host->observe, 502900000) == 1)
		;
	assert_int_equal(observe_wait(host->observe, 504000000), 1);
	assert_null(fake_vm(host, 100));
	fake_tick(host);
	assert_int_equal(count_events(host, EVENT_DESTROYED), 1);
}

static void a_vm_that_dies_mid_tick_is_dropped_and_the_others_stay(void **state)
{
	struct fake_host *host = *state;

	put_qemu_kvm(host);
	fake_process(host, &(struct fake_process){ .pid = 300, .comm = "myvmm" });
	fake_kvm(host, 300, 4, (const int[]){ -1, 0 });
	fake_observe(host, &watching, "read:/proc/100/stat=ESRCH@3+");
	assert_non_null(fake_vm(host, 100));
	fake_tick(host);
	fake_tick(host);
	assert_null(fake_vm(host, 100));
	assert_non_null(fake_vm(host, 300));
}

static void lost_events_are_made_good_by_a_scan(void **state)
{
	struct fake_host *host = *state;

	put_qemu_kvm(host);
	fake_put(host, "events", "1000000 create 100 9\n");
	fake_observe(host, &watching, "events=ENOBUFS@1");
	assert_null(fake_vm(host, 100));
	assert_int_equal(observe_wait(host->observe, 502000000), 1);
	assert_non_null(fake_vm(host, 100));
	fake_tick(host);
	assert_int_equal(count_events(host, EVENT_LOST), 1);
	assert_int_equal(observe_snapshot(host->observe)->host.value[HOST_EVENTS_LOST], 1);
}

/* -- sampling --------------------------------------------------------------------------- */

static void put_quota_vm(struct fake_host *host)
{
	fake_process(host, &(struct fake_process){ .pid = 100, .comm = "qemu-system-x86", .threads = 2,
		.exe = "/usr/bin/qemu-system-x86_64", .cgroup = "/vm.scope" });
	fake_thread(host, 100, 101, "CPU 0/KVM", 5000000, 2000000);
	fake_kvm(host, 100, 9, (const int[]){ 101, 0 });
	fake_put(host, "sys/fs/cgroup/vm.scope/cgroup.procs", "100\n");
	fake_put(host, "sys/fs/cgroup/vm.scope/cpu.max", "25000 100000\n");
	fake_put(host, "sys/fs/cgroup/vm.scope/cpu.weight", "400\n");
	fake_put(host, "sys/fs/cgroup/vm.scope/cpu.idle", "0\n");
	fake_put(host, "sys/fs/cgroup/vm.scope/cpu.stat",
		 "usage_usec 1\nnr_periods 1\nnr_throttled 1\nthrottled_usec 1500\n");
}

static void waiting_is_run_delay_minus_what_its_own_quota_took(void **state)
{
	struct fake_host *host = *state;
	const struct vm *vm;

	put_quota_vm(host);
	fake_observe(host, &watching, NULL);
	vm = fake_vm(host, 100);
	assert_int_equal(vm->value[VM_RUN_DELAY], 2000);
	assert_int_equal(vm->value[VM_THROTTLED], 1500);
	assert_int_equal(vm->value[VM_WAITING], 500);
	fake_thread(host, 100, 101, "CPU 0/KVM", 6000000, 5000000);
	fake_put(host, "sys/fs/cgroup/vm.scope/cpu.stat",
		 "usage_usec 1\nnr_periods 1\nnr_throttled 1\nthrottled_usec 4000\n");
	fake_tick(host);
	assert_int_equal(vm->value[VM_RUN_DELAY], 5000);
	assert_int_equal(vm->value[VM_THROTTLED], 4000);
	assert_int_equal(vm->value[VM_WAITING], 1000);
	assert_int_equal(vm->threads[0].value[THREAD_WAITING], 1000);
}

static void a_vcpu_s_own_quota_holds_back_that_vcpu_alone(void **state)
{
	struct fake_host *host = *state;
	const struct vm *vm;

#define SCOPE "/machine.slice/machine-qemu\\x2d1\\x2dweb.scope"
	put_qemu_kvm(host);
	fake_put(host, "proc/100/cgroup", "0::" SCOPE "/libvirt/emulator\n");
	fake_put(host, "sys/fs/cgroup" SCOPE "/cpu.max", "max 100000\n");
	fake_put(host, "sys/fs/cgroup" SCOPE "/libvirt/vcpu0/cpu.max", "25000 100000\n");
	fake_put(host, "sys/fs/cgroup" SCOPE "/libvirt/vcpu0/cpu.stat", "throttled_usec 1200\n");
	fake_put(host, "sys/fs/cgroup" SCOPE "/libvirt/vcpu1/cpu.max", "max 100000\n");
#undef SCOPE
	fake_observe(host, &watching, NULL);
	vm = fake_vm(host, 100);
	assert_int_equal(vm->value[VM_RUN_DELAY], 3000);
	assert_int_equal(vm->value[VM_THROTTLED], 1200);
	assert_int_equal(vm->value[VM_WAITING], 1800);
	assert_int_equal(vm->threads[0].value[THREAD_THROTTLED], 1200);
	assert_int_equal(vm->threads[0].value[THREAD_WAITING], 800);
	assert_int_equal(vm->threads[1].value[THREAD_THROTTLED], 0);
	assert_int_equal(vm->threads[1].value[THREAD_WAITING], 1000);
}

static void what_a_cgroup_throttled_before_its_vm_is_not_the_vm_s(void **state)
{
	struct fake_host *host = *state;

	put_quota_vm(host);
	fake_put(host, "sys/fs/cgroup/vm.scope/cgroup.procs", "1\n100\n");
	fake_put(host, "sys/fs/cgroup/vm.scope/cpu.stat", "throttled_usec 99000\n");
	fake_observe(host, &watching, NULL);
	assert_string_equal(fake_vm(host, 100)->text[VM_TEXT_CGROUP_OWN], "no");
	assert_int_equal(fake_vm(host, 100)->value[VM_THROTTLED], 2000);
	assert_int_equal(fake_vm(host, 100)->value[VM_WAITING], 0);
}

static void put_tap(struct fake_host *host, unsigned long long sent_to_guest)
{
	fake_put(host, "sys/class/net/vnet0/tun_flags", "0x1002\n");
	fake_link(host, "/dev/net/tun", "proc/100/fd/20");
	fake_put(host, "proc/100/fdinfo/20", "pos:\t0\nflags:\t02\niff:\tvnet0\n");
	fake_put(host, "proc/net/dev", "Inter-|   Receive\n face |bytes\n"
		 " vnet0: 7 1 0 0 0 0 0 0 %llu 2 0 0 0 0 0 0\n", sent_to_guest);
}

static void what_a_host_sends_into_a_tap_its_guest_receives(void **state)
{
	struct fake_host *host = *state;

	put_qemu_kvm(host);
	put_tap(host, 1000);
	fake_observe(host, &watching, NULL);
	assert_string_equal(fake_vm(host, 100)->text[VM_TEXT_TAPS], "vnet0");
	put_tap(host, 1500);
	fake_tick(host);
	assert_int_equal(fake_vm(host, 100)->value[VM_NET_RECEIVED], 1500);
	assert_int_equal(observe_snapshot(host->observe)->nic_count, 0);
}

static void a_tap_that_was_given_away_counts_no_more(void **state)
{
	struct fake_host *host = *state;
	int64_t received;
	int i;

	put_qemu_kvm(host);
	put_tap(host, 1000);
	fake_observe(host, &watching, NULL);
	fake_remove(host, "proc/100/fd/20");
	for (i = 0; i < 100; i++) /* descriptors are looked at once a minute */
		fake_tick(host);
	assert_string_equal(fake_vm(host, 100)->text[VM_TEXT_TAPS], "");
	received = fake_vm(host, 100)->value[VM_NET_RECEIVED];
	put_tap(host, 9000);
	fake_remove(host, "proc/100/fd/20");
	fake_tick(host);
	assert_int_equal(fake_vm(host, 100)->value[VM_NET_RECEIVED], received);
	assert_int_equal(fake_vm(host, 100)->state[VM_NET_RECEIVED], FIGURE_PRESENT);
}

static void what_a_line_carries_is_known_where_it_says(void **state)
{
	struct fake_host *host = *state;
	struct snapshot *snapshot;

	put_qemu_kvm(host);
	fake_put(host, "sys/class/net/eth0/speed", "10000\n");
	fake_put(host, "sys/class/net/eth1/speed", "-1\n");
	fake_put(host, "proc/net/dev", "Inter-|   Receive\n face |bytes\n"
		 " eth0: 7 1 0 0 0 0 0 0 8 2 0 0 0 0 0 0\n"
		 " eth1: 7 1 0 0 0 0 0 0 8 2 0 0 0 0 0 0\n"
		 " lo: 7 1 0 0 0 0 0 0 8 2 0 0 0 0 0 0\n");
	fake_observe(host, &watching, NULL);
	snapshot = (struct snapshot *)observe_snapshot(host->observe);
	assert_int_equal(snapshot_nic(snapshot, "eth0")->value[NIC_SPEED], 10000);
	assert_int_equal(snapshot_nic(snapshot, "eth0")->state[NIC_SPEED], FIGURE_PRESENT);
	assert_int_equal(snapshot_nic(snapshot, "eth1")->state[NIC_SPEED], FIGURE_UNSUPPORTED);
	assert_int_equal(snapshot_nic(snapshot, "lo")->state[NIC_SPEED], FIGURE_UNSUPPORTED);
}

static void the_tap_of_a_vm_that_ended_is_nobody_s(void **state)
{
	struct fake_host *host = *state;

	put_qemu_kvm(host);
	put_tap(host, 1000);
	fake_put(host, "events", "3000000 destroy 100 9\n");
	fake_observe(host, &watching, NULL);
	assert_non_null(fake_vm(host, 100));
	while (observe_wait(host->observe, 504000000) == 1)
		;
	assert_null(fake_vm(host, 100));
	fake_tick(host);
	assert_int_equal(observe_snapshot(host->observe)->nic_count, 1);
}

static void a_weight_in_an_own_cgroup_arbitrates_and_nice_does_not(void **state)
{
	struct fake_host *host = *state;
	const struct vm *vm;

	put_quota_vm(host);
	put_qemu_kvm(host);
	fake_process(host, &(struct fake_process){ .pid = 300, .comm = "myvmm" });
	fake_kvm(host, 300, 4, (const int[]){ -1, 0 });
	fake_remove(host, "proc/100/cgroup");
	fake_put(host, "proc/100/cgroup", "0::/vm.scope\n");
	fake_observe(host, &watching, NULL);
	vm = fake_vm(host, 100);
	assert_string_equal(vm->text[VM_TEXT_WEIGHT_WHERE], "cpu.weight");
	assert_int_equal(vm->value[VM_WEIGHT], 400);
	assert_int_equal(vm->value[VM_WEIGHT_RELATIVE], 40000);
	assert_int_equal(vm->value[VM_QUOTA], 2500);
	vm = fake_vm(host, 300);
	assert_string_equal(vm->text[VM_TEXT_WEIGHT_WHERE], "autogroup");
	assert_int_equal(vm->value[VM_AUTOGROUP_NICE], 5);
}

static void put_scope_vm(struct fake_host *host, int pid, const char *cgroup)
{
	fake_process(host, &(struct fake_process){ .pid = pid, .comm = "myvmm", .cgroup = cgroup });
	fake_kvm(host, pid, 4, (const int[]){ -1, 0 });
}

static void expect_arbiter(struct fake_host *host, int pid, const char *where, int weight)
{
	const struct vm *vm = fake_vm(host, pid);

	assert_string_equal(vm->text[VM_TEXT_WEIGHT_WHERE], where);
	assert_int_equal(vm->value[VM_WEIGHT], weight);
}

/* In cgroup v2 what has no cpu.weight is no group to the scheduler. */
static void a_cgroup_without_the_cpu_controller_arbitrates_nothing(void **state)
{
	struct fake_host *host = *state;

	/* Nothing above it has the controller: as if it were in the root cgroup. */
	put_scope_vm(host, 300, "/bare.slice/vm.scope");
	fake_put(host, "sys/fs/cgroup/bare.slice/cgroup.procs", "%s", "");
	fake_put(host, "sys/fs/cgroup/bare.slice/vm.scope/cgroup.procs", "300\n");
	/* One above has it, and the VM alone is below. */
	put_scope_vm(host, 310, "/alone.slice/vm.scope");
	fake_put(host, "sys/fs/cgroup/alone.slice/cpu.weight", "300\n");
	fake_put(host, "sys/fs/cgroup/alone.slice/cgroup.procs", "%s", "");
	fake_put(host, "sys/fs/cgroup/alone.slice/vm.scope/cgroup.procs", "310\n");
	/* Two are below: between them it is their threads' nice. */
	put_scope_vm(host, 320, "/both.slice/a.scope");
	put_scope_vm(host, 321, "/both.slice/b.scope");
	fake_put(host, "sys/fs/cgroup/both.slice/cpu.weight", "300\n");
	fake_put(host, "sys/fs/cgroup/both.slice/cgroup.procs", "%s", "");
	fake_put(host, "sys/fs/cgroup/both.slice/a.scope/cgroup.procs", "320\n");
	fake_put(host, "sys/fs/cgroup/both.slice/b.scope/cgroup.procs", "321\n");
	fake_observe(host, &watching, NULL);
	expect_arbiter(host, 300, "autogroup", 5);
	expect_arbiter(host, 310, "cpu.weight", 300);
	expect_arbiter(host, 320, "nice", 0);
	expect_arbiter(host, 321, "nice", 0);
}

static void a_knob_turned_by_somebody_is_an_event(void **state)
{
	struct fake_host *host = *state;
	int i;

	put_quota_vm(host);
	fake_observe(host, &watching, NULL);
	assert_int_equal(count_events(host, EVENT_KNOB), 0);
	fake_put(host, "sys/fs/cgroup/vm.scope/cpu.weight", "50\n");
	for (i = 0; i < 10 && count_events(host, EVENT_KNOB) == 0; i++)
		fake_tick(host);
	assert_int_equal(i, 10);
	assert_string_equal(event_detail(host, EVENT_KNOB), "weight 400 -> 50");
}

static void put_weights(struct fake_host *host, int count, int weight)
{
	int i;

	for (i = 0; i < count; i++) {
		char path[64];

		snprintf(path, sizeof path, "sys/fs/cgroup/vm%d.scope/cpu.weight", i);
		fake_put(host, path, "%d\n", weight);
	}
}

/* So no tick is long, however many VMs there are, and no cold figure is older than ten ticks. */
static void each_tick_has_the_cold_figures_of_a_tenth_of_the_vms(void **state)
{
	struct fake_host *host = *state;
	int i;

	for (i = 0; i < 20; i++) {
		char cgroup[32], path[64];

		snprintf(cgroup, sizeof cgroup, "/vm%d.scope", i);
		put_scope_vm(host, 300 + i, cgroup);
		snprintf(path, sizeof path, "sys/fs/cgroup%s/cgroup.procs", cgroup);
		fake_put(host, path, "%d\n", 300 + i);
	}
	put_weights(host, 20, 100);
	fake_observe(host, &watching, NULL);
	for (i = 0; i < 20; i++)
		assert_int_equal(fake_vm(host, 300 + i)->value[VM_WEIGHT], 100);
	put_weights(host, 20, 50);
	for (i = 0; i < 10; i++) {
		fake_tick(host);
		assert_int_equal(count_events(host, EVENT_KNOB), 2);
	}
	for (i = 0; i < 20; i++)
		assert_int_equal(fake_vm(host, 300 + i)->value[VM_WEIGHT], 50);
}

static void a_figure_that_is_refused_is_not_zero(void **state)
{
	struct fake_host *host = *state;

	put_qemu_kvm(host);
	fake_observe(host, &watching, "open:/proc/100/io=EACCES; open:/sys/kernel/debug/kvm/*/exits=EPERM");
	assert_int_equal(fake_vm(host, 100)->state[VM_DISK_READ], FIGURE_REFUSED);
	assert_int_equal(fake_vm(host, 100)->state[VM_KVM_EXITS], FIGURE_REFUSED);
	assert_int_equal(fake_vm(host, 100)->state[VM_NET_SENT], FIGURE_UNSUPPORTED);
	assert_int_equal(fake_vm(host, 100)->state[VM_PSS], FIGURE_NOT_ASKED);
}

static void a_new_name_is_an_event_and_the_identity_stays(void **state)
{
	struct fake_host *host = *state;

	fake_process(host, &(struct fake_process){ .pid = 300, .comm = "myvmm", .arguments = "" });
	fake_kvm(host, 300, 4, (const int[]){ -1, 0 });
	fake_observe(host, &watching, NULL);
	fake_process(host, &(struct fake_process){ .pid = 300, .comm = "other", .arguments = "" });
	fake_tick(host);
	assert_int_equal(count_events(host, EVENT_RENAMED), 1);
	assert_string_equal(event_detail(host, EVENT_RENAMED), "was myvmm");
	assert_int_equal(fake_vm(host, 300)->identity.ordinal, 0);
	assert_string_equal(fake_vm(host, 300)->text[VM_TEXT_NAME], "other");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, host_new, host_free)
	const struct CMUnitTest tests[] = {
		TEST(a_kvm_guest_is_listed_with_its_name_and_vcpu_threads),
		TEST(one_look_finds_the_same_guests),
		TEST(without_debugfs_descriptors_and_thread_names_tell),
		TEST(vcpus_without_telling_names_are_found_by_elimination),
		TEST(a_vhost_worker_that_is_a_kernel_thread_belongs_to_its_vm),
		TEST(several_vms_of_one_process_are_told_apart),
		TEST(descriptors_that_may_not_be_read_leave_the_program_s_word),
		TEST(a_vm_is_listed_from_its_creation_to_its_destruction),
		TEST(a_vm_that_dies_mid_tick_is_dropped_and_the_others_stay),
		TEST(lost_events_are_made_good_by_a_scan),
		TEST(waiting_is_run_delay_minus_what_its_own_quota_took),
		TEST(a_vcpu_s_own_quota_holds_back_that_vcpu_alone),
		TEST(what_a_cgroup_throttled_before_its_vm_is_not_the_vm_s),
		TEST(what_a_host_sends_into_a_tap_its_guest_receives),
		TEST(a_tap_that_was_given_away_counts_no_more),
		TEST(what_a_line_carries_is_known_where_it_says),
		TEST(the_tap_of_a_vm_that_ended_is_nobody_s),
		TEST(a_weight_in_an_own_cgroup_arbitrates_and_nice_does_not),
		TEST(a_cgroup_without_the_cpu_controller_arbitrates_nothing),
		TEST(a_knob_turned_by_somebody_is_an_event),
		TEST(each_tick_has_the_cold_figures_of_a_tenth_of_the_vms),
		TEST(a_figure_that_is_refused_is_not_zero),
		TEST(a_new_name_is_an_event_and_the_identity_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
