/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/synthetic.h"

#include "base/clock.h"
#include "base/text.h"
#include "model/snapshot_objects.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define USER_HZ_USEC 10000
#define PAGE 4096

static uint64_t draw(struct synthetic *s)
{
	uint64_t z = s->random += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static int64_t draw_below(struct synthetic *s, uint64_t limit)
{
	return (int64_t)(draw(s) % limit);
}

static bool draw_chance(struct synthetic *s, uint64_t one_in)
{
	return draw(s) % one_in == 0;
}

/* Twelve uniform draws summed have a spread of 1 and nearly the bell's shape. */
static int64_t draw_bell(struct synthetic *s, int64_t spread)
{
	int64_t sum = 0;
	unsigned i;

	for (i = 0; i < 12; i++)
		sum += draw_below(s, 65536);
	return (sum - 6 * 65536) * spread / 65536;
}

/* Mostly small, sometimes large: the mean is about `mean`. */
static int64_t draw_tail(struct synthetic *s, int64_t mean)
{
	int64_t value = draw_below(s, (uint64_t)mean + 1);

	while (draw_chance(s, 2))
		value += mean / 2 + draw_below(s, (uint64_t)mean + 1) / 2;
	return value;
}

static void say(char **text, const char *value)
{
	text_set(text, value, strlen(value));
}

/* What is there: present at `base`; the expensive groups stay unasked. */
static void fill_present(struct object_view view, int64_t base)
{
	size_t i;

	for (i = 0; i < view.info->figure_count; i++)
		if (view.info->figures[i].group <= GROUP_COLD)
			figure_set(view.value, view.state, (unsigned)i,
				   view.info->figures[i].kind == KIND_COUNTER ? base : 0);
}

static void fill_host(struct synthetic *s)
{
	struct host *host = &s->snapshot.host;

	fill_present(host_view(host), 0);
	host->value[HOST_MEMORY_TOTAL] = (int64_t)256 << 30;
	host->value[HOST_MEMORY_FREE] = (int64_t)64 << 30;
	host->value[HOST_MEMORY_AVAILABLE] = (int64_t)90 << 30;
	host->value[HOST_CONTEXT_SWITCHES] = 123456789012;
	host->state[HOST_KSM_PROFIT] = FIGURE_UNSUPPORTED;
	host->value[HOST_KSM_PAGES_TO_SCAN] = 100;
	host->value[HOST_KSM_SLEEP] = 20;
	say(&host->text[HOST_TEXT_BOOT_ID], "6b1c4f8e-2f3a-4d53-9f0e-0a2f5b7c9d11");
	say(&host->text[HOST_TEXT_HOSTNAME], "synthetic");
	say(&host->text[HOST_TEXT_KERNEL], "6.18.0");
	say(&host->text[HOST_TEXT_CGROUP], "v2");
	say(&host->text[HOST_TEXT_SCHEDULER], "eevdf");
}

static int fill_machine(struct synthetic *s, unsigned cpus)
{
	unsigned i;
	char name[32];

	for (i = 0; i < cpus; i++) {
		struct cpu *cpu = snapshot_cpu(&s->snapshot, (int)i);

		if (cpu == NULL)
			return -ENOMEM;
		fill_present(cpu_view(cpu), 5000000ll * USER_HZ_USEC);
		cpu->value[CPU_CORE] = i / 2;
		snprintf(name, sizeof name, "%u-%u", i & ~1u, i | 1u);
		say(&cpu->text[CPU_TEXT_SIBLINGS], name);
	}
	for (i = 0; i < 2; i++) {
		struct disk *disk;
		struct nic *nic;

		snprintf(name, sizeof name, "nvme%un1", i);
		disk = snapshot_disk(&s->snapshot, name);
		snprintf(name, sizeof name, "eth%u", i);
		nic = snapshot_nic(&s->snapshot, name);
		if (disk == NULL || nic == NULL)
			return -ENOMEM;
		fill_present(disk_view(disk), 1000000);
		fill_present(nic_view(nic), 1000000);
		say(&disk->text[DISK_TEXT_SCHEDULER], "none");
	}
	return 0;
}

static int64_t draw_counter(struct synthetic *s, bool used)
{
	return used ? draw_below(s, 1ull << (20 + draw_below(s, 20))) : 0;
}

static int fill_threads(struct synthetic *s, struct vm *vm, unsigned vcpus)
{
	char name[64];
	unsigned i;

	for (i = 0; i < vcpus + 1; i++) {
		bool vcpu = i < vcpus;
		struct thread *thread = vm_thread(vm, vcpu ? ROLE_VCPU : ROLE_EMULATOR,
						  vcpu ? (int)i : -1,
						  vm->identity.pid + (vcpu ? 2 + (int)i : 0));

		if (thread == NULL)
			return -ENOMEM;
		fill_present(thread_view(thread), draw_counter(s, true));
		thread->value[THREAD_THROTTLED] = 0;
		thread->value[THREAD_USER] -= thread->value[THREAD_USER] % USER_HZ_USEC;
		thread->value[THREAD_SYSTEM] = thread->value[THREAD_USER];
		thread->value[THREAD_GUEST] = thread->value[THREAD_USER];
		thread->state[THREAD_QUOTA] = FIGURE_UNSUPPORTED;
		thread->value[THREAD_CPUS_ALLOWED] = 64;
		snprintf(name, sizeof name, vcpu ? "CPU %u/KVM" : "qemu-system-x86", i);
		say(&thread->text[THREAD_TEXT_COMM], name);
		say(&thread->text[THREAD_TEXT_AFFINITY], "0-63");
	}
	return 0;
}

static void fill_vm(struct synthetic *s, struct vm *vm, unsigned number)
{
	char text[160];
	size_t i;

	for (i = 0; i < VM_FIGURE_COUNT; i++)
		if (vm_info.figures[i].group <= GROUP_COLD)
			figure_set(vm->value, vm->state, (unsigned)i,
				   vm_info.figures[i].kind == KIND_COUNTER ?
				   draw_counter(s, number % 2 == 0 || i % 3 == 0) : 0);
	vm->value[VM_USER] -= vm->value[VM_USER] % USER_HZ_USEC;
	vm->value[VM_SYSTEM] -= vm->value[VM_SYSTEM] % USER_HZ_USEC;
	vm->value[VM_GUEST] = vm->value[VM_USER];
	vm->value[VM_RSS] = (draw_below(s, 1 << 20) + 100000) * PAGE;
	vm->value[VM_MEMORY_CURRENT] = vm->value[VM_RSS];
	vm->value[VM_WEIGHT] = 100;
	vm->value[VM_WEIGHT_RELATIVE] = 10000;
	vm->state[VM_KSM_PROFIT] = vm->state[VM_KVM_HALT_POLL_WASTED] = FIGURE_UNSUPPORTED;
	vm->state[VM_QUOTA] = vm->state[VM_QUOTA_BURST] = FIGURE_UNSUPPORTED;
	snprintf(text, sizeof text, "vm%03u", number);
	say(&vm->text[VM_TEXT_NAME], text);
	snprintf(text, sizeof text, "%08llx-0000-4000-8000-%012x",
		 (unsigned long long)draw(s) & 0xffffffff, number);
	say(&vm->text[VM_TEXT_UUID], text);
	say(&vm->text[VM_TEXT_VMM], "qemu");
	say(&vm->text[VM_TEXT_ACCEL], "kvm");
	say(&vm->text[VM_TEXT_OWNER], "libvirt");
	snprintf(text, sizeof text, "/machine.slice/machine-qemu\\x2d%u\\x2dvm%03u.scope", number,
		 number);
	say(&vm->text[VM_TEXT_CGROUP], text);
	say(&vm->text[VM_TEXT_CGROUP_OWN], "yes");
	say(&vm->text[VM_TEXT_WEIGHT_WHERE], "cpu.weight");
	say(&vm->text[VM_TEXT_AFFINITY], "0-63");
	snprintf(text, sizeof text, "vnet%u", number);
	say(&vm->text[VM_TEXT_TAPS], text);
}

static struct vm *add_vm(struct synthetic *s)
{
	unsigned number = s->born++;
	struct vm_identity identity = {
		.pid = 4000 + (pid_t)number * 37, .start_ticks = 100000 + number * 211,
	};
	struct vm *vm = snapshot_add_vm(&s->snapshot, &identity);

	if (vm == NULL || fill_threads(s, vm, number % 2 == 0 ? 2 : 1) < 0)
		return NULL;
	vm->born_usec = s->snapshot.realtime_usec - (uint64_t)draw_below(s, 1000000000);
	fill_vm(s, vm, number);
	return vm;
}

static void set_times(struct synthetic *s)
{
	struct snapshot *snapshot = &s->snapshot;
	bool cold = s->tick % 10 == 0;
	size_t i;

	snapshot->host.sampled_usec[GROUP_HOT] = snapshot->monotonic_usec;
	if (cold)
		snapshot->host.sampled_usec[GROUP_COLD] = snapshot->monotonic_usec;
	for (i = 0; i < snapshot->vm_count; i++) {
		snapshot->vms[i]->sampled_usec[GROUP_HOT] = snapshot->monotonic_usec;
		if (cold)
			snapshot->vms[i]->sampled_usec[GROUP_COLD] =
				snapshot->vms[i]->sampled_usec[GROUP_PRESSURE] =
					snapshot->monotonic_usec;
	}
}

int synthetic_init(struct synthetic *s, unsigned cpus, unsigned vms, uint64_t seed)
{
	int r;

	memset(s, 0, sizeof *s);
	snapshot_init(&s->snapshot);
	s->random = seed;
	s->snapshot.realtime_usec = 1772366400 * USEC_PER_SEC;
	s->snapshot.monotonic_usec = 86400 * USEC_PER_SEC;
	s->snapshot.sequence = 1;
	fill_host(s);
	r = fill_machine(s, cpus);
	while (r == 0 && s->born < vms)
		if (add_vm(s) == NULL)
			r = -ENOMEM;
	set_times(s);
	if (r < 0)
		synthetic_done(s);
	return r;
}

void synthetic_done(struct synthetic *s)
{
	snapshot_done(&s->snapshot);
}

static void tick_thread(struct synthetic *s, struct vm *vm, struct thread *thread, bool spins)
{
	int64_t run, delay;

	if (thread->role != ROLE_VCPU) {
		run = draw_chance(s, 4) ? draw_tail(s, 300) : 0;
		delay = run != 0 ? draw_tail(s, 20) : 0;
	} else if (spins) {
		run = 1000000 + draw_bell(s, 3000);
		delay = draw_tail(s, 400) + (draw_chance(s, 10) ? draw_tail(s, 3000) : 0);
	} else {
		run = 300 + draw_tail(s, 700);
		delay = draw_tail(s, 60);
	}
	thread->value[THREAD_RUN] += run;
	thread->value[THREAD_RUN_DELAY] += delay;
	thread->value[THREAD_WAITING] += delay;
	if (thread->role == ROLE_VCPU) {
		vm->value[VM_RUN] += run;
		vm->value[VM_RUN_DELAY] += delay;
		vm->value[VM_WAITING] += delay;
	}
	if (s->tick % 10 == 0) {
		thread->value[THREAD_USER] = thread->value[THREAD_RUN] / USER_HZ_USEC *
					     USER_HZ_USEC;
		thread->value[THREAD_GUEST] = thread->value[THREAD_USER];
		thread->value[THREAD_CPU] = draw_below(s, 64);
	}
}

static void tick_vm_hot(struct synthetic *s, struct vm *vm, unsigned number)
{
	vm->value[VM_USER] = vm->value[VM_RUN] / USER_HZ_USEC * USER_HZ_USEC;
	vm->value[VM_GUEST] = vm->value[VM_USER] - (draw_chance(s, 20) ? USER_HZ_USEC : 0);
	if (draw_chance(s, 40))
		vm->value[VM_SYSTEM] += USER_HZ_USEC;
	if (draw_chance(s, 20)) {
		vm->value[VM_MINOR_FAULTS] += 1 + draw_below(s, 40);
		vm->value[VM_RSS] += draw_below(s, 30) * PAGE;
	}
	if (draw_chance(s, 8)) {
		vm->value[VM_DISK_WRITTEN] += (1 + draw_below(s, 30)) * PAGE;
		vm->value[VM_WRITE_CALLS] += 1 + draw_below(s, 40);
	}
	if (number % 2 == 1) {
		int64_t packets = 1 + draw_tail(s, 6);

		vm->value[VM_NET_RECEIVED_PACKETS] += packets;
		vm->value[VM_NET_RECEIVED] += packets * 90 + draw_tail(s, 300);
		vm->value[VM_NET_SENT_PACKETS] += packets / 2;
		vm->value[VM_NET_SENT] += packets / 2 * 80 + draw_tail(s, 200);
	}
}

static void tick_vm_cold(struct synthetic *s, struct vm *vm)
{
	vm->value[VM_MEMORY_CURRENT] += draw_below(s, 8) * PAGE;
	vm->value[VM_KVM_EXITS] += 4000 + draw_bell(s, 200);
	vm->value[VM_PSI_CPU_SOME] += draw_tail(s, 3000);
	if (draw_chance(s, 3))
		vm->value[VM_BLOCK_WRITES] += draw_below(s, 60);
}

static void tick_cpu(struct synthetic *s, struct cpu *cpu)
{
	int64_t busy = 60 + draw_bell(s, 5), system = draw_below(s, 4);

	cpu->value[CPU_USER] += draw_below(s, 3) * USER_HZ_USEC;
	cpu->value[CPU_GUEST] += busy * USER_HZ_USEC;
	cpu->value[CPU_SYSTEM] += system * USER_HZ_USEC;
	cpu->value[CPU_IDLE] += (100 - busy - system) * USER_HZ_USEC;
}

static void tick_host(struct synthetic *s)
{
	struct host *host = &s->snapshot.host;
	struct disk *disk = &s->snapshot.disks[0];
	size_t i;

	host->value[HOST_LOAD_1MIN] = 52000 + draw_bell(s, 300);
	host->value[HOST_CONTEXT_SWITCHES] += 40000 + draw_bell(s, 2000);
	host->value[HOST_PROCESSES_STARTED] += draw_below(s, 20);
	host->value[HOST_RUNNING] = 100 + draw_bell(s, 4);
	host->value[HOST_UTILISATION_1MIN] = 6200 + draw_bell(s, 30);
	host->value[HOST_UTILISATION_5MIN] = 6200 + draw_bell(s, 10);
	host->value[HOST_PSI_CPU_SOME] += 20000 + draw_bell(s, 5000);
	host->value[HOST_PSI_IO_SOME] += draw_tail(s, 2000);
	host->value[HOST_PSI_CPU_SOME_10S] = 200 + draw_bell(s, 10);
	host->value[HOST_MEMORY_FREE] += draw_bell(s, 500) * PAGE;
	host->value[HOST_MEMORY_AVAILABLE] += draw_bell(s, 500) * PAGE;
	host->value[HOST_MEMORY_CACHED] += draw_below(s, 300) * PAGE;
	host->value[HOST_MEMORY_DIRTY] = draw_below(s, 3000) * PAGE;
	host->value[HOST_OWN_TICK] = 2500 + draw_tail(s, 300);
	for (i = 0; i < s->snapshot.cpu_count; i++)
		tick_cpu(s, &s->snapshot.cpus[i]);
	disk->value[DISK_WRITES] += draw_tail(s, 100);
	disk->value[DISK_WRITE_BYTES] += draw_tail(s, 400) * PAGE;
	disk->value[DISK_BUSY] += draw_tail(s, 30) * 1000;
	s->snapshot.nics[0].value[NIC_RECEIVED] += draw_tail(s, 40000);
	s->snapshot.nics[0].value[NIC_RECEIVED_PACKETS] += draw_tail(s, 400);
}

void synthetic_tick(struct synthetic *s)
{
	struct snapshot *snapshot = &s->snapshot;
	size_t i, j;

	s->tick++;
	snapshot->sequence++;
	snapshot->monotonic_usec += USEC_PER_SEC + (uint64_t)draw_below(s, 80);
	snapshot->realtime_usec = snapshot->monotonic_usec +
				  (1772366400 - 86400) * USEC_PER_SEC;
	snapshot->event_count = 0;
	tick_host(s);
	for (i = 0; i < snapshot->vm_count; i++) {
		struct vm *vm = snapshot->vms[i];
		unsigned number = (unsigned)(vm->identity.pid - 4000) / 37;

		for (j = 0; j < vm->thread_count; j++)
			tick_thread(s, vm, &vm->threads[j], number % 2 == 0);
		tick_vm_hot(s, vm, number);
		if (s->tick % 10 == 0)
			tick_vm_cold(s, vm);
	}
	set_times(s);
}

static int tell(struct synthetic *s, const struct vm *vm, enum event_kind kind)
{
	struct event *event = snapshot_add_event(&s->snapshot, kind);
	const char *name = vm->text[VM_TEXT_NAME];

	if (event == NULL)
		return -ENOMEM;
	event->realtime_usec = s->snapshot.realtime_usec - 1000;
	event->identity = vm->identity;
	text_copy(event->name, sizeof event->name, name, strlen(name));
	return 0;
}

int synthetic_birth(struct synthetic *s)
{
	struct vm *vm = add_vm(s);

	return vm != NULL ? tell(s, vm, EVENT_CREATED) : -ENOMEM;
}

void synthetic_death(struct synthetic *s, size_t at)
{
	tell(s, s->snapshot.vms[at], EVENT_DESTROYED);
	snapshot_remove_vm(&s->snapshot, &s->snapshot.vms[at]->identity);
}

/* VM 2 has a name that nobody should print as it is, and one figure of each kind of absence. */
static void spoil(struct vm *vm)
{
	unsigned state;

	for (state = 0; state < FIGURE_STATE_COUNT; state++)
		if (state != FIGURE_PRESENT)
			vm->state[VM_NICE + state] = (uint8_t)state;
	say(&vm->text[VM_TEXT_NAME], "a \"quoted\" \\name\n\x1b[31m\xff,caf\xc3\xa9 \xe2\x80\xae");
	say(&vm->text[VM_TEXT_CLASS], "gold");
	text_set(&vm->text[VM_TEXT_UUID], "", 0);
	vm->value[VM_KSM_MERGED] = INT64_MAX;
	vm->value[VM_RT_PRIORITY] = -1;
	vm_resize_threads(vm, 1);
	vm->vcpu_count = 1;
}

int synthetic_of_everything(struct snapshot *ret)
{
	struct synthetic s;
	int r = synthetic_init(&s, 2, 3, 7);
	size_t i;

	snapshot_init(ret);
	if (r < 0)
		return r;
	synthetic_tick(&s);
	spoil(s.snapshot.vms[1]);
	vm_resize_threads(s.snapshot.vms[2], 0);
	s.snapshot.vms[2]->vcpu_count = 0;
	for (i = 0; i < VM_TEXT_COUNT; i++)
		if (i != VM_TEXT_VMM)
			object_done(vm_view(s.snapshot.vms[2]));
	say(&s.snapshot.vms[2]->text[VM_TEXT_VMM], "other");
	s.snapshot.host.state[HOST_EVENTS_LOST] = FIGURE_REFUSED;
	r = tell(&s, s.snapshot.vms[1], EVENT_KNOB);
	if (r == 0)
		text_copy(s.snapshot.events[0].detail, sizeof s.snapshot.events[0].detail,
			  "weight 100 -> 50", 16);
	if (r == 0)
		r = snapshot_add_event(&s.snapshot, EVENT_LOST) != NULL ? 0 : -ENOMEM;
	if (r == 0)
		*ret = s.snapshot;
	else
		synthetic_done(&s);
	return r;
}

static bool items_equal(const struct object_item *a, const struct object_item *b,
			const char **ret_what)
{
	size_t i;

	*ret_what = "key";
	if (memcmp(a->key, b->key, sizeof a->key) != 0 || strcmp(a->name, b->name) != 0 ||
	    a->parent != b->parent)
		return false;
	for (i = 0; i < a->view.info->figure_count; i++) {
		*ret_what = a->view.info->figures[i].name;
		if (a->view.state[i] != b->view.state[i] ||
		    (a->view.state[i] == FIGURE_PRESENT && a->view.value[i] != b->view.value[i]))
			return false;
	}
	for (i = 0; i < a->view.info->text_count; i++) {
		const char *of_a = a->view.text[i], *of_b = b->view.text[i];

		*ret_what = a->view.info->texts[i].name;
		if ((of_a == NULL) != (of_b == NULL) || (of_a != NULL && strcmp(of_a, of_b) != 0))
			return false;
	}
	return true;
}

static bool extras_equal(const struct object_item *a, const struct object_item *b,
			 enum object_kind kind, const char **ret_what)
{
	static char name[OBJECT_EXTRA_NAME_SIZE];
	unsigned i;

	for (i = 0; i < object_extra_count(kind); i++) {
		object_extra_name(kind, i, name);
		*ret_what = name;
		if (a->extra[i] != b->extra[i])
			return false;
	}
	return true;
}

static bool kinds_equal(const struct snapshot *a, const struct snapshot *b, enum object_kind kind,
			char *text, size_t size)
{
	struct object_walk walk_a = object_walk_over(a, kind), walk_b = object_walk_over(b, kind);
	const struct object_shape *shape = object_shape(kind);
	struct object_item of_a, of_b;
	const char *what = "count";
	unsigned at = 0;

	while (object_walk_next(&walk_a, &of_a)) {
		if (!object_walk_next(&walk_b, &of_b) || !items_equal(&of_a, &of_b, &what) ||
		    !extras_equal(&of_a, &of_b, kind, &what)) {
			snprintf(text, size, "%s %u: %s", shape->info->name, at, what);
			return false;
		}
		at++;
	}
	if (!object_walk_next(&walk_b, &of_b))
		return true;
	snprintf(text, size, "%s: more than %u", shape->info->name, at);
	return false;
}

bool synthetic_equal(const struct snapshot *a, const struct snapshot *b, char *text, size_t size)
{
	unsigned kind;
	size_t i;

	for (kind = 0; kind < OBJECT_KIND_COUNT; kind++)
		if (!kinds_equal(a, b, (enum object_kind)kind, text, size))
			return false;
	for (i = 0; i < a->vm_count; i++)
		if (a->vms[i]->vcpu_count != b->vms[i]->vcpu_count) {
			snprintf(text, size, "vm %zu: vcpu_count", i);
			return false;
		}
	snprintf(text, size, "events");
	if (a->event_count != b->event_count)
		return false;
	for (i = 0; i < a->event_count; i++) {
		const struct event *of_a = &a->events[i], *of_b = &b->events[i];

		if (of_a->kind != of_b->kind || of_a->realtime_usec != of_b->realtime_usec ||
		    vm_identity_compare(&of_a->identity, &of_b->identity) != 0 ||
		    strcmp(of_a->name, of_b->name) != 0 || strcmp(of_a->detail, of_b->detail) != 0)
			return false;
	}
	return true;
}
