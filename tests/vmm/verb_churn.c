/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `tiny_vmm churn`: births and deaths as fast as they go, about so many VMs alive. */
#include "verbs.h"

#include <stdio.h>
#include <stdlib.h>

#include "event_log.h"
#include "fleet.h"
#include "settings.h"

/* Both count as under way until they are complete: neither may crowd out the other. */
static bool jobs_left(const struct settings *settings, const struct fleet *fleet)
{
	return fleet->in_state[SEAT_BEING_BORN] + fleet->in_state[SEAT_DYING] < settings->jobs;
}

static unsigned vms_wanted(const struct fleet *fleet)
{
	return fleet->in_state[SEAT_BEING_BORN] + fleet->in_state[SEAT_ALIVE];
}

static bool lives_by_age(const struct settings *settings)
{
	return settings->lifetime_max_nsec > 0;
}

/* From a fixed seed: two runs choose the same lifetimes. */
static uint64_t lifetime_draw(const struct settings *settings)
{
	static unsigned short state[3] = { 1, 2, 3 };
	uint64_t span = settings->lifetime_max_nsec - settings->lifetime_min_nsec;

	if (!lives_by_age(settings))
		return 0;
	/* A lifetime of 0 would mean "without limit". */
	return settings->lifetime_min_nsec + 1 + (uint64_t)(erand48(state) * (double)span);
}

/* Starts all births and deaths that may start now. */
static int churn_step(const struct settings *settings, struct fleet *fleet, struct error *err)
{
	int result = 0;

	while (result == 0 && jobs_left(settings, fleet)) {
		if (vms_wanted(fleet) < settings->vms)
			result = fleet_birth(fleet, 1, lifetime_draw(settings), err);
		else if (!lives_by_age(settings) && fleet->in_state[SEAT_ALIVE] > 0)
			fleet_kill_oldest(fleet);
		else
			break;
	}
	return result;
}

/* A whole life is a birth and a death, so the rate is that of the deaths; the births are
 * more by those that were alive at the end. */
static void churn_report(const struct fleet *fleet, uint64_t nsec)
{
	double seconds = (double)nsec / 1e9;

	printf("births %u deaths %u seconds %.2f rate %.1f/s\n", fleet->births, fleet->deaths,
	       seconds, fleet->deaths / seconds);
	fflush(stdout);
}

/* Ends the births and deaths under way, then replaces who is missing. */
static int churn_settle(const struct settings *settings, struct fleet *fleet, struct error *err)
{
	int result;

	fleet_end_lifetimes(fleet);
	result = fleet_settle(fleet, err);
	while (result == 0 && !fleet->stop_asked && vms_wanted(fleet) < settings->vms)
		result = fleet_birth(fleet, 1, 0, err);
	return result < 0 ? result : fleet_settle(fleet, err);
}

static int churn_keep(const struct settings *settings, struct fleet *fleet, struct error *err)
{
	int result = churn_settle(settings, fleet, err);

	if (result < 0 || fleet->stop_asked)
		return result;
	fleet_log_alive(fleet, "settled");
	printf("settled %u VMs\n", fleet->in_state[SEAT_ALIVE]);
	fflush(stdout);
	return fleet_wait_until(fleet, UINT64_MAX, err);
}

int verb_churn(const struct settings *settings, struct fleet *fleet, struct error *err)
{
	uint64_t start = monotonic_nsec();
	uint64_t until = settings->for_nsec > 0 ? start + settings->for_nsec : UINT64_MAX;
	int result = 0;

	while (result == 0 && !fleet->stop_asked && monotonic_nsec() < until) {
		result = churn_step(settings, fleet, err);
		if (result == 0)
			result = fleet_wait(fleet, until, err);
	}
	if (result < 0)
		return result;
	churn_report(fleet, monotonic_nsec() - start);
	return settings->keep && !fleet->stop_asked ? churn_keep(settings, fleet, err) : 0;
}
