/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What hurts a VM most, as one word and a share of the time. All kinds are in percent of the
 * time between two sights, so that the largest can be named:
 *   cpu     its worst vCPU waited for a CPU that others had (throttling not counted)
 *   quota   its worst vCPU was held back by the VM's own quota
 *   memory  some thread of its cgroup waited for memory (PSI)
 *   io      some thread of its cgroup waited for I/O (PSI)
 *   swap    its major faults took a disk's time; `paging` where none of it is in swap
 * A mean over the vCPUs would hide the one that a single-threaded guest runs on.
 */
#ifndef REPORT_HURT_H
#define REPORT_HURT_H

#include "report/rates.h"

enum hurt_kind { HURT_NOTHING, HURT_CPU, HURT_QUOTA, HURT_MEMORY, HURT_IO, HURT_SWAP, HURT_PAGING };

struct hurt {
	enum hurt_kind kind;
	double percent; /* NAN: nothing can be said (one sight only) */
};

/* Less is the scheduler's own noise: a spinning VM alone on a core waits up to 1 % of the time
 * for kernel threads. */
#define HURT_LEAST_PERCENT 2.0

/* `read_latency`: disks_read_latency() of the same rates, usec. */
struct hurt hurt_of_vm(struct vm_sight vm, double read_latency);
const char *hurt_name(enum hurt_kind kind);

#endif
