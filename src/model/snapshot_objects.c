/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/snapshot_objects.h"

#include <stdio.h>
#include <string.h>

static const struct object_shape shapes[OBJECT_KIND_COUNT] = {
	[OBJECT_HOST] = { &host_info, -1, 0, false,
			  3, { "@sequence", "@realtime_usec", "@monotonic_usec" }, true },
	[OBJECT_CPU] = { &cpu_info, -1, 1, false, 0, { NULL }, false },
	[OBJECT_DISK] = { &disk_info, -1, 0, true, 0, { NULL }, false },
	[OBJECT_NIC] = { &nic_info, -1, 0, true, 0, { NULL }, false },
	[OBJECT_VM] = { &vm_info, -1, 3, false, 1, { "@born_usec" }, true },
	[OBJECT_THREAD] = { &thread_info, OBJECT_VM, 3, false, 0, { NULL }, false },
};

const struct object_shape *object_shape(enum object_kind kind)
{
	return &shapes[kind];
}

unsigned object_extra_count(enum object_kind kind)
{
	return shapes[kind].time_count + (shapes[kind].sampled ? GROUP_COUNT : 0);
}

void object_extra_name(enum object_kind kind, unsigned extra, char ret[static OBJECT_EXTRA_NAME_SIZE])
{
	const struct object_shape *shape = &shapes[kind];

	if (extra < shape->time_count)
		snprintf(ret, OBJECT_EXTRA_NAME_SIZE, "%s", shape->times[extra]);
	else
		snprintf(ret, OBJECT_EXTRA_NAME_SIZE, "@sampled_%s_usec",
			 figure_group_name((enum figure_group)(extra - shape->time_count)));
}

struct object_walk object_walk_over(const struct snapshot *snapshot, enum object_kind kind)
{
	return (struct object_walk){ .snapshot = snapshot, .kind = kind };
}

static void item_of_host(const struct snapshot *snapshot, struct object_item *ret)
{
	unsigned group;

	ret->view = host_view(&snapshot->host);
	ret->extra[0] = (int64_t)snapshot->sequence;
	ret->extra[1] = (int64_t)snapshot->realtime_usec;
	ret->extra[2] = (int64_t)snapshot->monotonic_usec;
	for (group = 0; group < GROUP_COUNT; group++)
		ret->extra[3 + group] = (int64_t)snapshot->host.sampled_usec[group];
}

static void item_of_vm(const struct vm *vm, struct object_item *ret)
{
	unsigned group;

	ret->view = vm_view(vm);
	ret->key[0] = vm->identity.pid;
	ret->key[1] = (int64_t)vm->identity.start_ticks;
	ret->key[2] = vm->identity.ordinal;
	ret->extra[0] = (int64_t)vm->born_usec;
	for (group = 0; group < GROUP_COUNT; group++)
		ret->extra[1 + group] = (int64_t)vm->sampled_usec[group];
}

static void item_of_thread(const struct thread *thread, size_t vm, struct object_item *ret)
{
	ret->view = thread_view(thread);
	ret->parent = (uint32_t)vm;
	ret->key[0] = thread->role;
	ret->key[1] = thread->index;
	ret->key[2] = thread->tid;
}

static bool walk_next_thread(struct object_walk *walk, struct object_item *ret)
{
	const struct snapshot *snapshot = walk->snapshot;

	while (walk->vm < snapshot->vm_count &&
	       walk->at >= snapshot->vms[walk->vm]->thread_count) {
		walk->vm++;
		walk->at = 0;
	}
	if (walk->vm >= snapshot->vm_count)
		return false;
	item_of_thread(&snapshot->vms[walk->vm]->threads[walk->at++], walk->vm, ret);
	return true;
}

static size_t snapshot_count(const struct snapshot *snapshot, enum object_kind kind)
{
	switch (kind) {
	case OBJECT_HOST:
		return 1;
	case OBJECT_CPU:
		return snapshot->cpu_count;
	case OBJECT_DISK:
		return snapshot->disk_count;
	case OBJECT_NIC:
		return snapshot->nic_count;
	case OBJECT_VM:
		return snapshot->vm_count;
	default:
		return 0;
	}
}

bool object_walk_next(struct object_walk *walk, struct object_item *ret)
{
	const struct snapshot *snapshot = walk->snapshot;
	size_t at = walk->at;

	memset(ret->key, 0, sizeof ret->key);
	ret->name = "";
	ret->parent = 0;
	if (walk->kind == OBJECT_THREAD)
		return walk_next_thread(walk, ret);
	if (at >= snapshot_count(snapshot, walk->kind))
		return false;
	walk->at++;
	if (walk->kind == OBJECT_HOST) {
		item_of_host(snapshot, ret);
	} else if (walk->kind == OBJECT_VM) {
		item_of_vm(snapshot->vms[at], ret);
	} else if (walk->kind == OBJECT_CPU) {
		ret->view = cpu_view(&snapshot->cpus[at]);
		ret->key[0] = snapshot->cpus[at].number;
	} else if (walk->kind == OBJECT_DISK) {
		ret->view = disk_view(&snapshot->disks[at]);
		ret->name = snapshot->disks[at].name;
	} else {
		ret->view = nic_view(&snapshot->nics[at]);
		ret->name = snapshot->nics[at].name;
	}
	return true;
}

void object_set_extra(struct snapshot *snapshot, enum object_kind kind, size_t at, unsigned extra,
		      int64_t value)
{
	uint64_t number = (uint64_t)value;

	if (kind == OBJECT_VM) {
		struct vm *vm = snapshot->vms[at];

		*(extra == 0 ? &vm->born_usec : &vm->sampled_usec[extra - 1]) = number;
	} else if (extra == 0) {
		snapshot->sequence = number;
	} else if (extra == 1) {
		snapshot->realtime_usec = number;
	} else if (extra == 2) {
		snapshot->monotonic_usec = number;
	} else {
		snapshot->host.sampled_usec[extra - 3] = number;
	}
}
