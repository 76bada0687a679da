/* SPDX-License-Identifier: MIT */
/* expect: its process sent what no policy says: sent what is no answer */
#include "peacemaker.h"

#include <unistd.h>

int peacemaker_policy_main(void *arg)
{
	static const unsigned nothing[] = { 0, 77 };

	return (int)write(3, nothing, sizeof nothing);
}
