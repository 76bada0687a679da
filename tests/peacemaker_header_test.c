/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The contract holds when each function has the paper's type: a wrong one does not compile. */
#include "peacemaker.h"

static void (*const set_nice)(struct task_struct *, long) = set_kvm_nice;
static int (*const get_nice)(const struct task_struct *) = get_kvm_nice;
static int (*const get_number)(void) = get_nr_kvms;
static void (*const get_load)(struct cpu_loadavg *) = get_physical_cpus_loadavg;
static struct kvm_list *(*const find[])(void) = {
	get_max_kvms_nice, get_min_kvms_nice, get_max_kvms_prio,
	get_min_kvms_prio, get_max_kvms_usage, get_min_kvms_usage,
};
static struct kvm_list *(*const search)(pid_t) = search_pid_from_peace_list;
static void (*const add)(struct task_struct *) = add_kvm_list;
static void (*const del)(pid_t) = del_kvm_list;
static int (*const policy)(void *) = peacemaker_policy_main;

const void *const peacemaker_contract[] = { &set_nice, &get_nice, &get_number, &get_load, find,
					    &search,   &add,      &del,        &policy };
