/* SPDX-License-Identifier: MIT */
/* expect: it did not answer within */
#include "peacemaker.h"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int peacemaker_policy_main(void *arg)
{
	const struct itimerspec never = { { 0, 0 }, { 0, 0 } };

	/* The first timer of the process is the one that limits the turn. */
	syscall(SYS_timer_settime, 0, 0, &never, NULL);
	for (volatile unsigned turns = 0;; turns++)
		;
}
