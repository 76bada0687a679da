/* SPDX-License-Identifier: MIT */
/* expect: it used memory that is not its own */
#include "peacemaker.h"

int peacemaker_policy_main(void *arg)
{
	char *name = (char *)get_kvm_name(get_first_kvm());

	if (name != NULL)
		*(volatile char *)name = '#';
	return 0;
}
