/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cold figures of a VM: settings, memory, its cgroup, its threads one by one. */
#include "observe/sample_vm.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "base/vec.h"
#include "observe/find.h"
#include "observe/situation.h"
#include "observe/take.h"
#include "observe/threads.h"
#include "observe/weight.h"
#include "sys/cgroup_files.h"
#include "sys/pressure.h"
#include "sys/proc.h"
#include "sys/process.h"
#include "sys/task.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A text that is a setting: another one is an event. */
static void set_knob_text(struct observe *observe, struct vm *vm, enum vm_text text,
			  const char *value, size_t size)
{
	char *old = vm->text[text];

	if (old != NULL && (strlen(old) != size || memcmp(old, value, size) != 0))
		observe_event(observe, EVENT_KNOB, vm, "%s %.60s -> %.*s",
			      vm_info.texts[text].name, old, (int)(size < 60 ? size : 60), value);
	text_set(&vm->text[text], value, size);
}

/* -- the process ------------------------------------------------------------------------ */

static int cold_process(struct observe *observe, struct watched *watched)
{
	struct vm *vm = watched->vm;
	struct proc_status status;
	char bytes[4096];
	ssize_t size = watched_read(observe, -1, bytes, sizeof bytes, "/proc/%d/status",
				    watched->process->pid);

	if (size == -ENOENT || size == -ESRCH)
		return -ESRCH;
	if (size >= 0 && proc_status_parse(bytes, (size_t)size, &status) == 0) {
		int64_t locked = field_present(status.locked_bytes) ? status.locked_bytes : 0;

		locked += field_present(status.pinned_bytes) ? status.pinned_bytes : 0;
		vm_take(vm, VM_SWAP, status.swap_bytes, 0);
		vm_take(vm, VM_RSS_ANONYMOUS, status.rss_anonymous_bytes, 0);
		vm_take(vm, VM_LOCKED, field_present(status.locked_bytes) ? locked : FIELD_ABSENT, 0);
		vm_take(vm, VM_CPUS_ALLOWED, status.cpus_allowed, 0);
		set_knob_text(observe, vm, VM_TEXT_AFFINITY, status.cpus_list.at,
			      status.cpus_list.size);
	}
	/* Arguments may be written over without a change of the thread's name. */
	if (watched->cold_count < 2 && watched->look_young_until_usec != 0)
		find_describe(observe, watched);
	return 0;
}

/* While ksmd stands still merged pages only part, where they are written to. */
static bool ksm_stands_still(const struct observe *observe)
{
	const struct host *host = &observe->snapshot.host;

	return host->state[HOST_KSM_RUN] == FIGURE_PRESENT && host->value[HOST_KSM_RUN] == 0;
}

static void cold_ksm(struct observe *observe, struct watched *watched)
{
	struct vm *vm = watched->vm;
	struct proc_ksm_stat ksm = { FIELD_ABSENT, FIELD_ABSENT, FIELD_ABSENT, FIELD_ABSENT };
	char bytes[512];
	ssize_t size = watched_read(observe, -1, bytes, sizeof bytes, "/proc/%d/ksm_stat",
				    watched->process->pid);
	int r = size < 0 ? (int)size : proc_ksm_stat_parse(bytes, (size_t)size, &ksm);

	if (!field_present(ksm.merging_pages)) {
		size = watched_read(observe, -1, bytes, sizeof bytes, "/proc/%d/ksm_merging_pages",
				    watched->process->pid);
		if (size < 0 || field_parse_number(bytes, (size_t)size, &ksm.merging_pages) < 0)
			ksm.merging_pages = FIELD_ABSENT;
	}
	vm_take(vm, VM_KSM_MERGED, ksm.merging_pages, field_present(ksm.merging_pages) ? 0 : r);
	vm_take(vm, VM_KSM_ZERO, ksm.zero_pages, r);
	vm_take(vm, VM_KSM_TRACKED, ksm.tracked_pages, r);
	vm_take(vm, VM_KSM_PROFIT, ksm.profit_bytes, r);
}

/* -- the cgroup ------------------------------------------------------------------------- */

static struct span place(const struct watched *watched, unsigned controller)
{
	const char *path = watched->places[controller].path;

	return (struct span){ path, strlen(path) };
}

/* The names that managers give to the cgroup of one VM, whose helpers (swtpm, virtiofsd) live
 * in it too and are part of it. */
static bool is_named_for_a_vm(const char *path)
{
	return strstr(path, "/machine-qemu") != NULL || strstr(path, "/qemu.slice/") != NULL ||
	       strstr(path, ".libvirt-qemu") != NULL || strstr(path, "/machine-lxc") != NULL;
}

static void find_leaves(struct watched *watched, struct span raw, enum cgroup_part part)
{
	const char *slash;

	watched->leaves[0] = '\0';
	if (part == CGROUP_WHOLE || raw.size >= sizeof watched->leaves)
		return;
	slash = memrchr(raw.at, '/', raw.size);
	if (slash != NULL)
		snprintf(watched->leaves, sizeof watched->leaves, "%.*s", (int)(slash - raw.at),
			 raw.at);
}

/* The VMM and those that started it and wait for it (a wrapper, a supervisor): they do not compete
 * with the VM. Another VM beside it would be neither. */
static size_t find_line(struct observe *observe, pid_t pid, pid_t *ret, size_t capacity)
{
	size_t count = 0;

	while (pid > 1 && count < capacity) {
		struct proc_stat stat;
		char bytes[1024];
		ssize_t size = watched_read(observe, -1, bytes, sizeof bytes, "/proc/%d/stat", pid);

		ret[count++] = pid;
		if (size < 0 || proc_stat_parse(bytes, (size_t)size, &stat) < 0)
			break;
		pid = stat.ppid;
	}
	return count;
}

static bool is_own(struct observe *observe, struct watched *watched, unsigned controller)
{
	const struct cgroup_tree *tree = controller < CGROUP_CONTROLLER_COUNT ?
		&observe->cgroups.controller[controller] : &observe->cgroups.unified;
	pid_t line[8];
	size_t count;

	count = find_line(observe, watched->process->pid, line, ARRAY_SIZE(line));
	return cgroup_is_own(observe->root, tree, place(watched, controller), line, count) == 1;
}

/* Who has a cgroup of its own for the CPU has it, or shares one, in v1's other hierarchies: a manager
 * makes one of the same name in all of them, truced one in that of the CPU alone. */
static bool place_is_own(struct observe *observe, struct watched *watched, unsigned controller,
			 bool moved, bool is_part)
{
	const char *path = watched->places[controller].path;
	const struct cgroup_place *cpu = &watched->places[CGROUP_CPU];

	if (path[0] == '\0' || path[1] == '\0')
		return false;
	if (controller != CGROUP_CPU && strcmp(path, cpu->path) == 0)
		return cpu->own;
	if (controller != CGROUP_CPU && !cpu->own)
		return false;
	/* v1 collects and sorts all of a crowd's processes for who looks into its list. */
	if (controller != CGROUP_CPU && !moved)
		return watched->places[controller].own;
	return is_part || is_named_for_a_vm(path) || is_own(observe, watched, controller);
}

static void find_places(struct observe *observe, struct watched *watched, const char *bytes,
			size_t size, bool moved)
{
	struct span raw, path;
	unsigned i;

	for (i = 0; i <= CGROUP_CONTROLLER_COUNT; i++) {
		const char *name = i < CGROUP_CONTROLLER_COUNT ?
			cgroup_controller_name(&observe->cgroups, (enum cgroup_controller)i) : "";
		struct cgroup_vm_path vm_path;

		watched->places[i].path[0] = '\0';
		if (name == NULL || process_cgroup_find(bytes, size, name, &raw) < 0) {
			watched->places[i].own = false;
			continue;
		}
		vm_path = cgroup_vm_path(raw);
		path = vm_path.path;
		if (path.size < sizeof watched->places[i].path)
			snprintf(watched->places[i].path, sizeof watched->places[i].path, "%.*s",
				 (int)path.size, path.at);
		if (i == CGROUP_CPU)
			find_leaves(watched, raw, vm_path.part);
		watched->places[i].own =
			place_is_own(observe, watched, i, moved, vm_path.part != CGROUP_WHOLE);
	}
	watched->cgroup_own = watched->places[CGROUP_CPU].own;
}

/* The most telling of its paths: that of the cpu hierarchy, else the unified one's. */
static const char *telling_path(const struct watched *watched)
{
	if (watched->places[CGROUP_CPU].path[0] != '\0')
		return watched->places[CGROUP_CPU].path;
	return watched->places[CGROUP_CONTROLLER_COUNT].path;
}

/* They are of the cgroup that it has left. */
static void close_cpu_stats(struct observe *observe, struct watched *watched)
{
	size_t i;

	root_close(observe->root, watched->cpu_stat_fd);
	watched->cpu_stat_fd = -1;
	for (i = 0; i < watched->thread_count; i++) {
		root_close(observe->root, watched->threads[i].cpu_stat_fd);
		watched->threads[i].cpu_stat_fd = -1;
	}
}

static void cold_place(struct observe *observe, struct watched *watched)
{
	char bytes[sizeof watched->cgroup_line];
	const char *path;
	ssize_t size;
	bool moved;

	/* For one look what was read to recognise the VMM is fresh enough. */
	if (observe->options.once && watched->cgroup_line[0] != '\0') {
		size = (ssize_t)strlen(watched->cgroup_line);
		memcpy(bytes, watched->cgroup_line, (size_t)size + 1);
	} else {
		size = watched_read(observe, -1, bytes, sizeof bytes, "/proc/%d/cgroup",
				    watched->process->pid);
	}
	if (size < 0)
		return;
	moved = strcmp(bytes, watched->cgroup_line) != 0;
	if (!moved && !watched->rarely)
		return;
	if (moved) {
		close_cpu_stats(observe, watched);
		watched->throttled_usec = 0;
		watched->throttled_known = false;
	}
	memcpy(watched->cgroup_line, bytes, (size_t)size + 1);
	find_places(observe, watched, bytes, (size_t)size, moved || watched->cold_count < 2);
	path = telling_path(watched);
	set_knob_text(observe, watched->vm, VM_TEXT_CGROUP, path, strlen(path));
	text_set(&watched->vm->text[VM_TEXT_CGROUP_OWN], watched->cgroup_own ? "yes" : "no",
		 watched->cgroup_own ? 3 : 2);
}

static void cold_weight(struct observe *observe, struct watched *watched)
{
	struct vm *vm = watched->vm;
	struct effective_weight weight;
	struct cgroup_quota quota;
	int r;

	weight_read(observe, watched, &weight);
	vm_take(vm, VM_AUTOGROUP_NICE, weight.autogroup_nice, 0);
	vm_take(vm, VM_WEIGHT, weight.weight, 0);
	vm_take(vm, VM_WEIGHT_RELATIVE, weight.relative_permyriad, 0);
	set_knob_text(observe, vm, VM_TEXT_WEIGHT_WHERE, weight.where, strlen(weight.where));

	if (watched->places[CGROUP_CPU].path[0] != '/' || watched->places[CGROUP_CPU].path[1] == '\0') {
		vm_take(vm, VM_QUOTA, FIELD_UNLIMITED, 0); /* nobody can limit the root cgroup */
		vm->state[VM_QUOTA_BURST] = FIGURE_UNSUPPORTED;
		watched->has_quota = false;
		return;
	}
	r = cgroup_quota_effective(observe->root, &observe->cgroups, place(watched, CGROUP_CPU),
				   &observe->quota_above, &quota);
	vm_take(vm, VM_QUOTA, r < 0 ? FIELD_ABSENT : quota.permyriad, r);
	vm_take(vm, VM_QUOTA_BURST, r < 0 ? FIELD_ABSENT : quota.burst_usec, r);
	watched->has_quota = r == 0 && quota.permyriad != FIELD_UNLIMITED;
}

/* Where I/O is counted there are weights too, or this kernel has none (no BFQ, no iocost). */
static int cold_io_weight(struct observe *observe, struct watched *watched, int64_t *ret)
{
	int r;

	if (observe->io_weights_absent)
		return -ENOENT;
	r = cgroup_io_weight_read(observe->root, &observe->cgroups, place(watched, CGROUP_IO), ret);
	observe->io_weights_absent = r == -ENOENT;
	return r;
}

/* A cgroup that the VM shares tells nothing of the VM. */
static void cold_own_cgroup(struct observe *observe, struct watched *watched)
{
	struct vm *vm = watched->vm;
	struct cgroup_memory memory = { FIELD_ABSENT, FIELD_ABSENT, FIELD_ABSENT, FIELD_ABSENT,
					FIELD_ABSENT };
	struct cgroup_io_stat io = { FIELD_ABSENT, FIELD_ABSENT, FIELD_ABSENT, FIELD_ABSENT };
	int64_t io_weight = FIELD_ABSENT;
	int memory_r = 0, io_r = 0, weight_r = 0;

	if (watched->places[CGROUP_MEMORY].own)
		memory_r = cgroup_memory_read(observe->root, &observe->cgroups,
					      place(watched, CGROUP_MEMORY), &memory);
	if (watched->places[CGROUP_IO].own) {
		io_r = cgroup_io_read(observe->root, &observe->cgroups, place(watched, CGROUP_IO),
				      NULL, &io);
		weight_r = io_r == 0 ? cold_io_weight(observe, watched, &io_weight) : io_r;
	}
	vm_take(vm, VM_MEMORY_CURRENT, memory.current, memory_r);
	vm_take(vm, VM_MEMORY_MIN, memory.min, memory_r);
	vm_take(vm, VM_MEMORY_LOW, memory.low, memory_r);
	vm_take(vm, VM_MEMORY_HIGH, memory.high, memory_r);
	vm_take(vm, VM_MEMORY_MAX, memory.max, memory_r);
	vm_take(vm, VM_BLOCK_READS, io.reads, io_r);
	vm_take(vm, VM_BLOCK_WRITES, io.writes, io_r);
	vm_take(vm, VM_IO_WEIGHT, io_weight, weight_r);
}

static int read_pressure(struct observe *observe, struct watched *watched, const char *file,
			 struct pressure *ret)
{
	char path[1024], bytes[512];
	ssize_t size;
	int r;

	ret->some.total_usec = ret->full.total_usec = FIELD_ABSENT;
	if (!watched->places[CGROUP_CONTROLLER_COUNT].own)
		return 0;
	r = cgroup_compose(&observe->cgroups.unified, place(watched, CGROUP_CONTROLLER_COUNT), file,
			   path, sizeof path);
	if (r < 0)
		return r;
	size = watched_read(observe, -1, bytes, sizeof bytes, "%s", path);
	return size < 0 ? (int)size : pressure_parse(bytes, (size_t)size, ret);
}

void sample_vm_pressure(struct observe *observe, struct watched *watched, uint64_t monotonic_usec)
{
	struct vm *vm = watched->vm;
	struct pressure pressure;
	int r;

	r = read_pressure(observe, watched, "cpu.pressure", &pressure);
	vm_take(vm, VM_PSI_CPU_SOME, pressure.some.total_usec, r);
	r = read_pressure(observe, watched, "memory.pressure", &pressure);
	vm_take(vm, VM_PSI_MEMORY_SOME, pressure.some.total_usec, r);
	vm_take(vm, VM_PSI_MEMORY_FULL, pressure.full.total_usec, r);
	r = read_pressure(observe, watched, "io.pressure", &pressure);
	vm_take(vm, VM_PSI_IO_SOME, pressure.some.total_usec, r);
	vm_take(vm, VM_PSI_IO_FULL, pressure.full.total_usec, r);
	vm->sampled_usec[GROUP_PRESSURE] = monotonic_usec;
}

/* -- KVM, taps, threads ----------------------------------------------------------------- */

static int64_t read_kvm(struct observe *observe, struct watched *watched, const char *file,
			int *ret_r)
{
	char bytes[64];
	int64_t number = FIELD_ABSENT;
	ssize_t size;

	*ret_r = 0;
	if (!watched->by_kvm || watched->kvm_tid == 0 || watched->kvm_fd < 0)
		return FIELD_ABSENT;
	if (observe->kvm_counters_refused) {
		*ret_r = -EPERM;
		return FIELD_ABSENT;
	}
	size = watched_read(observe, -1, bytes, sizeof bytes, "/sys/kernel/debug/kvm/%d-%d/%s",
			    watched->kvm_tid, watched->kvm_fd, file);
	observe->kvm_counters_refused = size == -EPERM || size == -EACCES;
	if (size < 0)
		*ret_r = (int)size;
	else if (field_parse_number(bytes, (size_t)size, &number) < 0)
		number = FIELD_ABSENT;
	return number;
}

static void cold_kvm(struct observe *observe, struct watched *watched)
{
	int64_t number;
	int r;

	number = read_kvm(observe, watched, "exits", &r);
	vm_take(watched->vm, VM_KVM_EXITS, number, r);
	number = read_kvm(observe, watched, "halt_poll_fail_ns", &r);
	vm_take(watched->vm, VM_KVM_HALT_POLL_WASTED, field_present(number) ? number / 1000 : number, r);
}

/* True when it is a new one. */
static bool tap_held(struct watched *watched, const char *name)
{
	size_t i;

	for (i = 0; i < watched->tap_count; i++)
		if (strcmp(watched->taps[i].name, name) == 0) {
			watched->taps[i].held = true;
			return false;
		}
	if (!VEC_RESERVE(watched->taps, watched->tap_capacity, watched->tap_count + 1))
		return false;
	memset(&watched->taps[i], 0, sizeof *watched->taps);
	text_copy(watched->taps[i].name, sizeof watched->taps->name, name, strlen(name));
	watched->taps[i].held = true;
	watched->tap_count++;
	return true;
}

/* Its name may be another VM's tap from now on. True when there was one. */
static bool drop_taps_not_held(struct watched *watched)
{
	size_t i, kept = 0, before = watched->tap_count;

	for (i = 0; i < watched->tap_count; i++)
		if (watched->taps[i].held)
			watched->taps[kept++] = watched->taps[i];
	watched->tap_count = kept;
	return kept != before;
}

static void name_taps(struct watched *watched)
{
	struct str names;
	size_t i;

	str_init(&names);
	for (i = 0; i < watched->tap_count; i++)
		str_appendf(&names, i > 0 ? ",%s" : "%s", watched->taps[i].name);
	if (!names.failed)
		text_set(&watched->vm->text[VM_TEXT_TAPS], names.data != NULL ? names.data : "",
			 names.length);
	str_done(&names);
}

static void read_taps(struct observe *observe, struct watched *watched)
{
	struct holdings *h = &observe->holdings;
	char bytes[512], name[64];
	bool changed = false;
	size_t i;

	if (holdings_read(observe->root, watched->process->pid, h) < 0)
		return;
	for (i = 0; i < watched->tap_count; i++)
		watched->taps[i].held = false;
	for (i = 0; i < h->tun_count; i++) {
		ssize_t size = watched_read(observe, -1, bytes, sizeof bytes, "/proc/%d/fdinfo/%d",
					    watched->process->pid, h->tun_fds[i]);

		if (size > 0 && process_tap_name(bytes, (size_t)size, name, sizeof name) == 0 &&
		    name[0] != '\0')
			changed |= tap_held(watched, name);
	}
	changed |= drop_taps_not_held(watched);
	if (changed)
		name_taps(watched);
}

/* Taps come and go with the descriptors, which are many: looked at rarely. */
static void cold_taps(struct observe *observe, struct watched *watched)
{
	struct vm *vm = watched->vm;
	unsigned figure;

	if (watched->process->vms != watched || !watched->rarely)
		return;
	if (observe->has_taps)
		read_taps(observe, watched);
	if (watched->tap_count > 0 || vm->state[VM_NET_RECEIVED] == FIGURE_PRESENT)
		return; /* what was counted before its taps went holds */
	for (figure = VM_NET_RECEIVED; figure <= VM_NET_DROPS; figure++)
		vm->state[figure] = FIGURE_UNSUPPORTED;
}

/* Affinity is told by the dearest of a thread's files; most times it can be told that it is the same. */
static bool cpus_are_the_same(struct observe *observe, struct watched *watched, size_t at)
{
	struct watched_thread *file;
	uint64_t digest;
	bool same;

	if (at >= watched->thread_count ||
	    watched->threads[at].tid != watched->vm->threads[at].tid ||
	    task_cpus(observe->root, watched->threads[at].tid, &digest) < 0)
		return false;
	file = &watched->threads[at];
	same = file->cpus_known && file->cpus_digest == digest && !watched->rarely;
	file->cpus_known = true;
	file->cpus_digest = digest;
	return same;
}

static void cold_thread_cpus(struct observe *observe, struct watched *watched, pid_t pid, size_t at)
{
	struct thread *thread = &watched->vm->threads[at];
	struct proc_status status;
	char bytes[4096];
	ssize_t size;

	if (cpus_are_the_same(observe, watched, at))
		return;
	size = watched_read(observe, -1, bytes, sizeof bytes, "/proc/%d/task/%d/status", pid,
			    thread->tid);
	if (size < 0 || proc_status_parse(bytes, (size_t)size, &status) < 0 ||
	    !field_present(status.cpus_allowed)) {
		if (at < watched->thread_count)
			watched->threads[at].cpus_known = false;
		return;
	}
	figure_set(thread->value, thread->state, THREAD_CPUS_ALLOWED, status.cpus_allowed);
	text_set(&thread->text[THREAD_TEXT_AFFINITY], status.cpus_list.at, status.cpus_list.size);
}

static void cold_thread(struct observe *observe, struct watched *watched, size_t at)
{
	int64_t tick_usec = 1000000 / observe->root->ticks_per_second;
	struct thread *thread = &watched->vm->threads[at];
	struct proc_stat stat;
	char bytes[1024];
	pid_t pid = threads_is_vhost(watched, thread->tid) ? thread->tid : watched->process->pid;
	ssize_t size = watched_read(observe, -1, bytes, sizeof bytes, "/proc/%d/task/%d/stat", pid,
				    thread->tid);

	if (size < 0) {
		if (size == -ENOENT || size == -ESRCH)
			watched->threads_due = true;
		return;
	}
	if (proc_stat_parse(bytes, (size_t)size, &stat) < 0)
		return;
	figure_set(thread->value, thread->state, THREAD_USER, (int64_t)stat.user_ticks * tick_usec);
	figure_set(thread->value, thread->state, THREAD_SYSTEM,
		   (int64_t)stat.system_ticks * tick_usec);
	figure_set(thread->value, thread->state, THREAD_GUEST,
		   (int64_t)stat.guest_ticks * tick_usec);
	figure_set(thread->value, thread->state, THREAD_MINOR_FAULTS, (int64_t)stat.minor_faults);
	figure_set(thread->value, thread->state, THREAD_MAJOR_FAULTS, (int64_t)stat.major_faults);
	figure_set(thread->value, thread->state, THREAD_NICE, stat.nice);
	figure_set(thread->value, thread->state, THREAD_POLICY, stat.policy);
	figure_set(thread->value, thread->state, THREAD_RT_PRIORITY, stat.rt_priority);
	figure_set(thread->value, thread->state, THREAD_CPU, stat.processor);
	cold_thread_cpus(observe, watched, pid, at);
}

/* vCPUs have these from the hot sample. */
static void cold_thread_schedstat(struct observe *observe, struct watched *watched,
				  struct thread *thread)
{
	pid_t pid = threads_is_vhost(watched, thread->tid) ? thread->tid : watched->process->pid;
	struct proc_schedstat stat;
	char bytes[128];
	ssize_t size = watched_read(observe, -1, bytes, sizeof bytes, "/proc/%d/task/%d/schedstat",
				    pid, thread->tid);

	if (size < 0 || proc_schedstat_parse(bytes, (size_t)size, &stat) < 0)
		return;
	figure_set(thread->value, thread->state, THREAD_RUN, (int64_t)(stat.run_nsec / 1000));
	figure_set(thread->value, thread->state, THREAD_RUN_DELAY, (int64_t)(stat.delay_nsec / 1000));
}

static void cold_thread_quota(struct observe *observe, struct watched *watched, size_t at)
{
	struct thread *thread = &watched->vm->threads[at];
	struct cgroup_quota quota;
	char leaf[600];

	if (watched->leaves[0] == '\0' || thread->role != ROLE_VCPU || at >= watched->thread_count)
		return;
	snprintf(leaf, sizeof leaf, "%s/vcpu%d", watched->leaves, thread->index);
	if (cgroup_quota_read(observe->root, &observe->cgroups, (struct span){ leaf, strlen(leaf) },
			      &quota) < 0)
		return;
	figure_set(thread->value, thread->state, THREAD_QUOTA, quota.permyriad);
	watched->threads[at].has_quota = quota.permyriad != FIELD_UNLIMITED;
}

static void cold_threads(struct observe *observe, struct watched *watched)
{
	size_t i;

	for (i = 0; i < watched->vm->thread_count; i++) {
		struct thread *thread = &watched->vm->threads[i];
		struct thread before = *thread;
		char prefix[32];

		if (thread->tid == 0 || (thread->role == ROLE_EMULATOR &&
					 (observe->options.once || !watched->rarely)))
			continue;
		cold_thread(observe, watched, i);
		if (thread->role != ROLE_VCPU)
			cold_thread_schedstat(observe, watched, thread);
		cold_thread_quota(observe, watched, i);
		if (thread->role != ROLE_VCPU)
			continue;
		snprintf(prefix, sizeof prefix, "vcpu %d ", thread->index);
		observe_knob_events(observe, watched->vm, prefix, thread_view(&before),
				    thread_view(thread));
	}
}

int sample_vm_cold(struct observe *observe, struct watched *watched, uint64_t monotonic_usec)
{
	struct vm *vm = watched->vm;
	int64_t value[VM_FIGURE_COUNT];
	uint8_t state[VM_FIGURE_COUNT];
	struct object_view before = { &vm_info, value, state, NULL };
	int r;

	watched->rarely = watched->cold_count < 2 ||
			  (watched->cold_count + watched->cold_turn / COLD_EVERY_TICKS) % RARELY == 0;
	memcpy(value, vm->value, sizeof value);
	memcpy(state, vm->state, sizeof state);
	r = cold_process(observe, watched);
	if (r < 0)
		return r;
	if (watched->rarely || !ksm_stands_still(observe))
		cold_ksm(observe, watched);
	cold_place(observe, watched);
	cold_weight(observe, watched);
	cold_own_cgroup(observe, watched);
	sample_vm_pressure(observe, watched, monotonic_usec);
	cold_kvm(observe, watched);
	cold_taps(observe, watched);
	situation_sample(observe, watched, watched->rarely);
	cold_threads(observe, watched);
	observe_knob_events(observe, vm, "", before, vm_view(vm));
	vm->sampled_usec[GROUP_COLD] = monotonic_usec;
	watched->cold_count++;
	return 0;
}
