/* SPDX-License-Identifier: MIT */
/* expect: is no policy: it was not built against peacemaker.h */
int peacemaker_policy_main(void *arg)
{
	return 0;
}
