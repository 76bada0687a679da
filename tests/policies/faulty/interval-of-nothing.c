/* SPDX-License-Identifier: MIT */
/* expect: its interval is 0 ms; 10 ms to a day will do */
#include "peacemaker.h"

PEACEMAKER_INTERVAL_MSEC(0);

int peacemaker_policy_main(void *arg)
{
	return 0;
}
