/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cgroup that a VM's CPU knobs belong to, as /proc says now (a snapshot may be older), and
 * one of its own where it has none. Weights arbitrate between siblings, so one is made beside the
 * other VMs: in "machine" where libvirt keeps its domains there, else in truce/ at the top. All
 * that is made is leased, and goes when nothing set stands in it.
 */
#ifndef ACT_CPU_PLACE_H
#define ACT_CPU_PLACE_H

#include "act/actuator.h"
#include "sys/cgroup.h"

struct cpu_place {
	enum cgroup_controller controller; /* the CPU's, or whose it was looked for */
	struct cgroup_layout layout;
	char path[512];      /* as /proc/PID/cgroup has it, without libvirt's leaves */
	char directory[800]; /* where its files are */
	bool v2;
	bool in_root;
	bool own;            /* nothing but this VM is in it */
};

/* -ENOENT: no hierarchy has the CPU controller. */
int cpu_place_find(struct act_context *context, const struct act_target *target,
		   struct cpu_place *ret, struct error *err);
/* The same for another controller's knobs; in v2 a process has one cgroup for all of them. */
int cpu_place_find_in(struct act_context *context, const struct act_target *target,
		      enum cgroup_controller controller, struct cpu_place *ret,
		      struct error *err);
/* Whether one can be made: 1, or 0 with the reason. */
int cpu_place_can_be_made(const struct act_target *target, const struct cpu_place *place,
			  char reason[static PLAN_REASON_SIZE]);
/* Makes one, moves the VM into it with all that belongs to it, and finds it again. */
int cpu_place_make(struct act_context *context, const struct act_target *target,
		   struct cpu_place *place, struct error *err);
/* Whether a failure of making means that only nice is left. */
bool cpu_place_is_refused(int code);

/* In v2 a cgroup that is not given the controller competes as the next above that is: whether
 * that is the hierarchy's root. */
bool cpu_place_competes_in_root(struct act_context *context, const struct cpu_place *place);

/* A file of the place; false where the name does not fit. */
bool cpu_place_file(const struct cpu_place *place, const char *file, char *ret, size_t ret_size);
bool cpu_place_has(struct act_context *context, const struct cpu_place *place, const char *file);
/* In v2 the controller may not be given to the children of some ancestor yet. */
int cpu_place_enable(struct act_context *context, const struct cpu_place *place,
		     const char *controller, struct error *err);
/* Leases, then writes. */
int cpu_place_write(struct act_context *context, const struct act_target *target,
		    const struct cpu_place *place, const char *file, const char *text,
		    struct error *err);
/* One number; "max" is FIELD_UNLIMITED. */
int cpu_place_number(struct act_context *context, const struct cpu_place *place, const char *file,
		     int64_t *ret);
/* What arbitrates, and against whom it does not. */
void cpu_place_tell(struct act_context *context, const struct act_target *target,
		    const struct cpu_place *place, const char *file, char where[static 64]);

/* Setting failed: what was made for it and serves nobody goes. */
void cpu_place_abandon(struct act_context *context, const struct act_target *target);
/* A setting's leases, then whatever of ours serves nobody any more. */
int cpu_place_release(struct act_context *context, const struct act_target *target,
		      enum setting setting, struct error *err);

#endif
