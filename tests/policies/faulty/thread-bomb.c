/* SPDX-License-Identifier: MIT */
/* expect: which policies may not */
#include "peacemaker.h"

#include <pthread.h>

static void *spin(void *arg)
{
	for (;;)
		;
}

int peacemaker_policy_main(void *arg)
{
	pthread_t thread;

	for (;;)
		pthread_create(&thread, NULL, spin, NULL);
}
