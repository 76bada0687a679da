/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/task.h"

#include "base/cleanup.h"
#include "sys/cpu_list.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

int task_set(struct root *root, pid_t tid, enum root_task what, const char *value)
{
	/* 0 would be the thread that calls. */
	if (tid <= 0)
		return -ESRCH;
	return root->ops->set_task != NULL ? root->ops->set_task(root, tid, what, value) : -EROFS;
}

int task_set_slice(struct root *root, pid_t tid, uint64_t nsec)
{
	char value[24];

	snprintf(value, sizeof value, "%" PRIu64, nsec);
	return task_set(root, tid, ROOT_TASK_SLICE, value);
}

int task_slice(struct root *root, pid_t tid, uint64_t *ret_nsec)
{
	if (tid <= 0)
		return -ESRCH;
	return root->ops->task_slice != NULL ? root->ops->task_slice(root, tid, ret_nsec) : -ENOSYS;
}

/* As sched_setattr(2) has it since 5.3; not every libc knows it. */
struct scheduling {
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period; /* runtime: the slice where neither of the others rules */
	uint32_t least_utilisation, most_utilisation;
};

static bool has_slice(const struct scheduling *scheduling)
{
	return scheduling->policy != SCHED_FIFO && scheduling->policy != SCHED_RR &&
	       scheduling->policy != SCHED_DEADLINE;
}

static int read_scheduling(pid_t tid, struct scheduling *ret)
{
	*ret = (struct scheduling){ .size = sizeof *ret };
	if (syscall(SYS_sched_getattr, tid, ret, sizeof *ret, 0) < 0)
		return -errno;
	return has_slice(ret) ? 0 : -EINVAL;
}

int task_slice_here(pid_t tid, uint64_t *ret_nsec)
{
	struct scheduling now;
	int r = read_scheduling(tid, &now);

	if (r == 0 && now.runtime == 0)
		return -EOPNOTSUPP;
	if (r == 0)
		*ret_nsec = now.runtime;
	return r;
}

int task_cpus(struct root *root, pid_t tid, uint64_t *ret_digest)
{
	if (tid <= 0)
		return -ESRCH;
	return root->ops->task_cpus != NULL ? root->ops->task_cpus(root, tid, ret_digest) : -ENOSYS;
}

/* FNV-1a over the kernel's words. It gives as many bytes as it has CPUs for: -EINVAL beyond these. */
int task_cpus_here(pid_t tid, uint64_t *ret_digest)
{
	uint64_t words[64], digest = 14695981039346656037u;
	long size = syscall(SYS_sched_getaffinity, tid, sizeof words, words);
	size_t i;

	if (size < 0)
		return -errno;
	for (i = 0; i < (size_t)size / sizeof *words; i++)
		digest = (digest ^ words[i]) * 1099511628211u;
	*ret_digest = digest;
	return 0;
}

static int set_slice(pid_t tid, uint64_t nsec)
{
	struct scheduling now;
	int r = read_scheduling(tid, &now);

	if (r < 0)
		return r;
	now.runtime = nsec;
	return syscall(SYS_sched_setattr, tid, &now, 0) < 0 ? -errno : 0;
}

static int set_affinity_within(pid_t tid, const char *cpus, size_t most)
{
	CLEANUP_FREE bool *flags = calloc(most, sizeof *flags);
	size_t size = CPU_ALLOC_SIZE(most);
	cpu_set_t *set;
	size_t i;
	int r;

	if (flags == NULL)
		return -ENOMEM;
	r = cpu_list_mark(cpus, strlen(cpus), flags, most);
	if (r < 0)
		return r;
	set = CPU_ALLOC(most);
	if (set == NULL)
		return -ENOMEM;
	CPU_ZERO_S(size, set);
	for (i = 0; i < most; i++)
		if (flags[i])
			CPU_SET_S(i, size, set);
	r = sched_setaffinity(tid, size, set) < 0 ? -errno : 0;
	CPU_FREE(set);
	return r;
}

/* Few machines have CPUs beyond a thousand, and the rest need not wait for them. */
static int set_affinity(pid_t tid, const char *cpus)
{
	int r = set_affinity_within(tid, cpus, 1024);

	return r == -ERANGE ? set_affinity_within(tid, cpus, CPU_LIST_LIMIT) : r;
}

static int set_policy(pid_t tid, int policy)
{
	struct sched_param param = { .sched_priority = 0 };

	return sched_setscheduler(tid, policy, &param) < 0 ? -errno : 0;
}

int task_set_here(pid_t tid, enum root_task what, const char *value)
{
	if (what == ROOT_TASK_AFFINITY)
		return set_affinity(tid, value);
	if (what == ROOT_TASK_POLICY)
		return set_policy(tid, atoi(value));
	if (what == ROOT_TASK_SLICE)
		return set_slice(tid, strtoull(value, NULL, 10));
	/* In Linux PRIO_PROCESS means one thread. */
	return setpriority(PRIO_PROCESS, (id_t)tid, atoi(value)) < 0 ? -errno : 0;
}
