/* SPDX-License-Identifier: MIT */
/* expect: it took more CPU time than a turn may */
#include "peacemaker.h"

int peacemaker_policy_main(void *arg)
{
	for (volatile unsigned turns = 0;; turns++)
		;
}
