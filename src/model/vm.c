/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/vm.h"

#include "base/vec.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

int vm_identity_compare(const struct vm_identity *a, const struct vm_identity *b)
{
	if (a->pid != b->pid)
		return COMPARE(a->pid, b->pid);
	if (a->start_ticks != b->start_ticks)
		return COMPARE(a->start_ticks, b->start_ticks);
	return COMPARE(a->ordinal, b->ordinal);
}

void vm_identity_format(const struct vm_identity *identity, char ret[static VM_ID_SIZE])
{
	snprintf(ret, VM_ID_SIZE, "%d-%" PRIu64 "-%" PRIu32, identity->pid,
		 identity->start_ticks, identity->ordinal);
}

struct vm *vm_new(const struct vm_identity *identity)
{
	struct vm *vm = calloc(1, sizeof *vm);

	if (vm != NULL)
		vm->identity = *identity;
	return vm;
}

void vm_free(struct vm *vm)
{
	size_t i;

	if (vm == NULL)
		return;
	for (i = 0; i < vm->thread_count; i++)
		object_done(thread_view(&vm->threads[i]));
	free(vm->threads);
	object_done(vm_view(vm));
	free(vm);
}

bool vm_resize_threads(struct vm *vm, size_t count)
{
	if (!VEC_RESERVE(vm->threads, vm->thread_capacity, count))
		return false;
	while (vm->thread_count > count)
		object_done(thread_view(&vm->threads[--vm->thread_count]));
	if (count > vm->thread_count)
		memset(vm->threads + vm->thread_count, 0,
		       (count - vm->thread_count) * sizeof *vm->threads);
	vm->thread_count = count;
	return true;
}

int vm_copy(struct vm *to, const struct vm *from)
{
	size_t i;

	if (!vm_resize_threads(to, from->thread_count))
		return -ENOMEM;
	to->identity = from->identity;
	to->born_usec = from->born_usec;
	to->vcpu_count = from->vcpu_count;
	to->tells_state = from->tells_state;
	to->state_usec = from->state_usec;
	memcpy(to->sampled_usec, from->sampled_usec, sizeof to->sampled_usec);
	for (i = 0; i < from->thread_count; i++) {
		to->threads[i].role = from->threads[i].role;
		to->threads[i].index = from->threads[i].index;
		to->threads[i].tid = from->threads[i].tid;
		if (!object_copy(thread_view(&to->threads[i]), thread_view(&from->threads[i])))
			return -ENOMEM;
	}
	return object_copy(vm_view(to), vm_view(from)) ? 0 : -ENOMEM;
}

static int thread_compare(const struct thread *thread, enum thread_role role, int index, pid_t tid)
{
	if (thread->role != role)
		return COMPARE(thread->role, role);
	if (thread->index != index)
		return COMPARE(thread->index, index);
	return COMPARE(thread->tid, tid);
}

struct thread *vm_find_thread(const struct vm *vm, enum thread_role role, int index, pid_t tid)
{
	size_t i;

	for (i = 0; i < vm->thread_count; i++) {
		struct thread *thread = &vm->threads[i];

		if (thread->role != role || thread->index != index)
			continue;
		if (thread->tid == tid || (role == ROLE_VCPU && (thread->tid == 0 || tid == 0)))
			return thread;
	}
	return NULL;
}

struct thread *vm_thread(struct vm *vm, enum thread_role role, int index, pid_t tid)
{
	struct thread *thread = vm_find_thread(vm, role, index, tid);
	size_t at;

	if (thread != NULL) {
		if (thread->tid == 0)
			thread->tid = tid;
		return thread;
	}
	if (!VEC_RESERVE(vm->threads, vm->thread_capacity, vm->thread_count + 1))
		return NULL;
	for (at = 0; at < vm->thread_count; at++)
		if (thread_compare(&vm->threads[at], role, index, tid) > 0)
			break;
	thread = &vm->threads[at];
	memmove(thread + 1, thread, (vm->thread_count - at) * sizeof *thread);
	memset(thread, 0, sizeof *thread);
	thread->role = role;
	thread->index = index;
	thread->tid = tid;
	vm->thread_count++;
	if (role == ROLE_VCPU)
		vm->vcpu_count++;
	return thread;
}

void vm_remove_thread(struct vm *vm, size_t at)
{
	struct thread *thread = &vm->threads[at];

	if (thread->role == ROLE_VCPU)
		vm->vcpu_count--;
	object_done(thread_view(thread));
	vm->thread_count--;
	memmove(thread, thread + 1, (vm->thread_count - at) * sizeof *thread);
}

bool vm_vcpus_are_known(const struct vm *vm)
{
	const char *accel = vm->text[VM_TEXT_ACCEL];

	return vm->vcpu_count > 0 || (accel != NULL && strcmp(accel, "kvm") == 0);
}

struct object_view vm_view(const struct vm *vm)
{
	struct vm *open = (struct vm *)vm;

	return (struct object_view){ &vm_info, open->value, open->state, open->text };
}

struct object_view thread_view(const struct thread *thread)
{
	struct thread *open = (struct thread *)thread;

	return (struct object_view){ &thread_info, open->value, open->state, open->text };
}

const char *thread_role_name(enum thread_role role)
{
	static const char *const names[ROLE_COUNT] = { "vcpu", "emulator", "io", "vhost" };

	return role < ROLE_COUNT ? names[role] : "unknown";
}
