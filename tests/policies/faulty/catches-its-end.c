/* SPDX-License-Identifier: MIT */
/* expect: it made the system call rt_sigaction, which policies may not */
#include "peacemaker.h"

#include <signal.h>

int peacemaker_policy_main(void *arg)
{
	signal(SIGPROF, SIG_IGN);
	for (;;)
		;
}
