/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The I/O weight of a VM's own cgroup, where something makes it act on the disks that it lies on:
 * iocost (io.weight of v2) or BFQ (io.bfq.weight, blkio.bfq.weight). 100 is the default of each;
 * BFQ's scale ends at 1000.
 */
#ifndef ACT_DISK_WEIGHT_H
#define ACT_DISK_WEIGHT_H

#include "act/cpu_place.h"

enum { DISK_WEIGHT_USUAL = 100, DISK_WEIGHT_BFQ_MOST = 1000 };

/* For `serves`: 1 and the place, or 0 with the reason. */
int disk_weight_serves(struct act_context *context, const struct act_target *target,
		       struct cpu_place *ret, char reason[static PLAN_REASON_SIZE]);
/* From the file that acts on the VM's disks. */
int disk_weight_read(struct act_context *context, const struct act_target *target,
		     const struct cpu_place *place, int64_t *ret);
/* What IOWeight comes to that weight: systemd squeezes what is above 100 into BFQ's scale, 10000
 * to 1000. */
int64_t disk_weight_for_systemd(struct act_context *context, const struct act_target *target,
				const struct cpu_place *place, int64_t weight);
/* Leases, then writes each file that acts. */
int disk_weight_write(struct act_context *context, const struct act_target *target,
		      const struct cpu_place *place, int64_t weight, struct error *err);

#endif
