/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What truced tells of VMs beside what can be observed: for the columns `last` and `reason`.
 * Sorted by identity. The texts are safe to print; "" where there was no adjustment yet.
 */
#ifndef REPORT_VM_TOLD_H
#define REPORT_VM_TOLD_H

#include "model/vm.h"

#include <stddef.h>

struct vm_told {
	struct vm_identity identity;
	char class_name[64];
	char last[96];    /* "14:05:31 cpu.weight 400" */
	char reason[256]; /* "gold-first.lua:9 calm: gold waits" */
};

struct vms_told {
	struct vm_told *vms;
	size_t count, capacity;
};

/* The next one, zeroed; NULL: no memory. Once all are there, they are sorted. */
struct vm_told *vms_told_add(struct vms_told *told);
void vms_told_sort(struct vms_told *told);
void vms_told_done(struct vms_told *told);
/* NULL: truced does not know that VM, or `told` is NULL. */
const struct vm_told *vms_told_find(const struct vms_told *told,
				    const struct vm_identity *identity);

#endif
