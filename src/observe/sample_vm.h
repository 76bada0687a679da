/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A VM's figures, hot and cold, into its entry of the snapshot. Nothing allocates after the
 * first cold sample of an unchanged VM. Negative when the process is gone. */
#ifndef OBSERVE_SAMPLE_VM_H
#define OBSERVE_SAMPLE_VM_H

#include "observe/observer.h"

/* Everything that is due; a VM's first sample is cold whatever `cold` says. -ESRCH. */
int sample_vm(struct observe *observe, struct watched *watched, bool cold, uint64_t monotonic_usec);
/* The cold part alone: settings, memory, cgroup, threads one by one. -ESRCH. */
int sample_vm_cold(struct observe *observe, struct watched *watched, uint64_t monotonic_usec);
/* What its cgroup's threads waited for. */
void sample_vm_pressure(struct observe *observe, struct watched *watched, uint64_t monotonic_usec);
/* Growth of a host interface's counters, if it is this VM's tap. */
struct net_stat;
bool sample_vm_tap(struct watched *watched, const struct net_stat *stat);

#endif
