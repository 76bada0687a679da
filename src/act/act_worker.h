/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Turns behind owners that may be slow. Each owner (a VM, or the host) has a queue: its turns
 * follow one another, different owners' run side by side, on at most ACT_WORKER_THREADS threads
 * that come and go with the work. An owner that was late is asked
 * again only after a while that doubles, and owners that were late or were never heard may have
 * three quarters of the threads at most: hundreds that are mute delay nobody that answers.
 *
 * A turn that outlasts its deadline is told as late while its thread still waits; what it brings
 * in the end is told then.
 */
#ifndef ACT_ACT_WORKER_H
#define ACT_ACT_WORKER_H

#include "act/act_turn.h"

#include <stdbool.h>

struct act_worker;
struct leases;

enum { ACT_WORKER_THREADS = 16 };

/* A turn with what it points to: a target and a cause of its own. */
struct act_job {
	struct act_turn turn;
	struct cause cause;
	bool late; /* told as late already */
	struct act_job *next;
};

struct act_job *act_job_new(const struct act_turn *turn); /* copies; NULL: no memory */
void act_job_free(struct act_job *job);

/* NULL: no memory. `options` must outlive it. */
struct act_worker *act_worker_new(struct root *root, struct leases *leases,
				  const struct act_options *options);
/* False: a thread still waits for its owner after `wait_usec`; then the worker, root and leases
 * must be left as they are until the process ends. */
bool act_worker_free(struct act_worker *worker, uint64_t wait_usec);
/* Owns the job. One that waits for the same setting of the same VM gives it its place. */
void act_worker_put(struct act_worker *worker, struct act_job *job);
/* Whether exactly this SET (or RELEASE) waits or runs already. */
bool act_worker_has(struct act_worker *worker, const struct act_turn *turn);
/* Takes waiting ones away; VM NULL: of everybody; SETTING_COUNT: all settings. */
void act_worker_cancel(struct act_worker *worker, const struct vm_identity *vm,
		       enum setting setting);
/* The next that is done, to be freed; or one that is late, a copy of it with `late`; NULL. */
struct act_job *act_worker_take(struct act_worker *worker);
int act_worker_fd(const struct act_worker *worker);
/* The earliest deadline of what runs; 0: nothing runs. */
uint64_t act_worker_deadline_usec(struct act_worker *worker);
bool act_worker_is_idle(struct act_worker *worker); /* nothing waits, nothing runs */
/* Until nothing waits or runs, or that time: whether so. */
bool act_worker_wait(struct act_worker *worker, uint64_t monotonic_usec);

#endif
