/* SPDX-License-Identifier: MIT */
/* expect: its process sent what no policy says: crashed in an unheard-of way */
#include "peacemaker.h"

#include <unistd.h>

/* One crash is believed, and then another, and another. */
int peacemaker_policy_main(void *arg)
{
	static unsigned char crash[8 + 80] = { 80, 0, 0, 0, 5 };

	while (write(3, crash, sizeof crash) > 0)
		;
	return 0;
}
