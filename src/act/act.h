/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From plan to host: turns knobs, each through its owner, and gives them back. The lease stands
 * in the journal before the knob is turned. Fast knobs (cgroupfs, system calls, netlink) are
 * turned at once; those behind an owner that may be slow (libvirt, systemd, a VMM) by a worker
 * with a deadline, whose outcomes are collected later: one that never answers delays nobody.
 *
 *     act_new -> { act_apply, act_collect, act_look_for_drift }* -> act_free
 */
#ifndef ACT_ACT_H
#define ACT_ACT_H

#include "model/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct act;
struct error;
struct lease_kind;
struct leases;
struct root;
struct snapshot;

struct act_options {
	uint64_t owner_usec;      /* how long an owner may take; 0: 2 s */
	uint64_t high_usec;       /* memory.high is released after this long; 0: 30 s */
	uint64_t balloon_usec;    /* a balloon has this long to follow; 0: 60 s */
	const char *cgroup;       /* where VMs without a cgroup get one; NULL: "truce" */
	uint64_t uplink_bytes_per_second; /* what the VMs' taps share; 0: as a bridge's port says */
	bool dry_run;             /* nothing is turned; every item's outcome is APPLIED */
};

/* For leases_open: all kinds that this room writes. Context is the struct act's root. */
extern const struct lease_kind *const act_lease_kinds[];

/* Neither root nor leases is owned. */
struct act *act_new(struct root *root, struct leases *leases, const struct act_options *options,
		    struct error *err);
/* What is set stays. False: an owner has not answered yet, and a thread waits for it; root and
 * leases must then be left as they are until the process ends. Waits for a fifth of a second. */
bool act_free(struct act *act);

/* SET and RELEASE items of the plan; others are left. Each gives one outcome, by act_collect,
 * save one that waits for a slow owner and is overtaken by another for the same knob; to ask
 * again for what waits already is no second item. */
int act_apply(struct act *act, const struct snapshot *snapshot, const struct plan *plan,
	      struct error *err);
/* Outcomes since the last call; owned by act, valid until the next call. */
size_t act_collect(struct act *act, const struct outcome **ret);
int act_fd(const struct act *act); /* readable: outcomes of the worker are there */

/* Reads back what is set, some at each call, all within a few; differences are outcomes of
 * DRIFT. */
void act_look_for_drift(struct act *act, const struct snapshot *snapshot);
/* All of it now, save what a slow owner would have to be asked for. */
void act_look_now(struct act *act, const struct snapshot *snapshot);
/* Timers (memory.high's release, a balloon's deadline): the next one's monotonic time; 0: none. */
uint64_t act_timer_usec(const struct act *act);
void act_run_timers(struct act *act, const struct snapshot *snapshot);

/* What is in force now, where it arbitrates; of a slow owner what was last heard (-EAGAIN:
 * nothing yet). -ENOENT: this VM or host has no such knob. */
int act_read(struct act *act, const struct snapshot *snapshot, const struct vm_identity *vm,
	     enum setting setting, struct setting_value *ret, char where[static 64],
	     struct error *err);
/* After a start, and for an arbiter that is new: all that is set, by the journal too, as outcomes. */
size_t act_resume(struct act *act, const struct snapshot *snapshot);
/* Gives back one setting of a VM (SETTING_COUNT: all of them); NULL: of everybody. Slow owners
 * are asked side by side and have `owner_usec` together. Returns how many could not be given
 * back; outcomes tell which were. */
size_t act_undo(struct act *act, const struct vm_identity *vm, enum setting setting,
		struct error *err);

#endif
