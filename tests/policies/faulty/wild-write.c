/* SPDX-License-Identifier: MIT */
/* expect: it used memory that is not its own */
#include "peacemaker.h"

int peacemaker_policy_main(void *arg)
{
	*(volatile int *)0x123456789000 = 1;
	return 0;
}
