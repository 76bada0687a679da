/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a VM's threads run at a stretch, and so how soon they run once they want to: of two with the
 * same claim EEVDF takes the one with the earlier deadline, and a waking one with a shorter slice
 * need not wait until the running one has had its own (from 6.12 on; a group has the shortest slice
 * in it). It is no more CPU time, only at other times. What starts later inherits it.
 */
#include "act/act_lease.h"
#include "act/cpu_threads.h"
#include "base/error.h"
#include "sys/task.h"

#include <errno.h>
#include <stdio.h>

extern const struct actuator cpu_slice_actuator;

enum { NSEC_PER_USEC = 1000 };

static pid_t telling_thread(const struct act_target *target)
{
	return target->tid_count > 0 ? target->tids[0] : target->vm.pid;
}

static int refuse(char reason[static PLAN_REASON_SIZE], const char *sentence)
{
	snprintf(reason, PLAN_REASON_SIZE, "%s", sentence);
	return 0;
}

static int serves(struct act_context *context, const struct act_target *target,
		  enum setting setting, char reason[static PLAN_REASON_SIZE])
{
	uint64_t nsec;
	size_t i;
	int r = task_slice(context->root, target->vm.pid, &nsec);

	for (i = 0; r == 0 && i < target->tid_count; i++) {
		r = task_slice(context->root, target->tids[i], &nsec);
		r = r == -ESRCH ? 0 : r;
	}
	switch (r) {
	case 0:
		return 1;
	case -EOPNOTSUPP:
		return refuse(reason, "this kernel (before 6.12) has one slice for all threads");
	case -EINVAL:
		return refuse(reason, "it has real-time threads, which run as long as they want");
	case -ESRCH:
		return refuse(reason, "its process has ended");
	default:
		return refuse(reason, "the kernel does not tell the slices of its threads");
	}
}

static int read_slice(struct act_context *context, const struct act_target *target,
		      enum setting setting, struct setting_value *ret, char where[static 64],
		      struct error *err)
{
	pid_t tid = telling_thread(target);
	uint64_t nsec;
	int r = task_slice(context->root, tid, &nsec);

	if (r < 0)
		return error_errno(err, r, "cannot read the slice of thread %d", (int)tid);
	*ret = (struct setting_value){ .number = (int64_t)(nsec / NSEC_PER_USEC) };
	snprintf(where, 64, "slice of its threads");
	return 0;
}

static int turn_slice(struct cpu_threads *threads, pid_t tid, struct error *err)
{
	return act_lease_slice(threads->context, threads->target, tid, (uint64_t)threads->number,
			       err);
}

static int set_slice(struct act_context *context, const struct act_target *target,
		     enum setting setting, const struct setting_value *value,
		     char where[static 64], struct error *err)
{
	struct cpu_threads threads = { .context = context, .target = target, .turn = turn_slice,
				       .number = value->number * NSEC_PER_USEC, .err = err };
	int r = cpu_threads_turn(&threads);

	snprintf(where, 64, "slice of its threads");
	if (r < 0)
		act_release_setting(context, target, setting, NULL);
	return r;
}

const struct actuator cpu_slice_actuator = {
	.name = "cpu-slice",
	.settings = { SETTING_CPU_SLICE },
	.setting_count = 1,
	.serves = serves,
	.read = read_slice,
	.set = set_slice,
};
