/* SPDX-License-Identifier: MIT */
/*
 * The thirteen functions that a policy is written against, by the names, types and meaning of
 * the paper that described them. This header is the contract and nothing else: a policy that
 * includes it can be carried to any host, and a change of rules touches only the policy.
 * The library behind it comes with truced; until that is part of Truce, a policy compiles
 * against this header and cannot be linked.
 *
 * All reads see one snapshot of the host. Adjustments are planned, and carried out after the
 * policy yields; no read sees a plan of the same turn.
 */
#ifndef PEACEMAKER_H
#define PEACEMAKER_H

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct task_struct; /* a process that runs a VM */
struct kvm_list;    /* a VM's entry of peace_list: from its creation by KVM to its destruction */

/* How busy the physical CPUs were, in per cent of all of them. */
struct cpu_loadavg {
	int one_minute;
	int five_minutes;
	int fifteen_minutes;
};

void set_kvm_nice(struct task_struct *vm, long nice);
int get_kvm_nice(const struct task_struct *vm);
int get_nr_kvms(void);
void get_physical_cpus_loadavg(struct cpu_loadavg *ret);

/* NULL while there is no VM; of equals the VM with the lowest identity. */
struct kvm_list *get_max_kvms_nice(void);
struct kvm_list *get_min_kvms_nice(void);
struct kvm_list *get_max_kvms_prio(void);
struct kvm_list *get_min_kvms_prio(void);
struct kvm_list *get_max_kvms_usage(void);
struct kvm_list *get_min_kvms_usage(void);

/* The VM that a process belongs to, or NULL. */
struct kvm_list *search_pid_from_peace_list(pid_t pid);
void add_kvm_list(struct task_struct *vm);
void del_kvm_list(pid_t pid);

/* What a policy defines: its own loop. */
int peacemaker_policy_main(void *arg);

#ifdef __cplusplus
}
#endif

#endif
