/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host and every VM at one instant. Live view, metrics, recordings, policies and
 * experiments read this struct and nothing else. VMs are sorted by identity, threads by role
 * then index then tid, CPUs by number, disks and NICs by name. A snapshot owns all it points to.
 */
#ifndef MODEL_SNAPSHOT_H
#define MODEL_SNAPSHOT_H

#include "model/event.h"
#include "model/host.h"
#include "model/vm.h"

struct snapshot {
	uint64_t sequence;
	uint64_t realtime_usec;
	uint64_t monotonic_usec;
	struct host host;
	struct cpu *cpus;
	size_t cpu_count, cpu_capacity;
	struct disk *disks;
	size_t disk_count, disk_capacity;
	struct nic *nics;
	size_t nic_count, nic_capacity;
	struct vm **vms;
	size_t vm_count, vm_capacity;
	struct event *events;
	size_t event_count, event_capacity;
};

void snapshot_init(struct snapshot *snapshot);
void snapshot_done(struct snapshot *snapshot);
/* A deep copy that reuses what `to` has: allocates nothing while the shape stays. -ENOMEM. */
int snapshot_copy(struct snapshot *to, const struct snapshot *from);

struct vm *snapshot_find_vm(const struct snapshot *snapshot, const struct vm_identity *identity);
/* Inserts an empty VM at its place; NULL when memory is out. */
struct vm *snapshot_add_vm(struct snapshot *snapshot, const struct vm_identity *identity);
void snapshot_remove_vm(struct snapshot *snapshot, const struct vm_identity *identity);
/* Finds, else inserts at its sorted place, with all figures not asked; NULL: no memory. */
struct cpu *snapshot_cpu(struct snapshot *snapshot, int number);
struct disk *snapshot_disk(struct snapshot *snapshot, const char *name);
struct nic *snapshot_nic(struct snapshot *snapshot, const char *name);
void snapshot_clear_cpus(struct snapshot *snapshot);
void snapshot_clear_disks(struct snapshot *snapshot);
void snapshot_clear_nics(struct snapshot *snapshot);
/* NULL when memory is out; the caller fills it. */
struct event *snapshot_add_event(struct snapshot *snapshot, enum event_kind kind);

#endif
