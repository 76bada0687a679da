/* SPDX-License-Identifier: MIT */
/* expect: which policies may not */
#include "peacemaker.h"

#include <sys/resource.h>

int peacemaker_policy_main(void *arg)
{
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	return setrlimit(RLIMIT_AS, &all);
}
