/* SPDX-License-Identifier: MIT */
/* expect: it has no peacemaker_policy_main: that is the function which a policy begins with */
#include "peacemaker.h"

static int my_policy_main(void *arg)
{
	return get_nr_kvms();
}

int main_of_another_name(void *arg)
{
	return my_policy_main(arg);
}
