/* SPDX-License-Identifier: MIT */
/*
 * What a policy in C is written against: the thirteen functions by the names, types and meaning
 * of the paper that described them, and in the same style every other figure and knob. A policy
 * that includes this header can be carried to any host; a change of rules touches only the
 * policy. `truce policy build foo.c` makes foo.so, which truced and `truce policy replay` load.
 *
 * All reads see one snapshot of the host: none sees what was asked for in the same turn. What is
 * set is asked for, and holds until the policy sets something else or releases it; it is carried
 * out, through the owner of each knob, after the policy yields. A handle stays good while the VM
 * lives; one of a VM that is gone reads as absent, and setting it does nothing.
 *
 * A policy has no files, no sockets, no clock but the snapshot's, 1 MiB of stack, and a limit of
 * CPU time for each turn. One that breaks the rules or crashes is started anew.
 */
#ifndef PEACEMAKER_H
#define PEACEMAKER_H

#include <limits.h>
#include <stddef.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PEACEMAKER_ABI 1

struct task_struct; /* a process that runs a VM */
struct kvm_list;    /* a VM's entry of peace_list: from its creation by KVM to its destruction */

/* How busy the physical CPUs were, in per cent of all of them; -1 where the host does not tell.
 * Over what has been seen, while less has been seen than the time that a figure is of. */
struct cpu_loadavg {
	int one_minute;
	int five_minutes;
	int fifteen_minutes;
};

/* -- the thirteen ----------------------------------------------------------------------------- */

/* The nice value where it arbitrates: that of the VM's threads, its autogroup, or its cgroup's
 * weight on nice's scale. */
void set_kvm_nice(struct task_struct *vm, long nice);
int get_kvm_nice(const struct task_struct *vm);
int get_nr_kvms(void);
void get_physical_cpus_loadavg(struct cpu_loadavg *ret);

/* NULL while there is no VM; of equals the VM with the lowest identity. The highest priority is
 * the largest weight. Usage is CPU time since the policy last looked, else since the VM's birth. */
struct kvm_list *get_max_kvms_nice(void);
struct kvm_list *get_min_kvms_nice(void);
struct kvm_list *get_max_kvms_prio(void);
struct kvm_list *get_min_kvms_prio(void);
struct kvm_list *get_max_kvms_usage(void);
struct kvm_list *get_min_kvms_usage(void);

/* The VM that a process belongs to, or NULL. */
struct kvm_list *search_pid_from_peace_list(pid_t pid);
/* Under management (as every VM is at first), and out of it: what the policy set is given back.
 * Both show from the next snapshot on. */
void add_kvm_list(struct task_struct *vm);
void del_kvm_list(pid_t pid);

/* What a policy defines: its own loop. When it returns, as the paper's does without VMs, it is
 * called again at the next snapshot that has one. */
int peacemaker_policy_main(void *arg);

/* -- what the paper's policy takes from the kernel --------------------------------------------- */

#ifndef HZ
#define HZ 1000
#endif
/* Yields: what was asked for is carried out, and the next snapshot at or after that time is
 * looked at. In 1/HZ s; returns 0, or what is left of it where PEACEMAKER_WAKES woke it earlier. */
long schedule_timeout(long timeout);
int task_nice(const struct task_struct *vm);
long get_jiffies(void); /* the snapshot's time, in 1/HZ s */

struct task_struct *kvm_list_task(const struct kvm_list *vm);
struct kvm_list *task_kvm_list(const struct task_struct *task);
/* Any VM's process, managed or not: what add_kvm_list takes. */
struct task_struct *find_kvm_task(pid_t pid);

/* -- beyond ------------------------------------------------------------------------------------ */

/* A figure that is absent: less than every other. */
#define PEACEMAKER_ABSENT LLONG_MIN
#define PEACEMAKER_UNLIMITED LLONG_MAX /* of a setting: no limit */

#include "peacemaker_figures.h"

/* for_each_kvm(vm) { ... }: in the order of identity. */
struct kvm_list *get_first_kvm(void);
struct kvm_list *get_next_kvm(const struct kvm_list *vm);
#define for_each_kvm(vm) for ((vm) = get_first_kvm(); (vm) != NULL; (vm) = get_next_kvm(vm))

pid_t get_kvm_pid(const struct kvm_list *vm);
long long get_kvm_figure(const struct kvm_list *vm, enum peace_kvm_figure figure);
/* By how much it grew since the policy last looked. */
long long get_kvm_growth(const struct kvm_list *vm, enum peace_kvm_figure figure);
/* NULL where not known; good until the policy yields. */
const char *get_kvm_text(const struct kvm_list *vm, enum peace_kvm_text text);
long long get_host_figure(enum peace_host_figure figure);
long long get_host_growth(enum peace_host_figure figure);
int get_nr_cpus(void);
/* How many seconds of utilisation have been seen: 900 are the most that count. */
int get_physical_cpus_loadavg_seen(void);
/* The kernel's own load average: threads that run or wait, in thousandths. */
struct kernel_loadavg {
	int one_minute_milli;
	int five_minutes_milli;
	int fifteen_minutes_milli;
};
void get_kernel_loadavg(struct kernel_loadavg *ret);

void set_kvm_setting(struct kvm_list *vm, enum peace_setting setting, long long value);
void set_kvm_setting_text(struct kvm_list *vm, enum peace_setting setting, const char *value);
void release_kvm_setting(struct kvm_list *vm, enum peace_setting setting);
void set_host_setting(enum peace_setting setting, long long value);
void release_host_setting(enum peace_setting setting);
/* Why, for whoever asks: said before what is set, until the policy says another or yields. The
 * figures that were read since the last setting stand beside it. */
void set_kvm_reason(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Memory that is found again as it was when the policy is started anew. At the beginning of
 * peacemaker_policy_main; once. */
void peacemaker_keep(void *memory, size_t size);

/* At file scope: PEACEMAKER_INTERVAL_MSEC(500); PEACEMAKER_NEEDS(PEACEMAKER_NEED_MAPS); */
#define PEACEMAKER_INTERVAL_MSEC(msec) const unsigned peacemaker_policy_interval_msec = (msec)
enum { PEACEMAKER_NEED_MAPS = 1, PEACEMAKER_NEED_OWNER = 2, PEACEMAKER_NEED_PRESSURE = 4 };
#define PEACEMAKER_NEEDS(needs) const unsigned peacemaker_policy_needs = (needs)
/* PEACEMAKER_WAKES(PEACEMAKER_WAKE_BIRTH): a VM that is born is seen at once, and not when
 * schedule_timeout is over. A policy that does not say so is left asleep. */
enum { PEACEMAKER_WAKE_BIRTH = 1 };
#define PEACEMAKER_WAKES(events) const unsigned peacemaker_policy_wakes = (events)

#include "peacemaker_place.h"

#ifdef __cplusplus
}
#endif

#endif
