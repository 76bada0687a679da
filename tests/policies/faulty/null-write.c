/* SPDX-License-Identifier: MIT */
/* expect: it used a NULL pointer, after schedule_timeout in line 9 */
#include "peacemaker.h"

static int *volatile nowhere;

int peacemaker_policy_main(void *arg)
{
	schedule_timeout(0);
	*nowhere = 1;
	return 0;
}
