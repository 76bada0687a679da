/* SPDX-License-Identifier: MIT */
/* expect: it ended its process with exit(7) */
#include "peacemaker.h"

#include <stdlib.h>

int peacemaker_policy_main(void *arg)
{
	exit(7);
}
