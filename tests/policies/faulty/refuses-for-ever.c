/* SPDX-License-Identifier: MIT */
/* expect: its process sent what no policy says: refused twice */
#include "peacemaker.h"

#include <unistd.h>

/* Sentences without end, for a reader that takes all that is there. */
int peacemaker_policy_main(void *arg)
{
	static const unsigned char refusal[] = { 1, 0, 0, 0, 2, 0, 0, 0, 'x' };

	while (write(3, refusal, sizeof refusal) > 0)
		;
	return 0;
}
