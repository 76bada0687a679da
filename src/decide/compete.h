/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What weights come to while all VMs want the CPU, and what a reservation of CPUs needs. */
#ifndef DECIDE_COMPETE_H
#define DECIDE_COMPETE_H

#include "decide/compile.h"

struct snapshot;

/*
 * The competition for the CPUs. A VM whose weight falls short of its reservation of R CPUs gets
 * R x weights / (cpus - reserved), where `weights` is the sum over all VMs whose weight suffices,
 * and `reserved` what those reserve whose weight does not.
 */
struct compile_context {
	const struct snapshot *snapshot;
	int64_t cpus;         /* permyriad: 10000 is one */
	int64_t weights, reserved;
	int64_t weights_now;  /* sum over all VMs as they are */
	int64_t weights_then; /* and with what is wanted */
	bool many_parents;    /* the cgroups of those with weights lie below different ones */
};

/* One VM in that competition. */
struct compile_share {
	int64_t now, base; /* weights, 100 is the default: in force; wanted, else in force */
	int64_t reserve;   /* permyriad of a CPU; 0: none */
	bool raised;       /* its weight is raised for its reservation */
	bool weighs;       /* somebody wants a weight for it */
};
/* Fills all but snapshot and many_parents; `raised` of each share. */
void compile_compete(struct compile_context *context, struct compile_share *shares, size_t count);
/* The weight in force, 100 where it is not known. */
int64_t compile_weight_now(const struct vm *vm);
/* The weight that is wanted, reservations left out; stays where none is. */
void compile_weight_wanted(const struct wanted wanted[static SETTING_COUNT], int64_t *weight);
/* What of a reservation the VM has vCPUs for. */
int64_t compile_reserve_usable(const struct vm *vm, int64_t reserve);
/* The weight that such a reservation needs; above 10000 where none suffices. */
int64_t compile_reserve_weight(const struct compile_context *context, int64_t reserve);

#endif
