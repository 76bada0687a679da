/* SPDX-License-Identifier: MIT */
/* expect: it made the system call clock_nanosleep, which policies may not */
#include "peacemaker.h"

#include <unistd.h>

int peacemaker_policy_main(void *arg)
{
	sleep(3600);
	return 0;
}
