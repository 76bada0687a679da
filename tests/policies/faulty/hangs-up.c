/* SPDX-License-Identifier: MIT */
/* expect: it made the system call close, which policies may not */
#include "peacemaker.h"

#include <unistd.h>

int peacemaker_policy_main(void *arg)
{
	return close(3);
}
