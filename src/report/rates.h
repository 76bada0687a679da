/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From counters to rates. A rate is the growth of a counter between two sights of one object
 * over the time between them; NAN where one of the two is absent or the object is new.
 *
 * The groups of a snapshot are sampled at different times, so "the sight before" is a snapshot
 * put together: of each VM and each group the last sample that differs from the present one.
 * Two snapshots in a row give right rates of all groups that way, however slow a group is.
 */
#ifndef REPORT_RATES_H
#define REPORT_RATES_H

#include "model/snapshot.h"

struct rates {
	struct snapshot before, now; /* empty until one and two snapshots were seen */
};

void rates_init(struct rates *rates);
void rates_done(struct rates *rates);
/* Forgets: before a jump in a recording. */
void rates_reset(struct rates *rates);
/* The snapshot becomes `now`. Another boot, or a time that is not later, resets. -ENOMEM. */
int rates_advance(struct rates *rates, const struct snapshot *snapshot);

/* A VM in both; before is NULL when it is new. */
struct vm_sight {
	const struct vm *now, *before;
};

struct vm_sight rates_vm(const struct rates *rates, const struct vm *now);

/* Per second, in the figure's unit. Of a counter in usec, _percent is the share of the time. */
double vm_rate(struct vm_sight vm, enum vm_figure figure);
double vm_percent(struct vm_sight vm, enum vm_figure figure);
/* CPU used by the VM and its VMM; 100 is one CPU. The process's own count comes in steps of 10 ms
 * and its vCPUs' exactly: theirs it is where the two differ by no more than the steps explain. */
double vm_cpu_percent(struct vm_sight vm);
double thread_rate(struct vm_sight vm, const struct thread *thread, enum thread_figure figure);
double thread_percent(struct vm_sight vm, const struct thread *thread, enum thread_figure figure);
double host_rate(const struct rates *rates, enum host_figure figure);
double host_percent(const struct rates *rates, enum host_figure figure);
double disk_rate(const struct rates *rates, const struct disk *disk, enum disk_figure figure);

/* Share of all CPUs' time, in percent: of one kind, and of all but idle and iowait. */
double cpus_percent(const struct rates *rates, enum cpu_figure figure);
double cpus_busy_percent(const struct rates *rates);
/* Mean time that a read took on any disk, usec; NAN when none was made. */
double disks_read_latency(const struct rates *rates);

/* A gauge, or NAN. */
static inline double figure_number(struct object_view view, unsigned index)
{
	return view.state[index] == FIGURE_PRESENT ? (double)view.value[index] : __builtin_nan("");
}

#endif
