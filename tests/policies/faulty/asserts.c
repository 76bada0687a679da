/* SPDX-License-Identifier: MIT */
/* expect: it aborted */
#include "peacemaker.h"

#include <assert.h>

int peacemaker_policy_main(void *arg)
{
	assert(get_nr_kvms() < 0);
	return 0;
}
