/* SPDX-License-Identifier: MIT */
/* expect: it aborted */
#include "peacemaker.h"

#include <stdlib.h>

int peacemaker_policy_main(void *arg)
{
	abort();
}
