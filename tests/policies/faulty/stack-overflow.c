/* SPDX-License-Identifier: MIT */
/* expect: its stack overflowed */
#include "peacemaker.h"

static int deeper(volatile int *above)
{
	volatile int here[64] = { *above + 1 };

	return deeper(here) + here[0];
}

int peacemaker_policy_main(void *arg)
{
	int volatile start = 0;

	return deeper(&start);
}
