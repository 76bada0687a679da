/* SPDX-License-Identifier: MIT */
/* expect: there is no such setting */
#include "peacemaker.h"

int peacemaker_policy_main(void *arg)
{
	set_kvm_setting(get_first_kvm(), (enum peace_setting)12345, 1);
	return 0;
}
