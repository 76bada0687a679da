/* SPDX-License-Identifier: MIT */
/* expect: this is no list of CPUs */
#include "peacemaker.h"

int peacemaker_policy_main(void *arg)
{
	set_kvm_cpu_affinity(get_first_kvm(), "$(reboot)");
	return 0;
}
