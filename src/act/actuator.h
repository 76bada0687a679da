/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One way to turn one knob. An actuator is a file that defines one struct of functions and
 * registers it by a line in actuators.c; for each setting the first of the list that can serve
 * the VM is taken, so owners stand before plain files. Everything that it changes it leases first
 * (act_lease.h does both in one call).
 *
 * Fast ones are called on the caller's thread, slow ones on the worker's, several at a time but
 * never two for the same VM. `serves` is always called on the caller's.
 */
#ifndef ACT_ACTUATOR_H
#define ACT_ACTUATOR_H

#include "act/act.h"
#include "model/plan.h"
#include "model/snapshot.h"

struct act_context;
struct cgroup_layout;
struct cpu_place;
struct error;
struct leases;
struct root;

struct act_context {
	struct root *root;
	struct leases *leases;
	const struct act_options *options;
	const struct cgroup_layout *layout; /* as it was a few seconds ago; NULL: read it */
	struct cpu_place *seen; /* of one VM that is only looked at: kept once found; NULL: not kept */
	uint64_t deadline_usec; /* monotonic; for actuators that are slow */
	char note[400];         /* for leases_take: setting, value and cause as act writes them */
};

/* What an actuator knows of the VM: copied, because the worker outlives the snapshot. */
struct act_target {
	struct vm_identity vm;   /* pid 0: the host */
	char name[64];
	char uuid[40];
	char owner[32];          /* VM_TEXT_OWNER */
	char vmm[32];
	char cgroup[512];        /* VM_TEXT_CGROUP */
	bool cgroup_own;
	bool alone;              /* no other VM lives in its process */
	char weight_where[32];
	char hindrances[128];    /* VM_TEXT_HINDRANCES */
	char taps[512];
	pid_t *tids;             /* vCPUs first; where it is not alone, its vCPUs only */
	size_t tid_count, vcpu_count;
};

struct actuator {
	const char *name;        /* "cgroup-weight": in outcomes' `where` unless it says better */
	enum setting settings[8];
	size_t setting_count;
	bool slow;               /* to be called on the worker */
	bool once;               /* nothing stays set: no lease, no drift, nothing to release */
	/* Whether it can serve this VM here: 1, or 0 with the reason; -EOPNOTSUPP with the reason where
	 * the VM has nothing that it could be turned on (no disk, no tap). Reads only, and quickly. */
	int (*serves)(struct act_context *context, const struct act_target *target,
		      enum setting setting, char reason[static PLAN_REASON_SIZE]);
	/* In the setting's own unit and scale. NULL: cannot be read back. */
	int (*read)(struct act_context *context, const struct act_target *target,
		    enum setting setting, struct setting_value *ret, char where[static 64],
		    struct error *err);
	/* Leases, then turns; on a failure nothing is left changed. */
	int (*set)(struct act_context *context, const struct act_target *target,
		   enum setting setting, const struct setting_value *value, char where[static 64],
		   struct error *err);
	/* Gives back what `set` changed, and drops the leases. NULL: act_release_setting does. */
	int (*release)(struct act_context *context, const struct act_target *target,
		       enum setting setting, struct error *err);
};

extern const struct actuator *const actuators[]; /* ended by NULL */

#endif
