/* SPDX-License-Identifier: MIT */
/* expect: it does not survive being loaded: it made the system call socket */
#include "peacemaker.h"

#include <sys/socket.h>

__attribute__((constructor)) static void early(void)
{
	socket(AF_INET, SOCK_STREAM, 0);
}

int peacemaker_policy_main(void *arg)
{
	return 0;
}
