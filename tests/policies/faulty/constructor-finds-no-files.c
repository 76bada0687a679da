/* SPDX-License-Identifier: MIT */
/* expect: it does not survive being loaded: it aborted */
#include "peacemaker.h"

#include <fcntl.h>
#include <stdlib.h>

/* Where it could open this, it would live, and the test would fail. */
__attribute__((constructor)) static void early(void)
{
	if (open("/etc/passwd", O_RDONLY) < 0)
		abort();
}

int peacemaker_policy_main(void *arg)
{
	return 0;
}
