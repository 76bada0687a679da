/* SPDX-License-Identifier: MIT */
/* expect: it divided by zero */
#include "peacemaker.h"

int peacemaker_policy_main(void *arg)
{
	volatile int nothing = 0;

	return get_nr_kvms() / nothing;
}
