/* SPDX-License-Identifier: MIT */
/* expect: it took more CPU time than a turn may | it did not answer within */
#include "peacemaker.h"

int peacemaker_policy_main(void *arg)
{
	for (volatile unsigned turns = 0;; turns++)
		;
}
