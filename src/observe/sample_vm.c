/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/sample_vm.h"

#include "base/clock.h"
#include "base/text.h"
#include "observe/find.h"
#include "sys/cgroup_files.h"
#include "sys/device.h"
#include "sys/proc.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void set(struct vm *vm, enum vm_figure figure, int64_t number)
{
	figure_set(vm->value, vm->state, figure, number);
}

static void absent(struct vm *vm, enum vm_figure figure, enum figure_state state)
{
	vm->state[figure] = (uint8_t)state;
}

static void grow(struct vm *vm, enum vm_figure figure, int64_t by)
{
	if (vm->state[figure] != FIGURE_PRESENT)
		set(vm, figure, 0);
	vm->value[figure] += by > 0 ? by : 0;
}

/* Figures of the process belong to its first VM; the others of the same process have none. */
static bool has_process_figures(const struct watched *watched)
{
	return watched->vm->identity.ordinal == 0 || watched->process->vms == watched;
}

static void open_files(struct observe *observe, struct watched *watched)
{
	if (watched->stat_fd < 0 && has_process_figures(watched)) {
		watched->stat_fd = watched_open(observe, "/proc/%d/stat", watched->process->pid);
		watched->io_fd = watched_open(observe, "/proc/%d/io", watched->process->pid);
	}
}

/* Settings that come with the hot figures for nothing; a change is an event. */
static void set_knob(struct observe *observe, struct vm *vm, enum vm_figure figure, int64_t number)
{
	if (vm->state[figure] == FIGURE_PRESENT && vm->value[figure] != number)
		observe_event(observe, EVENT_KNOB, vm, "%s %lld -> %lld",
			      vm_info.figures[figure].name, (long long)vm->value[figure],
			      (long long)number);
	set(vm, figure, number);
}

/* A program that changes its name, or has not yet given it when its VM is already there. */
static void notice_name(struct observe *observe, struct watched *watched, struct span comm)
{
	struct watched_process *process = watched->process;

	if (span_equals(comm, process->comm) || comm.size >= sizeof process->comm)
		return;
	text_copy(process->comm, sizeof process->comm, comm.at, comm.size);
	for (watched = process->vms; watched != NULL; watched = watched->sibling)
		find_describe(observe, watched);
}

static void lose_process_figures(struct vm *vm, enum figure_state state)
{
	unsigned i;

	for (i = VM_USER; i <= VM_GUEST; i++)
		absent(vm, i, state);
	for (i = VM_MINOR_FAULTS; i <= VM_WRITE_CALLS; i++)
		absent(vm, i, state);
}

static int sample_stat(struct observe *observe, struct watched *watched)
{
	struct vm *vm = watched->vm;
	int64_t tick_usec = 1000000 / observe->root->ticks_per_second;
	char bytes[1024];
	struct proc_stat stat;
	ssize_t size;

	if (!has_process_figures(watched)) {
		lose_process_figures(vm, FIGURE_UNSUPPORTED);
		return 0;
	}
	size = watched_read(observe, watched->stat_fd, bytes, sizeof bytes, "/proc/%d/stat",
			    watched->process->pid);
	if (size == -ESRCH || size == -ENOENT)
		return -ESRCH;
	if (size < 0 || proc_stat_parse(bytes, (size_t)size, &stat) < 0) {
		observe->refused++;
		lose_process_figures(vm, figure_state_from_errno(size < 0 ? (int)size : -EINVAL));
		return 0;
	}
	if (stat.start_ticks != watched->process->start_ticks ||
	    (stat.state == 'Z' && stat.threads <= 1) || stat.state == 'X')
		return -ESRCH;
	set(vm, VM_USER, (int64_t)stat.user_ticks * tick_usec);
	set(vm, VM_SYSTEM, (int64_t)stat.system_ticks * tick_usec);
	set(vm, VM_GUEST, (int64_t)stat.guest_ticks * tick_usec);
	set(vm, VM_MINOR_FAULTS, (int64_t)stat.minor_faults);
	set(vm, VM_MAJOR_FAULTS, (int64_t)stat.major_faults);
	set(vm, VM_THREADS, stat.threads);
	set(vm, VM_RSS, stat.rss_pages * observe->root->page_size);
	set_knob(observe, vm, VM_NICE, stat.nice);
	set_knob(observe, vm, VM_POLICY, stat.policy);
	set_knob(observe, vm, VM_RT_PRIORITY, stat.rt_priority);
	notice_name(observe, watched, stat.comm);
	if (stat.threads != watched->threads_seen) {
		watched->threads_seen = stat.threads;
		watched->threads_due = true;
	}
	return 0;
}

static void sample_io(struct observe *observe, struct watched *watched)
{
	struct vm *vm = watched->vm;
	char bytes[512];
	struct proc_io io;
	ssize_t size;
	unsigned i;

	if (!has_process_figures(watched))
		return;
	size = watched_read(observe, watched->io_fd, bytes, sizeof bytes, "/proc/%d/io",
			    watched->process->pid);
	if (size == -EACCES || size == -EPERM)
		observe->refused++;
	if (size < 0 || proc_io_parse(bytes, (size_t)size, &io) < 0) {
		for (i = VM_DISK_READ; i <= VM_WRITE_CALLS; i++)
			absent(vm, i, figure_state_from_errno(size < 0 ? (int)size : -EINVAL));
		return;
	}
	set(vm, VM_DISK_READ, io.read_bytes);
	set(vm, VM_DISK_WRITTEN, io.write_bytes);
	set(vm, VM_READ_CALLS, io.read_calls);
	set(vm, VM_WRITE_CALLS, io.write_calls);
}

/* -- waiting ---------------------------------------------------------------------------- */

/* What a thread's own quota held back it did not wait for others. Both counters are read one
 * after the other, so in one tick the second may have grown by more than the first. */
static int64_t delay_by_others(int64_t delay, int64_t throttled)
{
	return delay > throttled ? delay - throttled : 0;
}

static int64_t read_throttled(struct observe *observe, int fd, const char *path)
{
	struct cgroup_cpu_stat stat;
	char bytes[1024];
	ssize_t size = watched_read(observe, fd, bytes, sizeof bytes, "%s", path);

	if (size < 0 || cgroup_cpu_stat_parse(bytes, (size_t)size, &stat) < 0)
		return FIELD_ABSENT;
	return stat.throttled_usec;
}

static int cpu_stat_path(const struct observe *observe, const char *path, char *ret, size_t size)
{
	return cgroup_compose(&observe->cgroups.controller[CGROUP_CPU],
			      (struct span){ path, strlen(path) }, "cpu.stat", ret, size);
}

static int64_t read_leaf_throttled(struct observe *observe, const struct watched *watched,
				   struct watched_thread *file, int index)
{
	char path[1024] = "", leaf[600];

	if (file->cpu_stat_fd < 0) {
		snprintf(leaf, sizeof leaf, "%s/vcpu%d", watched->leaves, index);
		if (cpu_stat_path(observe, leaf, path, sizeof path) < 0)
			return FIELD_ABSENT;
		file->cpu_stat_fd = watched_open(observe, "%s", path);
	}
	return read_throttled(observe, file->cpu_stat_fd, path);
}

/* The same for vCPUs that have cgroups and quotas of their own. */
static int64_t sample_leaves_throttled(struct observe *observe, struct watched *watched)
{
	int64_t sum = 0, now;
	size_t i;

	for (i = 0; i < watched->vm->vcpu_count && i < watched->thread_count; i++) {
		struct watched_thread *file = &watched->threads[i];

		if (!file->has_quota)
			continue;
		now = read_leaf_throttled(observe, watched, file, watched->vm->threads[i].index);
		if (!field_present(now))
			continue;
		if (now > file->throttled_usec)
			file->tick_throttled_usec = now - file->throttled_usec;
		file->throttled_usec = now;
		sum += file->tick_throttled_usec;
	}
	return sum;
}

/* Without a quota the time does not grow: it had one until now, or since it was last looked at. */
static bool may_have_been_throttled(const struct watched *watched)
{
	return watched->cpu_stat_fd >= 0 || !watched->throttled_known || watched->rarely;
}

/* Growth of the time that the quota of the VM's cgroup held it back. What else may be in that
 * cgroup is held back with it; limits further up are shared with others and count as waiting. */
static int64_t sample_throttled(struct observe *observe, struct watched *watched, bool cold,
				int64_t delay)
{
	char path[1024] = "";
	int64_t now, growth;

	if ((!watched->has_quota && !(cold && may_have_been_throttled(watched))) ||
	    strlen(watched->places[CGROUP_CPU].path) < 2)
		return 0;
	if (watched->cpu_stat_fd < 0 &&
	    cpu_stat_path(observe, watched->places[CGROUP_CPU].path, path, sizeof path) < 0)
		return 0;
	if (watched->cpu_stat_fd < 0 && watched->has_quota)
		watched->cpu_stat_fd = watched_open(observe, "%s", path);
	now = read_throttled(observe, watched->cpu_stat_fd, path);
	if (!field_present(now))
		return 0;
	growth = now - watched->throttled_usec;
	watched->throttled_usec = now;
	/* A cgroup may be older than its VM. */
	if (!watched->throttled_known && growth > delay)
		growth = delay;
	watched->throttled_known = true;
	return growth > 0 ? growth : 0;
}

struct growth {
	int64_t run, delay, throttled;
};

static bool sample_thread_hot(struct observe *observe, struct watched *watched, size_t at,
			      struct growth *growth)
{
	struct watched_thread *file = &watched->threads[at];
	struct thread *thread = &watched->vm->threads[at];
	struct proc_schedstat stat;
	char bytes[128];
	int64_t run, delay;
	ssize_t size;

	size = watched_read(observe, file->schedstat_fd, bytes, sizeof bytes,
			    "/proc/%d/task/%d/schedstat", watched->process->pid, file->tid);
	if (size < 0 || proc_schedstat_parse(bytes, (size_t)size, &stat) < 0) {
		if (size == -ESRCH || size == -ENOENT)
			watched->threads_due = true;
		else
			observe->refused++;
		return false;
	}
	run = (int64_t)(stat.run_nsec / NSEC_PER_USEC);
	delay = (int64_t)(stat.delay_nsec / NSEC_PER_USEC);
	growth->run += run - file->run_usec;
	file->tick_delay_usec = delay - file->run_delay_usec;
	growth->delay += file->tick_delay_usec;
	file->run_usec = run;
	file->run_delay_usec = delay;
	figure_set(thread->value, thread->state, THREAD_RUN, run);
	figure_set(thread->value, thread->state, THREAD_RUN_DELAY, delay);
	return true;
}

/* The vCPUs; all threads of a VMM whose vCPUs cannot be told from the others. */
static size_t threads_that_count(const struct vm *vm)
{
	return vm->vcpu_count > 0 ? vm->vcpu_count : vm->thread_count;
}

/* What a vCPU's own cgroup held back is its alone. Of what the VM's cgroup held back nobody tells
 * which vCPU it was: each takes its part by its run delay. */
static void share_waiting(struct watched *watched, size_t count, const struct growth *growth,
			  int64_t shared_throttled)
{
	size_t i;

	for (i = 0; i < count; i++) {
		struct thread *thread = &watched->vm->threads[i];
		int64_t delay = watched->threads[i].tick_delay_usec, throttled;

		if (delay < 0)
			continue;
		throttled = watched->threads[i].tick_throttled_usec;
		if (growth->delay > 0)
			throttled += (int64_t)((double)shared_throttled * (double)delay /
					       (double)growth->delay);
		if (throttled > delay)
			throttled = delay;
		if (thread->state[THREAD_WAITING] != FIGURE_PRESENT) {
			figure_set(thread->value, thread->state, THREAD_WAITING, 0);
			figure_set(thread->value, thread->state, THREAD_THROTTLED, 0);
		}
		thread->value[THREAD_WAITING] += delay_by_others(delay, throttled);
		thread->value[THREAD_THROTTLED] += throttled;
	}
}

static void sample_threads_hot(struct observe *observe, struct watched *watched, bool cold)
{
	struct vm *vm = watched->vm;
	struct growth growth = { 0 };
	int64_t shared_throttled;
	size_t i, sampled = 0, count = threads_that_count(vm);

	/* Until the next look the two lists may not match. */
	if (count > watched->thread_count)
		count = watched->thread_count;
	for (i = 0; i < count; i++) {
		watched->threads[i].tick_delay_usec = -1;
		watched->threads[i].tick_throttled_usec = 0;
		if (vm->threads[i].tid != 0 && watched->threads[i].tid == vm->threads[i].tid)
			sampled += sample_thread_hot(observe, watched, i, &growth);
	}
	shared_throttled = sample_throttled(observe, watched, cold, growth.delay);
	growth.throttled = shared_throttled;
	if (watched->leaves[0] != '\0')
		growth.throttled += sample_leaves_throttled(observe, watched);
	if (sampled == 0 && vm->state[VM_RUN] != FIGURE_PRESENT) {
		for (i = VM_RUN; i <= VM_WAITING; i++)
			absent(vm, (enum vm_figure)i, threads_that_count(vm) > 0 ? FIGURE_TOO_SOON
										 : FIGURE_UNSUPPORTED);
		return;
	}
	grow(vm, VM_RUN, growth.run);
	grow(vm, VM_RUN_DELAY, growth.delay);
	grow(vm, VM_THROTTLED, growth.throttled);
	grow(vm, VM_WAITING, delay_by_others(growth.delay, growth.throttled));
	share_waiting(watched, count, &growth, shared_throttled);
}

int sample_vm(struct observe *observe, struct watched *watched, bool cold, uint64_t monotonic_usec)
{
	int r;

	open_files(observe, watched);
	r = sample_stat(observe, watched);
	/* A VM's first hot sample needs its quota and its cgroup. */
	cold = cold || watched->cold_count == 0;
	if (r == 0 && cold) {
		uint64_t cost = clock_thread_cpu_nsec();

		r = sample_vm_cold(observe, watched, monotonic_usec);
		observe->cold_nsec += clock_thread_cpu_nsec() - cost;
	}
	if (r < 0)
		return r;
	/* Who looks only twice wants its rate as well. */
	if (observe->options.once && watched->cgroup_own && !cold)
		sample_vm_pressure(observe, watched, monotonic_usec);
	sample_io(observe, watched);
	sample_threads_hot(observe, watched, cold);
	watched->vm->sampled_usec[GROUP_HOT] = monotonic_usec;
	return 0;
}

/* -- taps ------------------------------------------------------------------------------- */

bool sample_vm_tap(struct watched *watched, const struct net_stat *stat)
{
	struct vm *vm = watched->vm;
	struct tap *tap = NULL;
	size_t i;

	for (i = 0; i < watched->tap_count && tap == NULL; i++)
		if (span_equals(stat->name, watched->taps[i].name))
			tap = &watched->taps[i];
	if (tap == NULL)
		return false;
	/* What the host sends into the tap the guest receives. */
	if (!tap->has_before) {
		tap->received_bytes = tap->received_packets = 0;
		tap->sent_bytes = tap->sent_packets = tap->drops = 0;
		tap->has_before = true;
	}
	grow(vm, VM_NET_RECEIVED, stat->sent_bytes - tap->received_bytes);
	grow(vm, VM_NET_RECEIVED_PACKETS, stat->sent_packets - tap->received_packets);
	grow(vm, VM_NET_SENT, stat->received_bytes - tap->sent_bytes);
	grow(vm, VM_NET_SENT_PACKETS, stat->received_packets - tap->sent_packets);
	grow(vm, VM_NET_DROPS, stat->send_drops + stat->receive_drops - tap->drops);
	tap->received_bytes = stat->sent_bytes;
	tap->received_packets = stat->sent_packets;
	tap->sent_bytes = stat->received_bytes;
	tap->sent_packets = stat->received_packets;
	tap->drops = stat->send_drops + stat->receive_drops;
	return true;
}
