/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `tiny_vmm births`: one birth after the other, each in a fresh process, for a latency to be
 * measured from the log. */
#include "verbs.h"

#include <stdio.h>

#include "event_log.h"
#include "fleet.h"
#include "settings.h"

static int births_one(const struct settings *settings, struct fleet *fleet, struct error *err)
{
	unsigned births = fleet->births;
	int result = 0;

	while (result == 0 && !fleet->stop_asked && fleet->in_state[SEAT_FREE] == 0)
		result = fleet_wait(fleet, UINT64_MAX, err);
	if (result < 0 || fleet->stop_asked)
		return result;
	/* A lifetime of 0 would mean "without limit". */
	result = fleet_birth(fleet, 1, settings->hold_nsec + 1, err);
	while (result == 0 && !fleet->stop_asked && fleet->births == births)
		result = fleet_wait(fleet, UINT64_MAX, err);
	return result;
}

int verb_births(const struct settings *settings, struct fleet *fleet, struct error *err)
{
	int result = 0;

	for (unsigned i = 0; result == 0 && !fleet->stop_asked && i < settings->count; i++) {
		result = births_one(settings, fleet, err);
		if (result == 0)
			result = fleet_wait_until(fleet, monotonic_nsec() + settings->gap_nsec, err);
	}
	while (result == 0 && !fleet->stop_asked && fleet->in_state[SEAT_FREE] < fleet->seat_count)
		result = fleet_wait(fleet, UINT64_MAX, err);
	if (result == 0)
		printf("births %u deaths %u\n", fleet->births, fleet->deaths);
	return result;
}
