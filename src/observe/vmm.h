/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What kind of program runs a VM: one struct a kind, with its line in vmm_kinds.
 * Everything here comes from a process that may be hostile: bounded, believed only as a label.
 */
#ifndef OBSERVE_VMM_H
#define OBSERVE_VMM_H

#include "model/vm.h"
#include "sys/cmdline.h"

struct process {
	pid_t pid;
	const char *comm;             /* main thread's name */
	const char *exe;              /* base name of the executable, "" where that is refused */
	const char *cgroup;           /* /proc/PID/cgroup, "" where refused */
	const struct cmdline *cmdline; /* empty where refused */
};

/* Texts as far as known, else empty. */
struct vm_description {
	char name[256];
	char uuid[64];
	const char *owner; /* static; NULL: nobody */
};

struct vmm {
	const char *name;
	bool runs_without_kvm; /* found by the slow scan too */
	/* What its main thread's name may begin with: who begins otherwise is not looked into
	 * unless KVM says so. NULL: none. */
	const char *comm_starts[2];
	bool (*is)(const struct process *process);
	void (*describe)(const struct process *process, struct vm_description *ret);
	/* The role by thread name; a vCPU's number in *ret_index. False: the name says nothing. */
	bool (*thread_role)(const char *comm, enum thread_role *ret_role, int *ret_index);
};

extern const struct vmm vmm_qemu, vmm_firecracker, vmm_cloud_hypervisor, vmm_crosvm, vmm_kvmtool,
	vmm_other;

/* Every kind but vmm_other, NULL at the end. */
extern const struct vmm *const vmm_kinds[];

/* Never NULL: vmm_other takes whatever is left. */
const struct vmm *vmm_of(const struct process *process);

/* "PREFIX<number>SUFFIX" and nothing else. */
bool vmm_numbered_name(const char *comm, const char *prefix, const char *suffix, int *ret_index);
/* The first value of an option, written without dashes; NULL: none. */
const char *vmm_option(const struct process *process, const char *option);
/* Base name of the first argument, "" where there is none. */
const char *vmm_first_argument(const struct process *process);
/* The executable, or where that is refused the thread name or first argument, is this program. */
bool vmm_program_is(const struct process *process, const char *program);

#endif
