/* SPDX-License-Identifier: MIT */
/* expect: was built for version 2 of the interface, and this is version 1: build it again with */
#define PEACEMAKER_LIBRARY
#include "peacemaker.h"

/* As the header of another version would have it. */
const struct {
	unsigned abi;
	const char *source;
} peacemaker_policy_about = { PEACEMAKER_ABI + 1, __FILE__ };

int peacemaker_policy_main(void *arg)
{
	return 0;
}
