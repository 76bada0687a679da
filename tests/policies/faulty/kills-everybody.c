/* SPDX-License-Identifier: MIT */
/* expect: it made the system call kill, which policies may not */
#include "peacemaker.h"

#include <signal.h>

int peacemaker_policy_main(void *arg)
{
	return kill(-1, SIGKILL);
}
