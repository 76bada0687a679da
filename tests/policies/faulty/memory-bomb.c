/* SPDX-License-Identifier: MIT */
/* expect: it used a NULL pointer */
#include "peacemaker.h"

#include <stdlib.h>
#include <string.h>

int peacemaker_policy_main(void *arg)
{
	for (;;) {
		char *more = malloc(1 << 20);

		memset(more, 1, 1 << 20);
	}
}
