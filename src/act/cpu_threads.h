/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPU knobs of a VM's threads: nice (of its autogroup where that arbitrates), SCHED_IDLE,
 * affinity. What starts later inherits them. A weight is the nearest nice then, whose steps are a
 * quarter each: `where` says what it is really worth.
 */
#ifndef ACT_CPU_THREADS_H
#define ACT_CPU_THREADS_H

#include "act/actuator.h"

/* All threads, as they are now; where the VM is not alone in its process, its vCPUs. */
struct cpu_threads {
	struct act_context *context;
	const struct act_target *target;
	const char *cpus; /* of an affinity */
	int64_t number;   /* a nice, a policy or nanoseconds */
	int (*turn)(struct cpu_threads *threads, pid_t tid, struct error *err);
	struct error *err;
	size_t turned;
};

/* `turn` for each of them. -ESRCH: none is there any more. */
int cpu_threads_turn(struct cpu_threads *threads);

bool cpu_threads_has(enum setting setting);
int cpu_threads_read(struct act_context *context, const struct act_target *target,
		     enum setting setting, struct setting_value *ret, char where[static 64],
		     struct error *err);
int cpu_threads_set(struct act_context *context, const struct act_target *target,
		    enum setting setting, const struct setting_value *value,
		    char where[static 64], struct error *err);

#endif
