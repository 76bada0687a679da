/* SPDX-License-Identifier: MIT */
/* expect: it did not answer within */
#include "peacemaker.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

int peacemaker_policy_main(void *arg)
{
	int never = 0;

	syscall(SYS_futex, &never, FUTEX_WAIT, 0, NULL, NULL, 0);
	return 0;
}
