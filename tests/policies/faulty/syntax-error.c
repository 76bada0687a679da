/* SPDX-License-Identifier: MIT */
/* expect: error: */
#include "peacemaker.h"

int peacemaker_policy_main(void *arg)
{
	return get_nr_kvms(;
}
