/* SPDX-License-Identifier: MIT */
/* expect: it did not answer within */
#include "peacemaker.h"

#include <sys/time.h>

int peacemaker_policy_main(void *arg)
{
	const struct itimerval never = { { 0, 0 }, { 0, 0 } };

	setitimer(ITIMER_PROF, &never, NULL);
	for (volatile unsigned turns = 0;; turns++)
		;
}
