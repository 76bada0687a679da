/* SPDX-License-Identifier: MIT */
/* expect: cpu.shares */
#include "peacemaker.h"

int peacemaker_policy_main(void *arg)
{
	struct kvm_list *vm;

	for_each_kvm(vm)
		set_kvm_cpu_shares(vm, -5);
	return 0;
}
