/* SPDX-License-Identifier: MIT */
/* Counts its turns, finds the count again when it is started anew, and shows it. */
#include "peacemaker.h"

static struct {
	int turns;
} kept;

int peacemaker_policy_main(void *arg)
{
	peacemaker_keep(&kept, sizeof kept);
	for (;;) {
		kept.turns++;
		set_host_ksm_pages_to_scan(kept.turns);
		schedule_timeout(0);
	}
}
