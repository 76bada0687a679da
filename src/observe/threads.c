/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A vCPU is found by KVM's directory in debugfs, which names its thread; where that is not to be
 * had, by the process's descriptors, and its thread by the VMM's custom of naming threads or by
 * the system call it is in. At a VM's birth it has no vCPUs, so it is looked at again and again.
 */
#include "observe/threads.h"

#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/text.h"
#include "base/vec.h"
#include "observe/holdings.h"
#include "sys/process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* A thread that KVM starts in the VMM; it has the look of the vCPU that started it. */
#define KVM_HELPER "kvm-nx-lpage-re"

#define LOOK_FIRST_USEC 1000ull
#define LOOK_YOUNG_USEC 8000ull      /* in the first second */
#define LOOK_LONGEST_USEC 10000000ull

struct look {
	struct observe *observe;
	struct watched *watched;
	bool changed; /* a vCPU came or went, or its thread became known */
};

static bool is_only_vm(const struct watched *watched)
{
	return watched->process->vms == watched && watched->sibling == NULL;
}

/* The thread is in the list, whatever its role. */
static struct thread *thread_by_tid(const struct vm *vm, pid_t tid)
{
	size_t i;

	for (i = 0; i < vm->thread_count; i++)
		if (vm->threads[i].tid == tid)
			return &vm->threads[i];
	return NULL;
}

static void thread_drop(struct look *look, struct thread *thread)
{
	struct vm *vm = look->watched->vm;

	vm_remove_thread(vm, (size_t)(thread - vm->threads));
}

static struct thread *thread_vcpu(const struct vm *vm, int index)
{
	size_t i;

	for (i = 0; i < vm->vcpu_count; i++)
		if (vm->threads[i].index == index)
			return &vm->threads[i];
	return NULL;
}

/* The first VM of a process lists its threads; one that proves to be another VM's vCPU leaves. */
static void drop_from_siblings(struct look *look, pid_t tid)
{
	struct watched *other;

	for (other = look->watched->process->vms; other != NULL; other = other->sibling) {
		struct thread *thread = other != look->watched ? thread_by_tid(other->vm, tid) : NULL;

		if (thread != NULL && thread->role != ROLE_VCPU) {
			vm_remove_thread(other->vm, (size_t)(thread - other->vm->threads));
			other->threads_due = true;
		}
	}
}

static bool is_vcpu_of_sibling(const struct watched *watched, pid_t tid)
{
	const struct watched *other;

	for (other = watched->process->vms; other != NULL; other = other->sibling)
		if (other != watched && thread_by_tid(other->vm, tid) != NULL)
			return true;
	return false;
}

/* The vCPU exists; tid 0: its thread is not known. */
static int vcpu_found(struct look *look, int index, pid_t tid)
{
	struct vm *vm = look->watched->vm;
	struct thread *thread = thread_vcpu(vm, index), *other;

	if (tid > 0) {
		other = thread_by_tid(vm, tid);
		if (other != NULL && other != thread) {
			/* It was taken for something else, or runs several vCPUs in turn. */
			if (other->role == ROLE_VCPU)
				tid = 0;
			else
				thread_drop(look, other);
			thread = thread_vcpu(vm, index);
		}
	}
	if (thread != NULL && (tid == 0 || thread->tid == tid))
		return 0;
	if (tid > 0)
		drop_from_siblings(look, tid);
	if (thread == NULL) {
		if (vm_thread(vm, ROLE_VCPU, index, tid) == NULL)
			return -ENOMEM;
		observe_event(look->observe, EVENT_VCPU_ADDED, vm, "vcpu %d", index);
	} else {
		thread->tid = tid;
	}
	look->changed = true;
	return 0;
}

/* -- KVM's directory -------------------------------------------------------------------- */

static int vcpu_directory(const char *name, void *context)
{
	struct look *look = context;
	const struct watched *watched = look->watched;
	struct cursor c = cursor_over(name, strlen(name));
	uint64_t index, tid = 0;
	char bytes[32];
	ssize_t size;

	if (!cursor_take_text(&c, "vcpu") || !cursor_take_u64(&c, &index) || !cursor_at_end(&c) ||
	    index > 65535)
		return 0;
	size = watched_read(look->observe, -1, bytes, sizeof bytes,
			    "/sys/kernel/debug/kvm/%d-%d/vcpu%d/pid", watched->kvm_tid,
			    watched->kvm_fd, (int)index);
	if (size > 0) {
		c = cursor_over(bytes, (size_t)size);
		if (!cursor_take_u64(&c, &tid) || tid > INT32_MAX)
			tid = 0;
	}
	return vcpu_found(look, (int)index, (pid_t)tid);
}

static int look_in_debugfs(struct look *look)
{
	char path[64];

	snprintf(path, sizeof path, "/sys/kernel/debug/kvm/%d-%d", look->watched->kvm_tid,
		 look->watched->kvm_fd);
	return root_list(look->observe->root, path, vcpu_directory, look);
}

/* -- descriptors ------------------------------------------------------------------------ */

/* Of several VMs in one process, a vCPU's descriptor belongs to the VM's that was opened last
 * before it: a custom, not a law, and used only where debugfs is not to be had. */
static int look_at_descriptors(struct look *look)
{
	struct holdings *h = &look->observe->holdings;
	const struct watched *watched = look->watched;
	const struct watched *next = watched->sibling;
	size_t i;
	int r = holdings_read(look->observe->root, watched->process->pid, h);

	if (r < 0)
		return r;
	for (i = 0; i < h->vcpu_count; i++) {
		bool ours = is_only_vm(watched) ||
			    (h->vcpu_fds[i] > watched->kvm_fd &&
			     (next == NULL || h->vcpu_fds[i] < next->kvm_fd));

		if (ours && h->vcpus[i] >= 0)
			r = vcpu_found(look, h->vcpus[i], 0);
		if (r < 0)
			return r;
	}
	return 0;
}

/* -- threads ---------------------------------------------------------------------------- */

/* A vCPU whose thread is not known: is this thread inside KVM_RUN of it? */
static int thread_by_syscall(struct look *look, pid_t tid)
{
	const struct watched *watched = look->watched;
	struct process_syscall syscall;
	char bytes[256], path[64];
	int number = -1;
	ssize_t size = watched_read(look->observe, -1, bytes, sizeof bytes,
				    "/proc/%d/task/%d/syscall", watched->process->pid, tid);

	if (size < 0 || process_syscall_parse(bytes, (size_t)size, &syscall) < 0 ||
	    !process_syscall_is_kvm_run(&syscall) || syscall.argument[0] > INT32_MAX)
		return -1;
	snprintf(path, sizeof path, "/proc/%d/fd/%d", watched->process->pid,
		 (int)syscall.argument[0]);
	size = root_readlink(look->observe->root, path, bytes, sizeof bytes);
	if (size <= 0 || process_link_classify(bytes, (size_t)size, &number) != LINK_KVM_VCPU)
		return -1;
	return number;
}

static bool vcpus_lack_threads(const struct vm *vm)
{
	size_t i;

	for (i = 0; i < vm->vcpu_count; i++)
		if (vm->threads[i].tid == 0)
			return true;
	return false;
}

static void set_comm(struct thread *thread, const char *comm)
{
	text_set(&thread->text[THREAD_TEXT_COMM], comm, strlen(comm));
}

/* A thread that is new, or that may have become a vCPU's since. */
static int thread_judge(struct look *look, pid_t tid, const char *comm)
{
	struct watched *watched = look->watched;
	struct vm *vm = watched->vm;
	enum thread_role role = ROLE_EMULATOR;
	struct thread *thread;
	int index = -1;

	if (tid != watched->process->pid && watched->vmm->thread_role(comm, &role, &index) &&
	    role == ROLE_VCPU && !is_only_vm(watched))
		role = ROLE_EMULATOR; /* names do not tell which VM it is of */
	if (role != ROLE_VCPU && watched->by_kvm && is_only_vm(watched) && vcpus_lack_threads(vm) &&
	    strcmp(comm, KVM_HELPER) != 0) {
		int found = thread_by_syscall(look, tid);

		if (found >= 0) {
			role = ROLE_VCPU;
			index = found;
		}
	}
	if (role == ROLE_VCPU) {
		int r = vcpu_found(look, index, tid);

		if (r < 0)
			return r;
	} else {
		thread = thread_by_tid(vm, tid);
		if (thread != NULL && thread->role != role)
			thread_drop(look, thread);
		if (vm_thread(vm, role, -1, tid) == NULL)
			return -ENOMEM;
	}
	thread = thread_by_tid(vm, tid);
	if (thread != NULL)
		set_comm(thread, comm);
	return 0;
}

static int thread_listed(const char *name, void *context)
{
	struct look *look = context;
	struct watched *watched = look->watched;
	pid_t tid = atoi(name);
	struct thread *thread = thread_by_tid(watched->vm, tid);
	bool settled = thread != NULL && (thread->role == ROLE_VCPU || !watched->by_kvm ||
					  !vcpus_lack_threads(watched->vm));
	char comm[64];
	ssize_t size;

	if (tid <= 0)
		return 0;
	if (VEC_RESERVE(look->observe->tids, look->observe->tid_capacity,
			look->observe->tid_count + 1))
		look->observe->tids[look->observe->tid_count++] = tid;
	if (is_vcpu_of_sibling(watched, tid))
		return 0;
	if (settled && thread->text[THREAD_TEXT_COMM] != NULL)
		return 0;
	if (tid == watched->process->pid) {
		text_copy(comm, sizeof comm, watched->process->comm, strlen(watched->process->comm));
	} else {
		size = watched_read(look->observe, -1, comm, sizeof comm, "/proc/%d/task/%d/comm",
				    watched->process->pid, tid);
		if (size <= 0)
			return 0;
		if (comm[size - 1] == '\n')
			comm[size - 1] = '\0';
	}
	if (settled) {
		set_comm(thread, comm);
		return 0;
	}
	return thread_judge(look, tid, comm);
}

static bool was_listed(const struct observe *observe, pid_t tid)
{
	size_t i;

	for (i = 0; i < observe->tid_count; i++)
		if (observe->tids[i] == tid)
			return true;
	return false;
}

void threads_add_vhost(struct watched *watched, pid_t tid)
{
	if (threads_is_vhost(watched, tid) || watched->vhost_count == ARRAY_SIZE(watched->vhosts))
		return;
	watched->vhosts[watched->vhost_count++] = tid;
	watched->threads_due = true;
}

bool threads_is_vhost(const struct watched *watched, pid_t tid)
{
	size_t i;

	for (i = 0; i < watched->vhost_count; i++)
		if (watched->vhosts[i] == tid)
			return true;
	return false;
}

/* Those that still are what they were when they were found; their pids are used again. */
static int look_at_vhosts(struct look *look)
{
	struct watched *watched = look->watched;
	size_t i;

	for (i = 0; i < watched->vhost_count;) {
		pid_t tid = watched->vhosts[i];
		char comm[32];
		ssize_t size = watched_read(look->observe, -1, comm, sizeof comm, "/proc/%d/comm", tid);
		struct thread *thread;

		if (size < 6 || memcmp(comm, "vhost-", 6) != 0) {
			watched->vhosts[i] = watched->vhosts[--watched->vhost_count];
			continue;
		}
		i++;
		if (VEC_RESERVE(look->observe->tids, look->observe->tid_capacity,
				look->observe->tid_count + 1))
			look->observe->tids[look->observe->tid_count++] = tid;
		thread = vm_thread(watched->vm, ROLE_VHOST, -1, tid);
		if (thread == NULL)
			return -ENOMEM;
		comm[size - 1] = '\0';
		set_comm(thread, comm);
	}
	return 0;
}

static void drop_ended(struct look *look, bool vcpus_certain)
{
	struct vm *vm = look->watched->vm;
	size_t i;

	for (i = vm->thread_count; i-- > 0;) {
		struct thread *thread = &vm->threads[i];

		if (thread->tid == 0 || was_listed(look->observe, thread->tid))
			continue;
		if (thread->role == ROLE_VCPU && vcpus_certain) {
			thread->tid = 0; /* KVM still has the vCPU */
			continue;
		}
		if (thread->role == ROLE_VCPU) {
			observe_event(look->observe, EVENT_VCPU_REMOVED, vm, "vcpu %d", thread->index);
			look->changed = true;
		}
		vm_remove_thread(vm, i);
	}
}

static bool needs_file(const struct vm *vm, const struct thread *thread)
{
	return thread->tid != 0 && (thread->role == ROLE_VCPU || vm->vcpu_count == 0);
}

/* Nearly every look finds what the one before did, and then allocates nothing. */
static bool files_match(const struct look *look)
{
	const struct watched *watched = look->watched;
	const struct vm *vm = watched->vm;
	bool kept = !look->observe->options.once && !look->observe->descriptors_short;
	size_t i;

	if (watched->threads == NULL || watched->thread_count != vm->thread_count)
		return false;
	for (i = 0; i < vm->thread_count; i++) {
		if (watched->threads[i].tid != vm->threads[i].tid)
			return false;
		if (kept && watched->threads[i].schedstat_fd < 0 && needs_file(vm, &vm->threads[i]))
			return false;
	}
	return true;
}

/* watched->threads follows vm->threads, each taking its descriptor along. */
static int sync_files(struct look *look)
{
	struct watched *watched = look->watched;
	const struct vm *vm = watched->vm;
	struct watched_thread *moved;
	size_t i, k;

	moved = calloc(vm->thread_count != 0 ? vm->thread_count : 1, sizeof *moved);
	if (moved == NULL)
		return -ENOMEM;
	for (i = 0; i < vm->thread_count; i++) {
		moved[i].tid = vm->threads[i].tid;
		moved[i].schedstat_fd = moved[i].cpu_stat_fd = -1;
		for (k = 0; k < watched->thread_count; k++)
			if (moved[i].tid != 0 && watched->threads[k].tid == moved[i].tid) {
				moved[i] = watched->threads[k];
				watched->threads[k].tid = 0;
				watched->threads[k].schedstat_fd = -1;
				watched->threads[k].cpu_stat_fd = -1;
				break;
			}
		if (moved[i].schedstat_fd < 0 && needs_file(vm, &vm->threads[i]))
			moved[i].schedstat_fd =
				watched_open(look->observe, "/proc/%d/task/%d/schedstat",
					     watched->process->pid, moved[i].tid);
	}
	for (k = 0; k < watched->thread_count; k++) {
		root_close(look->observe->root, watched->threads[k].schedstat_fd);
		root_close(look->observe->root, watched->threads[k].cpu_stat_fd);
	}
	free(watched->threads);
	watched->threads = moved;
	watched->thread_count = vm->thread_count;
	return 0;
}

static bool may_be_vcpu(const struct watched *watched, const struct thread *thread)
{
	return thread->role == ROLE_EMULATOR && thread->tid != watched->process->pid &&
	       thread->text[THREAD_TEXT_COMM] != NULL &&
	       strcmp(thread->text[THREAD_TEXT_COMM], KVM_HELPER) != 0;
}

/* Nothing told which threads the vCPUs are, but there are just as many of unknown use: threads
 * are made in the order of their vCPUs. */
static int assign_by_elimination(struct look *look)
{
	struct vm *vm = look->watched->vm;
	size_t lacking = 0, unknown = 0, i;
	int r = 0;

	for (i = 0; i < vm->thread_count; i++) {
		const struct thread *thread = &vm->threads[i];

		lacking += thread->role == ROLE_VCPU && thread->tid == 0;
		unknown += may_be_vcpu(look->watched, thread);
	}
	if (lacking == 0 || lacking != vm->vcpu_count || lacking != unknown ||
	    !is_only_vm(look->watched))
		return 0;
	for (i = 0; i < lacking && r == 0; i++) {
		size_t k = lacking;

		while (k < vm->thread_count && !may_be_vcpu(look->watched, &vm->threads[k]))
			k++;
		if (k == vm->thread_count)
			break;
		r = vcpu_found(look, vm->threads[i].index, vm->threads[k].tid);
	}
	return r;
}

int threads_look(struct observe *observe, struct watched *watched)
{
	struct look look = { .observe = observe, .watched = watched };
	bool in_debugfs = watched->kvm_tid > 0 && watched->kvm_fd >= 0 && observe->debugfs_kvm;
	char path[64];
	int r = -ENOENT;

	watched->threads_due = false;
	if (in_debugfs)
		r = look_in_debugfs(&look);
	if (r == -ENOMEM)
		return r;
	if (r < 0 && watched->by_kvm)
		look_at_descriptors(&look);
	if (watched->process->vms == watched) { /* other threads are listed with the first VM */
		observe->tid_count = 0;
		snprintf(path, sizeof path, "/proc/%d/task", watched->process->pid);
		r = root_list(observe->root, path, thread_listed, &look);
		if (r < 0)
			return r;
		watched->threads_seen = (int64_t)observe->tid_count;
		r = look_at_vhosts(&look);
		if (r < 0)
			return r;
		drop_ended(&look, in_debugfs);
		r = watched->by_kvm ? assign_by_elimination(&look) : 0;
		if (r < 0)
			return r;
	}
	r = files_match(&look) ? 0 : sync_files(&look);
	return r < 0 ? r : look.changed;
}

bool threads_look_due(const struct watched *watched, uint64_t monotonic_usec)
{
	return watched->threads_due || monotonic_usec >= watched->look_again_usec;
}

void threads_look_later(struct watched *watched, uint64_t monotonic_usec, bool changed)
{
	bool young = watched->look_young_until_usec > monotonic_usec;
	uint64_t gap = changed && young ? LOOK_FIRST_USEC : watched->look_gap_usec * 2;

	if (young && gap > LOOK_YOUNG_USEC)
		gap = LOOK_YOUNG_USEC;
	if (gap > LOOK_LONGEST_USEC)
		gap = LOOK_LONGEST_USEC;
	watched->look_gap_usec = gap;
	watched->look_again_usec = monotonic_usec + gap;
}
