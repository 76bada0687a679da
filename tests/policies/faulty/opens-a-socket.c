/* SPDX-License-Identifier: MIT */
/* expect: it made the system call socket, which policies may not */
#include "peacemaker.h"

#include <sys/socket.h>

int peacemaker_policy_main(void *arg)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}
