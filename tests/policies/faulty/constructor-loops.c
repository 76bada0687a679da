/* SPDX-License-Identifier: MIT */
/* expect: it does not survive being loaded: it took more CPU time | it takes too long to load */
#include "peacemaker.h"

__attribute__((constructor)) static void early(void)
{
	for (volatile unsigned turns = 0;; turns++)
		;
}

int peacemaker_policy_main(void *arg)
{
	return 0;
}
