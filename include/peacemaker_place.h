/* SPDX-License-Identifier: MIT */
/* Part of peacemaker.h, of no interest to who writes a policy: what a policy was built against,
 * and in which line of it each adjustment was asked for. */
#ifndef PEACEMAKER_PLACE_H
#define PEACEMAKER_PLACE_H

void peacemaker_at(const char *function, int line);
struct task_struct *peacemaker_same_task(const struct task_struct *task);

#ifndef PEACEMAKER_LIBRARY
/* What was built against what: looked at before the policy runs. */
struct peacemaker_policy_about {
	unsigned abi;
	const char *source;
};
/* Weak: each file of a policy has it. */
extern const struct peacemaker_policy_about peacemaker_policy_about
	__attribute__((weak, visibility("default")));
const struct peacemaker_policy_about peacemaker_policy_about = { PEACEMAKER_ABI, __BASE_FILE__ };

/* Each adjustment knows its line. */
#define peacemaker_place(name) peacemaker_at(name, __LINE__)
#define set_kvm_setting(vm, setting, value) \
	(peacemaker_place("set_kvm_setting"), set_kvm_setting(vm, setting, value))
#define set_kvm_setting_text(vm, setting, value) \
	(peacemaker_place("set_kvm_setting_text"), set_kvm_setting_text(vm, setting, value))
#define release_kvm_setting(vm, setting) \
	(peacemaker_place("release_kvm_setting"), release_kvm_setting(vm, setting))
#define set_host_setting(setting, value) \
	(peacemaker_place("set_host_setting"), set_host_setting(setting, value))
#define schedule_timeout(timeout) \
	(peacemaker_place("schedule_timeout"), schedule_timeout(timeout))
#define del_kvm_list(pid) (peacemaker_place("del_kvm_list"), del_kvm_list(pid))

#ifndef __cplusplus
/* The paper's policy hands what get_min_kvms_prio gave to task_nice and set_kvm_nice: both
 * handles of a VM will do. */
#define peacemaker_task(vm)                                                                       \
	_Generic((vm), struct kvm_list *: kvm_list_task, const struct kvm_list *: kvm_list_task, \
		 default: peacemaker_same_task)(vm)
#define set_kvm_nice(vm, nice) \
	(peacemaker_place("set_kvm_nice"), set_kvm_nice(peacemaker_task(vm), nice))
#define get_kvm_nice(vm) get_kvm_nice(peacemaker_task(vm))
#define task_nice(vm) task_nice(peacemaker_task(vm))
#define add_kvm_list(vm) (peacemaker_place("add_kvm_list"), add_kvm_list(peacemaker_task(vm)))
#endif
#endif

#endif
