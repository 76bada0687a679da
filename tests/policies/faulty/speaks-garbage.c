/* SPDX-License-Identifier: MIT */
/* expect: its process sent what no policy says */
#include "peacemaker.h"

#include <unistd.h>

int peacemaker_policy_main(void *arg)
{
	static const char garbage[] = "\377\377\377\177\003\000\000\000garbage";

	return (int)write(3, garbage, sizeof garbage);
}
