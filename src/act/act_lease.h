/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Turning a knob under a lease: each of these writes the undo into the journal, then turns, and
 * when turning fails leaves neither change nor lease. A knob leased already keeps the `was` of the
 * first time. `target` NULL stands for the host. Failures come with a sentence.
 *
 * What was turned is given back by the leases' notes: a note begins with "SETTING=VALUE ", so a
 * setting's leases are found without the actuator remembering any. A made cgroup is different: it
 * goes when the last other lease of its VM inside it has gone.
 */
#ifndef ACT_ACT_LEASE_H
#define ACT_ACT_LEASE_H

#include "lease/lease.h"
#include "model/setting.h"

#include <sys/types.h>

struct act_context;
struct act_target;
struct error;
struct proc_stat;
struct root;

/* target: the file; was, now: texts to write. */
extern const struct lease_kind act_lease_file_kind;
/* target: "TID/STARTTICKS"; was, now: nice, a list of CPUs, or a policy's number. */
extern const struct lease_kind act_lease_nice_kind, act_lease_affinity_kind;
extern const struct lease_kind act_lease_policy_kind;
/* target as above; was, now: nanoseconds. */
extern const struct lease_kind act_lease_slice_kind;
/* target: a directory that was made; was: the cgroup directory where stragglers go. */
extern const struct lease_kind act_lease_cgroup_kind;
/* target: the cgroup directory it was moved to; was: the one it came from. */
extern const struct lease_kind act_lease_moved_kind;

/* Reads what is there for `was` (first line, without newline), writes `text`. */
int act_lease_file(struct act_context *context, const struct act_target *target, const char *path,
		   const char *text, struct error *err);
/* Where what undoes it is not what is read: "-cpu" for "+cpu", a nice for an autogroup. */
int act_lease_file_was(struct act_context *context, const struct act_target *target,
		       const char *path, const char *was, const char *text, struct error *err);
/* One thread of the VM. -ESRCH: it has ended, which concerns it alone. */
int act_lease_nice(struct act_context *context, const struct act_target *target, pid_t tid,
		   int nice, struct error *err);
int act_lease_affinity(struct act_context *context, const struct act_target *target, pid_t tid,
		       const char *cpus, struct error *err);
/* A scheduling policy without priorities: SCHED_OTHER, SCHED_BATCH, SCHED_IDLE. */
int act_lease_policy(struct act_context *context, const struct act_target *target, pid_t tid,
		     int policy, struct error *err);
/* What it runs at a stretch. */
int act_lease_slice(struct act_context *context, const struct act_target *target, pid_t tid,
		    uint64_t nsec, struct error *err);
/* Makes the cgroup `directory` (absolute, below a mount); one that is there already is taken
 * over. Its parent must exist: lease that for the host (NULL) first. */
int act_lease_cgroup(struct act_context *context, const struct act_target *target,
		     const char *directory, const char *origin, struct error *err);
/* Moves the VM's process with all its threads by cgroup.procs. Both are absolute directories of
 * one hierarchy. Undone, it goes to `from` or, when that is gone, to its next ancestor. */
int act_lease_move(struct act_context *context, const struct act_target *target,
		   const char *to, const char *from, struct error *err);
/* Any other kind: the lease alone, before the change. `ret_new`: nobody had it yet. */
int act_lease_take(struct act_context *context, const struct act_target *target,
		   const struct lease_kind *kind, const char *what, const char *was,
		   const char *now, uint64_t *ret_id, bool *ret_new, struct error *err);

/* Gives back all leases of this VM (or the host) whose note names the setting, the newest first,
 * then cgroups that nothing is left in. 0 where there are none. */
int act_release_setting(struct act_context *context, const struct act_target *target,
			enum setting setting, struct error *err);
/* Gives back made cgroups of the VM in which no other lease of it stands. */
int act_release_cgroups(struct act_context *context, const struct vm_identity *vm,
			struct error *err);
/* What /proc tells of a thread now; -ESRCH: it has ended. */
int act_thread_stat(struct root *root, pid_t tid, struct proc_stat *ret);
int act_thread_affinity(struct root *root, pid_t tid, char *ret, size_t size);
/* The setting that a lease's note names, or -1, and its value. */
int act_note_parse(const char *note, struct setting_value *ret);

#endif
