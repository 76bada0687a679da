/* SPDX-License-Identifier: MIT */
/* A policy that looks every ten seconds, and gives a VM that is born meanwhile its weight at once. */
#include "peacemaker.h"

PEACEMAKER_WAKES(PEACEMAKER_WAKE_BIRTH);

int peacemaker_policy_main(void *arg)
{
	struct kvm_list *vm;
	long left = 0;

	while (get_nr_kvms() > 0) {
		for_each_kvm(vm) {
			set_kvm_reason(left > 0 ? "it was just born" : "it is time");
			set_kvm_cpu_weight(vm, 300);
		}
		left = schedule_timeout(left > 0 ? left : 10 * HZ);
	}
	return 0;
}
