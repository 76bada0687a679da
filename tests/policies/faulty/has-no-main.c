/* SPDX-License-Identifier: MIT */
/* expect: has no function peacemaker_policy_main */
#include "peacemaker.h"

static int my_policy_main(void *arg)
{
	return get_nr_kvms();
}

int main_of_another_name(void *arg)
{
	return my_policy_main(arg);
}
