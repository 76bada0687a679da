/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/example.h"

#include "base/cleanup.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define NOON_USEC 1772373930000000ull /* 2026-03-01 14:05:30 UTC */
#define SECOND 1000000ull
#define MEBIBYTE (1ll << 20)

#define SET(object, prefix, figure, number) \
	figure_set((object)->value, (object)->state, prefix##_##figure, number)

static void set_text(char **text, const char *value)
{
	assert_true(text_set(text, value, strlen(value)));
}

/* `second` 0 and 1 are the two sights; counters grow by `growth` in between. */
static void begin(struct snapshot *snapshot, unsigned second)
{
	unsigned group;

	snapshot_init(snapshot);
	snapshot->sequence = second + 1;
	snapshot->realtime_usec = NOON_USEC + second * SECOND;
	snapshot->monotonic_usec = 3 * 86400 * SECOND + 4 * 3600 * SECOND + second * SECOND;
	for (group = GROUP_HOT; group <= GROUP_COLD; group++)
		snapshot->host.sampled_usec[group] = snapshot->monotonic_usec;
	set_text(&snapshot->host.text[HOST_TEXT_HOSTNAME], "example");
	set_text(&snapshot->host.text[HOST_TEXT_BOOT_ID], "b0071d");
}

static struct vm *add_vm(struct snapshot *snapshot, pid_t pid, const char *name)
{
	struct vm_identity identity = { .pid = pid, .ordinal = 0, .start_ticks = (uint64_t)pid * 10 };
	struct vm *vm = snapshot_add_vm(snapshot, &identity);
	unsigned group;

	assert_non_null(vm);
	for (group = GROUP_HOT; group <= GROUP_COLD; group++)
		vm->sampled_usec[group] = snapshot->monotonic_usec;
	if (name != NULL)
		set_text(&vm->text[VM_TEXT_NAME], name);
	set_text(&vm->text[VM_TEXT_VMM], "qemu");
	set_text(&vm->text[VM_TEXT_ACCEL], "kvm");
	return vm;
}

static struct thread *add_thread(struct vm *vm, enum thread_role role, int index, pid_t tid,
				 const char *comm)
{
	struct thread *thread = vm_thread(vm, role, index, tid);

	assert_non_null(thread);
	set_text(&thread->text[THREAD_TEXT_COMM], comm);
	return thread;
}

static void set_cpu(struct vm *vm, int64_t user, int64_t system, int64_t guest)
{
	SET(vm, VM, USER, user);
	SET(vm, VM, SYSTEM, system);
	SET(vm, VM, GUEST, guest);
}

static void set_thread(struct thread *thread, int64_t run, int64_t waiting, int64_t throttled)
{
	SET(thread, THREAD, RUN, run);
	SET(thread, THREAD, WAITING, waiting);
	SET(thread, THREAD, THROTTLED, throttled);
	SET(thread, THREAD, CPU, thread->index >= 0 ? thread->index : 0);
	SET(thread, THREAD, NICE, 0);
	set_text(&thread->text[THREAD_TEXT_AFFINITY], "0-3");
}

static void add_web1(struct snapshot *snapshot, int64_t second)
{
	struct vm *vm = add_vm(snapshot, 1200, "web1");

	set_cpu(vm, 600000000 + second * 900000, 60000000 + second * 50000, 500000000 + second * 800000);
	SET(vm, VM, WAITING, 90000000 + second * 520000);
	SET(vm, VM, THROTTLED, 0);
	SET(vm, VM, RSS, 1500 * MEBIBYTE);
	SET(vm, VM, SWAP, 0);
	SET(vm, VM, MAJOR_FAULTS, 40);
	SET(vm, VM, MINOR_FAULTS, 4000 + second * 300);
	SET(vm, VM, DISK_READ, 5000 + second * 3 * MEBIBYTE);
	SET(vm, VM, DISK_WRITTEN, second * 250000);
	SET(vm, VM, NET_RECEIVED, 100 + second * 12000);
	SET(vm, VM, NET_SENT, 100 + second * 140 * MEBIBYTE);
	SET(vm, VM, WEIGHT, 100);
	SET(vm, VM, QUOTA, INT64_MAX);
	SET(vm, VM, MEMORY_MAX, INT64_MAX);
	SET(vm, VM, NICE, 0);
	SET(vm, VM, KSM_MERGED, 25000);
	SET(vm, VM, KSM_PROFIT, 97 * MEBIBYTE);
	set_text(&vm->text[VM_TEXT_UUID], "6c4f1f0a-0d0b-4f0e-9a51-2f7f3c1d9e55");
	set_text(&vm->text[VM_TEXT_OWNER], "libvirt");
	set_text(&vm->text[VM_TEXT_WEIGHT_WHERE], "cpu.weight");
	set_text(&vm->text[VM_TEXT_AFFINITY], "0-3");
	set_text(&vm->text[VM_TEXT_CGROUP], "/machine.slice/machine-qemu\\x2d1\\x2dweb1.scope");
	set_thread(add_thread(vm, ROLE_VCPU, 0, 1201, "CPU 0/KVM"), 100 + second * 400000,
		   second * 20000, 0);
	set_thread(add_thread(vm, ROLE_VCPU, 1, 1202, "CPU 1/KVM"), 100 + second * 450000,
		   second * 500000, 0);
	set_thread(add_thread(vm, ROLE_EMULATOR, -1, 1200, "qemu-system-x86"), 7 + second * 100000, 0, 0);
}

static void add_db(struct snapshot *snapshot, int64_t second)
{
	struct vm *vm = add_vm(snapshot, 1300, "db");

	set_cpu(vm, 20000000 + second * 245000, 100000 + second * 5000, 20000000 + second * 245000);
	SET(vm, VM, WAITING, 1000 + second * 1000);
	SET(vm, VM, THROTTLED, 5000 + second * 150000);
	SET(vm, VM, RSS, 4096 * MEBIBYTE);
	SET(vm, VM, QUOTA, 2500);
	SET(vm, VM, WEIGHT, 50);
	vm->state[VM_DISK_READ] = FIGURE_REFUSED;
	vm->state[VM_DISK_WRITTEN] = FIGURE_REFUSED;
	set_text(&vm->text[VM_TEXT_VMM], "cloud-hypervisor");
	set_text(&vm->text[VM_TEXT_WEIGHT_WHERE], "cpu.shares");
	set_thread(add_thread(vm, ROLE_VCPU, 0, 1301, "vcpu0"), 100 + second * 250000, second * 1000,
		   second * 150000);
}

static void add_idle(struct snapshot *snapshot, int64_t second)
{
	struct vm *vm = add_vm(snapshot, 1400, "idle");

	set_cpu(vm, 30000, 2000, 1000);
	SET(vm, VM, WAITING, 12);
	SET(vm, VM, RSS, 60 * MEBIBYTE);
	set_text(&vm->text[VM_TEXT_ACCEL], "tcg");
	set_thread(add_thread(vm, ROLE_VCPU, 0, 1401, "CPU 0/TCG"), 1000, 12, 0);
}

static void set_cpus(struct snapshot *snapshot, int64_t second)
{
	int number;

	for (number = 0; number < 4; number++) {
		struct cpu *cpu = snapshot_cpu(snapshot, number);

		SET(cpu, CPU, USER, 1000 + second * 100000);
		SET(cpu, CPU, NICE, 1000);
		SET(cpu, CPU, SYSTEM, 1000 + second * 50000);
		SET(cpu, CPU, GUEST, 1000 + second * 260000);
		SET(cpu, CPU, IOWAIT, 1000 + second * 10000);
		SET(cpu, CPU, STEAL, 1000);
		SET(cpu, CPU, IDLE, 1000 + second * 580000);
	}
}

static void set_disk(struct snapshot *snapshot, const char *name, int64_t growth)
{
	struct disk *disk = snapshot_disk(snapshot, name);

	SET(disk, DISK, READS, 100 + growth);
	SET(disk, DISK, WRITES, 100 + growth);
	SET(disk, DISK, READ_BYTES, 5000 + growth * 4096);
	SET(disk, DISK, WRITE_BYTES, 5000 + growth * 8192);
	SET(disk, DISK, READ_TIME, 5000 + growth * 400);
	SET(disk, DISK, WRITE_TIME, 5000 + growth * 800);
	SET(disk, DISK, BUSY, 5000 + growth * 1000);
}

static void set_host(struct snapshot *snapshot, int64_t second)
{
	struct host *host = &snapshot->host;

	SET(host, HOST, LOAD_1MIN, 2520);
	SET(host, HOST, LOAD_5MIN, 1400);
	SET(host, HOST, LOAD_15MIN, 300);
	SET(host, HOST, PSI_CPU_SOME, 500 + second * 121000);
	SET(host, HOST, PSI_MEMORY_SOME, 500);
	SET(host, HOST, PSI_MEMORY_FULL, 500);
	SET(host, HOST, PSI_IO_SOME, 500 + second * 32000);
	SET(host, HOST, PSI_IO_FULL, 500 + second * 9000);
	SET(host, HOST, MEMORY_TOTAL, 16384 * MEBIBYTE);
	SET(host, HOST, MEMORY_AVAILABLE, 9000 * MEBIBYTE);
	SET(host, HOST, MEMORY_COMMITTED, 12000 * MEBIBYTE);
	SET(host, HOST, SWAP_TOTAL, 4096 * MEBIBYTE);
	SET(host, HOST, SWAP_FREE, 4000 * MEBIBYTE);
	SET(host, HOST, KSM_RUN, 1);
	SET(host, HOST, KSM_PROFIT, 312 * MEBIBYTE);
	SET(host, HOST, OWN_TICK, 2100);
	set_cpus(snapshot, second);
	set_disk(snapshot, "sda", second * 40);
	set_disk(snapshot, "sdb", second * 420);
}

static void finish(struct rates *rates, struct snapshot *snapshot)
{
	assert_int_equal(rates_advance(rates, snapshot), 0);
	snapshot_done(snapshot);
}

void example_three(struct rates *rates)
{
	unsigned second;

	rates_init(rates);
	for (second = 0; second < 2; second++) {
		struct snapshot snapshot;

		begin(&snapshot, second);
		set_host(&snapshot, second);
		add_web1(&snapshot, second);
		add_db(&snapshot, second);
		add_idle(&snapshot, second);
		finish(rates, &snapshot);
	}
}

void example_bare(struct rates *rates)
{
	struct snapshot snapshot;

	rates_init(rates);
	begin(&snapshot, 0);
	finish(rates, &snapshot);
}

void example_many(struct rates *rates, size_t count)
{
	unsigned second;

	rates_init(rates);
	for (second = 0; second < 2; second++) {
		struct snapshot snapshot;
		size_t i;

		begin(&snapshot, second);
		set_host(&snapshot, second);
		for (i = 0; i < count; i++) {
			char name[32];
			struct vm *vm;

			snprintf(name, sizeof name, "vm%zu", i);
			vm = add_vm(&snapshot, (pid_t)(5000 + i), name);
			set_cpu(vm, (int64_t)(second * i * 1000), 0, 0);
			SET(vm, VM, RSS, (int64_t)(count - i) * MEBIBYTE);
		}
		finish(rates, &snapshot);
	}
}

void example_hostile(struct rates *rates)
{
	static char long_name[10001];
	static const char *const names[] = {
		"\033[2J\033]0;owned\007", "two\nlines\r\tand a tab", "\xff\xfe bad \xc3(",
		"\xe4\xbb\xae\xe6\x83\xb3\xe6\xa9\x9f\xe4\xbb\xae\xe6\x83\xb3\xe6\xa9\x9f"
		"\xe4\xbb\xae\xe6\x83\xb3\xe6\xa9\x9f\xe4\xbb\xae\xe6\x83\xb3\xe6\xa9\x9f"
		"\xe4\xbb\xae\xe6\x83\xb3\xe6\xa9\x9f\xe4\xbb\xae\xe6\x83\xb3\xe6\xa9\x9f",
		"right-to-left \xe2\x80\xae gnp.exe", long_name, "", NULL,
	};
	struct snapshot snapshot;
	size_t i;

	memset(long_name, 'x', sizeof long_name - 1);
	rates_init(rates);
	begin(&snapshot, 0);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		add_vm(&snapshot, (pid_t)(7000 + i), names[i]);
	finish(rates, &snapshot);
}

static char *golden_read(const char *path)
{
	CLEANUP_FCLOSE FILE *file = fopen(path, "re");
	struct str text;
	char part[4096];
	size_t size;

	str_init(&text);
	while (file != NULL && (size = fread(part, 1, sizeof part, file)) > 0)
		str_append_bytes(&text, part, size);
	return str_take(&text);
}

static void golden_write(const char *path, const struct str *text)
{
	CLEANUP_FCLOSE FILE *file = fopen(path, "we");

	if (file == NULL || fwrite(text->data, 1, text->length, file) != text->length)
		fail_msg("cannot write %s", path);
}

void golden_check(const char *name, const struct str *text)
{
	CLEANUP_FREE char *path = NULL;
	CLEANUP_FREE char *wanted = NULL;

	assert_false(text->failed);
	assert_true(asprintf(&path, "%s/%s", GOLDEN_DIR, name) > 0);
	if (getenv("UPDATE_GOLDEN") != NULL) {
		golden_write(path, text);
		return;
	}
	wanted = golden_read(path);
	if (wanted == NULL || strcmp(wanted, text->data) != 0)
		fail_msg("%s is different; this is what came:\n%s", path, text->data);
}
