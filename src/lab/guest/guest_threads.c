/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/guest/guest_threads.h"

#include "base/cleanup.h"
#include "base/error.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>

static int thread_pin(pid_t tid, const unsigned *cpus, size_t count, struct error *err)
{
	unsigned most = 0;
	cpu_set_t *set;
	size_t size, i;
	int code = 0;

	for (i = 0; i < count; i++)
		most = cpus[i] > most ? cpus[i] : most;
	set = CPU_ALLOC(most + 1);
	size = CPU_ALLOC_SIZE(most + 1);
	if (set == NULL)
		return error_errno(err, -ENOMEM, "no room for a set of CPUs");
	CPU_ZERO_S(size, set);
	for (i = 0; i < count; i++)
		CPU_SET_S(cpus[i], size, set);
	if (sched_setaffinity(tid, size, set) != 0 && errno != ESRCH)
		code = error_errno(err, -errno, "thread %d cannot be pinned to CPU %u%s", (int)tid,
				   cpus[0], count > 1 ? ", ..." : "");
	CPU_FREE(set);
	return code;
}

static bool is_vcpu(pid_t tid, const pid_t *vcpus, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (vcpus[i] == tid)
			return true;
	return false;
}

/* A thread that is born meanwhile has the CPUs of the one that made it. */
static int others_pin(pid_t pid, const pid_t *vcpus, size_t vcpu_count, const unsigned *cpus,
		      size_t cpu_count, struct error *err)
{
	CLEANUP_CLOSEDIR DIR *dir = NULL;
	struct dirent *entry;
	char path[48];
	int code = 0;

	snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	dir = opendir(path);
	if (dir == NULL)
		return errno == ENOENT ? 0 : error_errno(err, -errno, "%s", path);
	while (code == 0 && (entry = readdir(dir)) != NULL) {
		pid_t tid = atoi(entry->d_name);

		if (tid > 0 && !is_vcpu(tid, vcpus, vcpu_count))
			code = thread_pin(tid, cpus, cpu_count, err);
	}
	return code;
}

int guest_threads_pin(pid_t pid, const pid_t *vcpus, size_t vcpu_count, const unsigned *cpus,
		      size_t cpu_count, bool alone, struct error *err)
{
	bool own = alone && cpu_count >= vcpu_count;
	size_t i;
	int code = others_pin(pid, vcpus, vcpu_count, cpus, cpu_count, err);

	for (i = 0; code == 0 && i < vcpu_count; i++)
		code = thread_pin(vcpus[i], own ? &cpus[i] : cpus, own ? 1 : cpu_count, err);
	return code;
}
