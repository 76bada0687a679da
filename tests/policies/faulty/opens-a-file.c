/* SPDX-License-Identifier: MIT */
/* expect: it made the system call openat, which policies may not */
#include "peacemaker.h"

#include <fcntl.h>

int peacemaker_policy_main(void *arg)
{
	return open("/etc/passwd", O_RDONLY);
}
