/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests: a host as a directory in the capture format, made and changed file by file. What
 * changes between two ticks is read at the second, as on a live host.
 */
#ifndef OBSERVE_FAKE_HOST_H
#define OBSERVE_FAKE_HOST_H

#include "model/snapshot.h"
#include "observe/observe.h"
#include "sys/root.h"

struct fake_host {
	char directory[64];
	struct root *root;
	struct observe *observe;
};

/* A host with nothing but its own files, cgroup v2. */
void fake_host_new(struct fake_host *host);
void fake_host_free(struct fake_host *host);
void fake_put(struct fake_host *host, const char *path, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void fake_link(struct fake_host *host, const char *target, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void fake_remove(struct fake_host *host, const char *path);

struct fake_process {
	int pid, ppid;
	const char *comm, *exe;
	const char *arguments; /* with \n between them */
	const char *cgroup;    /* "/" */
	unsigned threads;
};

/* With stat, status, io, cgroup, cmdline, comm, and its main thread. */
void fake_process(struct fake_host *host, const struct fake_process *process);
void fake_thread(struct fake_host *host, int pid, int tid, const char *comm, uint64_t run_nsec,
		 uint64_t delay_nsec);
/* A KVM VM of that process as debugfs shows it, with vCPUs whose threads are tids (0 ends). */
void fake_kvm(struct fake_host *host, int pid, int fd, const int *tids);

/* Opens the observer (through faults where rules are given) and takes the first tick. */
void fake_observe(struct fake_host *host, const struct observe_options *options,
		  const char *faults);
const struct snapshot *fake_tick(struct fake_host *host);
const struct vm *fake_vm(struct fake_host *host, int pid);

#endif
