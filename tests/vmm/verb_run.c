/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `tiny_vmm run`: a number of VMs that stay. */
#include "verbs.h"

#include <stdio.h>

#include "event_log.h"
#include "fleet.h"
#include "settings.h"

int verb_run(const struct settings *settings, struct fleet *fleet, struct error *err)
{
	unsigned process_count = settings->one_process ? 1 : settings->vms;
	uint64_t until;
	int result = 0;

	for (unsigned i = 0; result == 0 && i < process_count; i++)
		result = fleet_birth(fleet, settings->vms / process_count, 0, err);
	if (result == 0)
		result = fleet_settle(fleet, err);
	if (result < 0 || fleet->stop_asked)
		return result;
	printf("ready %u VMs\n", settings->vms);
	fflush(stdout);
	until = settings->for_nsec > 0 ? monotonic_nsec() + settings->for_nsec : UINT64_MAX;
	return fleet_wait_until(fleet, until, err);
}
