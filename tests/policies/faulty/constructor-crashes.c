/* SPDX-License-Identifier: MIT */
/* expect: it does not survive being loaded: it used a NULL pointer */
#include "peacemaker.h"

static int *volatile nowhere;

__attribute__((constructor)) static void early(void)
{
	*nowhere = 1;
}

int peacemaker_policy_main(void *arg)
{
	return 0;
}
