/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process that holds one VM, or several. It is a fork of the tiny_vmm that was started,
 * which itself never holds a KVM descriptor. It carries its VM's name as comm (cut to 15
 * bytes) and as command line `tiny_vmm-NAME`, leads a process group (so that a terminal's ^C
 * reaches the parent alone), has /dev/null as stdin and stdout, dies with its parent, and has
 * no end of its own: the parent kills it.
 */
#ifndef VMM_VM_PROCESS_H
#define VMM_VM_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

struct error;
struct guest_plan;

struct vm_process_plan {
	const struct guest_plan *guest;
	const char *prefix;   /* of the name */
	bool numbered;        /* the name is PREFIX-NUMBER, else PREFIX */
	unsigned number;      /* of its first VM */
	unsigned vm_count;
	unsigned spin_permyriad; /* of all VMs, spread evenly over their numbers */
	int log_fd;
	int ready_fd;	      /* gets a struct vm_process_ready when all its VMs run */
	const int *close_fds; /* the parent's own, ended by -1 */
	unsigned seat;
};

struct vm_process_ready {
	pid_t pid;
	unsigned seat;
};

/* Before the first fork: remembers where the command line and environment are; a name is
 * written over both. */
void vm_process_remember_title(int argc, char **argv, char **environment);

/* A failure inside the new process is its exit status, with the reason on stderr. */
int vm_process_fork(const struct vm_process_plan *plan, pid_t *ret_pid, struct error *err);

#endif
