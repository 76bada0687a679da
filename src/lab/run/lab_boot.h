/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The VMs of one boot, from their start until they are gone, and the loop in which all that
 * happens to them is heard. One thread. Whatever one of them does wrong ends what the boot is at,
 * with its sentence; ending the boot leaves nothing of it.
 */
#ifndef LAB_RUN_LAB_BOOT_H
#define LAB_RUN_LAB_BOOT_H

#include "lab/image/lab_image.h"
#include "lab/plan/lab_plan.h"
#include "lab/run/lab_member.h"
#include "lab/run/lab_sample.h"

struct guest_kernel;
struct guest_storage;
struct lab_hands;
struct lab_net;
struct scratch;

enum { LAB_MEMBERS_MOST = 2 * SPEC_VMS_MOST };

struct lab_ground {            /* what all boots of an experiment share */
	const struct lab_plan *plan;
	const struct guest_kernel *const *kernels; /* by a machine's number; NULL: it has none */
	const struct scratch *scratch;
	struct root *root;
	struct lab_hands *hands;   /* NULL: nothing is turned in this experiment */
	const char *agent;         /* NULL: this program's own */
	enum accelerator accelerator;
	uint64_t silence_usec;     /* 0: 10 s */
	int cancel_fd;             /* -1: none */
};

struct lab_boot {
	const struct lab_ground *ground;
	const struct lab_plan_boot *plan;
	/* The VMs; with a network, as many processes at its peer follow, the n-th for VM n. */
	struct lab_member members[LAB_MEMBERS_MOST];
	unsigned member_count, vm_count;
	struct guest_storage *storage;
	struct lab_net *net;
	struct lab_image image;    /* its disk NULL: the built-in guest */
	struct lab_sampler *sampler;
	uint64_t sample_nsec;      /* when the next one is due; 0: nothing is sampled */
	uint64_t ready_usec;       /* how long it took until all were up */
};

/* Returns when all are up. `heard` gets what they say of their workloads. -ECANCELED,
 * -ETIMEDOUT, or what went wrong. */
int lab_boot_start(struct lab_boot *boot, const struct lab_ground *ground,
		   const struct lab_plan_boot *plan, member_heard heard, void *user,
		   struct error *err);
void lab_boot_end(struct lab_boot *boot);

/* Lives until `done` (NULL: never) or that time: 1 or 0. -ECANCELED, or what went wrong. */
int lab_boot_live(struct lab_boot *boot, bool (*done)(const struct lab_boot *boot),
		  uint64_t until_nsec, struct error *err);
/* Whether every member that is not idle is in that state. */
bool lab_boot_all_in(const struct lab_boot *boot, enum member_state state);

#endif
