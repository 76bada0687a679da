/* SPDX-License-Identifier: MIT */
/*
 * figure7: the example policy of the paper that described Truce's adjustment, as printed, with
 * its elisions filled in.
 *
 * For whom:   one host whose VMs are all worth the same, where nobody wants to decide by hand.
 * What:       while the CPUs were busier than 90 % over the last 15 minutes, the VM with the
 *             lowest priority gets one step of nice more, up to 15; while they were idler than
 *             10 %, the VM with the highest priority gets one step less, down to -15.
 * What not:   it knows no classes and looks at no VM's waiting. Over 15 minutes it is slow on
 *             purpose. gold-first reacts to harm.
 * Builds by:  truce policy build figure7.c
 *
 * The load is the physical CPUs' utilisation, as the paper's text says; what is not known yet (-1, at
 * a host's first snapshot) is not idle. The printed loop has no line that yields: what it specifies
 * before the loop is used at the loop's end.
 */
#include "peacemaker.h"

int peacemaker_policy_main(void *arg)
{
	struct cpu_loadavg load_ave;
	struct kvm_list *target_vm;
	long interval = 5 * HZ;
	int nice;

	while (get_nr_kvms() > 0) {
		/* how busy the CPUs are */
		get_physical_cpus_loadavg(&load_ave);
		if (load_ave.fifteen_minutes > 90) {
			/* the VM with the lowest priority */
			target_vm = get_min_kvms_prio();
			nice = task_nice(target_vm);
			if (nice < 15) {
				/* takes CPU from it */
				set_kvm_reason("the CPUs were busier than 90 %% over 15 minutes");
				set_kvm_nice(target_vm, nice + 1);
			}
		} else if (load_ave.fifteen_minutes >= 0 && load_ave.fifteen_minutes < 10) {
			/* the VM with the highest priority */
			target_vm = get_max_kvms_prio();
			nice = task_nice(target_vm);
			if (nice > -15) {
				/* gives it more */
				set_kvm_reason("the CPUs were idler than 10 %% over 15 minutes");
				set_kvm_nice(target_vm, nice - 1);
			}
		}
		schedule_timeout(interval);
	}
	return 0;
}
