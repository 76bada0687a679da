/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "act/act_target.h"

#include "base/error.h"
#include "base/vec.h"
#include "sys/proc.h"
#include "sys/root.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* kthreadd, whose children the kernel's threads are. */
#define KTHREADD_PID 2

void act_target_done(struct act_target *target)
{
	free(target->tids);
	target->tids = NULL;
	target->tid_count = 0;
}

struct act_target *act_target_copy(const struct act_target *target)
{
	struct act_target *copy = malloc(sizeof *copy);
	size_t bytes = target->tid_count * sizeof *target->tids;

	if (copy == NULL)
		return NULL;
	*copy = *target;
	copy->tids = malloc(bytes > 0 ? bytes : 1);
	if (copy->tids == NULL) {
		free(copy);
		return NULL;
	}
	if (bytes > 0)
		memcpy(copy->tids, target->tids, bytes);
	return copy;
}

/* What must never be turned: checked against /proc, whatever a snapshot says. */
static int may_be_touched(struct root *root, const struct vm_identity *vm, struct error *err)
{
	struct proc_stat stat;
	char path[64], bytes[1024];
	ssize_t got;

	if (vm->pid <= 1 || vm->pid == getpid())
		return error_set(err, -EPERM, "process %d is never touched", (int)vm->pid);
	snprintf(path, sizeof path, "/proc/%d/stat", (int)vm->pid);
	got = root_read(root, path, bytes, sizeof bytes);
	if (got == -ENOENT || got == -ESRCH)
		return error_set(err, -ESRCH, "process %d has ended", (int)vm->pid);
	if (got < 0)
		return error_errno(err, (int)got, "%s", path);
	if (proc_stat_parse(bytes, (size_t)got, &stat) < 0)
		return error_set(err, -EBADMSG, "%s cannot be read", path);
	if (stat.start_ticks != vm->start_ticks)
		return error_set(err, -ESRCH, "process %d has ended, and its number is another's",
				 (int)vm->pid);
	if (vm->pid == KTHREADD_PID || stat.ppid == KTHREADD_PID)
		return error_set(err, -EPERM, "process %d is a thread of the kernel", (int)vm->pid);
	return 0;
}

static void text_take(char *to, size_t size, const struct vm *vm, enum vm_text text)
{
	snprintf(to, size, "%s", vm->text[text] != NULL ? vm->text[text] : "");
}

static bool lives_alone(const struct snapshot *snapshot, const struct vm *vm)
{
	size_t i;

	for (i = 0; i < snapshot->vm_count; i++)
		if (snapshot->vms[i] != vm && snapshot->vms[i]->identity.pid == vm->identity.pid)
			return false;
	return true;
}

static void target_describe(struct act_target *target, const struct snapshot *snapshot,
			    const struct vm *vm)
{
	const char *own = vm->text[VM_TEXT_CGROUP_OWN];

	text_take(target->name, sizeof target->name, vm, VM_TEXT_NAME);
	text_take(target->uuid, sizeof target->uuid, vm, VM_TEXT_UUID);
	text_take(target->owner, sizeof target->owner, vm, VM_TEXT_OWNER);
	text_take(target->vmm, sizeof target->vmm, vm, VM_TEXT_VMM);
	text_take(target->cgroup, sizeof target->cgroup, vm, VM_TEXT_CGROUP);
	text_take(target->weight_where, sizeof target->weight_where, vm, VM_TEXT_WEIGHT_WHERE);
	text_take(target->hindrances, sizeof target->hindrances, vm, VM_TEXT_HINDRANCES);
	text_take(target->taps, sizeof target->taps, vm, VM_TEXT_TAPS);
	target->cgroup_own = own != NULL && strcmp(own, "yes") == 0;
	target->alone = lives_alone(snapshot, vm);
}

struct tid_list {
	struct act_target *target;
	size_t capacity;
};

static int tid_add(struct tid_list *list, pid_t tid)
{
	struct act_target *target = list->target;
	size_t i;

	/* A vCPU is known from the snapshot already; few processes have many. */
	for (i = 0; i < target->vcpu_count && i < target->tid_count; i++)
		if (target->tids[i] == tid)
			return 0;
	if (!VEC_RESERVE(target->tids, list->capacity, target->tid_count + 1))
		return -ENOMEM;
	target->tids[target->tid_count++] = tid;
	return 0;
}

static int task_listed(const char *name, void *context)
{
	pid_t tid = (pid_t)atoi(name);

	return tid > 0 ? tid_add(context, tid) : 0;
}

static int vcpus_take(struct tid_list *list, const struct vm *vm)
{
	size_t i;
	int r = 0;

	for (i = 0; i < vm->thread_count && r == 0; i++)
		if (vm->threads[i].role == ROLE_VCPU && vm->threads[i].tid > 0)
			r = tid_add(list, vm->threads[i].tid);
	list->target->vcpu_count = list->target->tid_count;
	return r;
}

/* Threads of the VMM that the snapshot knows; vhost's may be the kernel's own, and are left. */
static int others_take(struct tid_list *list, const struct vm *vm)
{
	size_t i;
	int r = 0;

	for (i = 0; i < vm->thread_count && r == 0; i++)
		if ((vm->threads[i].role == ROLE_EMULATOR || vm->threads[i].role == ROLE_IO) &&
		    vm->threads[i].tid > 0)
			r = tid_add(list, vm->threads[i].tid);
	return r;
}

static int threads_take(struct root *root, const struct vm *vm, bool look,
			struct act_target *target, struct error *err)
{
	struct tid_list list = { .target = target };
	char path[64];
	int r = vcpus_take(&list, vm);

	if (r == 0 && target->alone && look)
		r = others_take(&list, vm);
	if (r == 0 && target->alone && !look) {
		snprintf(path, sizeof path, "/proc/%d/task", (int)vm->identity.pid);
		r = root_list(root, path, task_listed, &list);
		r = r == -ENOENT ? -ESRCH : r;
	}
	return r < 0 ? error_errno(err, r, "threads of process %d", (int)vm->identity.pid) : 0;
}

int act_target_make(struct root *root, const struct snapshot *snapshot,
		    const struct vm_identity *identity, bool look, struct act_target *ret,
		    struct error *err)
{
	struct act_target target = { .name = "the host", .alone = true };
	const struct vm *vm;
	int r;

	if (identity == NULL || identity->pid == 0) {
		*ret = target;
		return 0;
	}
	vm = snapshot_find_vm(snapshot, identity);
	if (vm == NULL)
		return error_set(err, -ESRCH, "VM %d is gone", (int)identity->pid);
	target.vm = *identity;
	r = look ? 0 : may_be_touched(root, identity, err);
	if (r < 0)
		return r;
	target_describe(&target, snapshot, vm);
	r = threads_take(root, vm, look, &target, err);
	if (r < 0) {
		act_target_done(&target);
		return r;
	}
	*ret = target;
	return 0;
}
