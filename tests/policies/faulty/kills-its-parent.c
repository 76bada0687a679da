/* SPDX-License-Identifier: MIT */
/* expect: it made the system call */
#include "peacemaker.h"

#include <signal.h>
#include <unistd.h>

int peacemaker_policy_main(void *arg)
{
	return kill(getppid(), SIGKILL);
}
