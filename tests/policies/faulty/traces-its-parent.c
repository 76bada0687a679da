/* SPDX-License-Identifier: MIT */
/* expect: it made the system call ptrace, which policies may not */
#include "peacemaker.h"

#include <sys/ptrace.h>
#include <unistd.h>

int peacemaker_policy_main(void *arg)
{
	return (int)ptrace(PTRACE_ATTACH, 1, NULL, NULL);
}
