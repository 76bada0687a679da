/* SPDX-License-Identifier: MIT */
/* expect: which policies may not */
#include "peacemaker.h"

#include <sys/mman.h>

int peacemaker_policy_main(void *arg)
{
	mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return 0;
}
