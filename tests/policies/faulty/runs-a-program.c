/* SPDX-License-Identifier: MIT */
/* expect: it made the system call execve, which policies may not */
#include "peacemaker.h"

#include <unistd.h>

int peacemaker_policy_main(void *arg)
{
	return execl("/bin/sh", "sh", "-c", "true", (char *)NULL);
}
