/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What truced costs itself, and what follows from it: over budget for ten seconds, its interval
 * is doubled (up to 32 times); under a third of the budget for half a minute, halved again.
 * Pure: times and costs come in.
 */
#ifndef DAEMON_BUDGET_H
#define DAEMON_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#define BUDGET_STEP_USEC 10000000ull
enum { BUDGET_STEPS = 6, BUDGET_STRETCH_MOST = 32 };

struct budget {
	int permyriad;            /* of one CPU; 0: no cap */
	unsigned stretch;         /* 1, 2, 4, ... */
	uint64_t step_begin_usec; /* monotonic */
	uint64_t own_begin_usec, clients_begin_usec, deciders_begin_usec; /* CPU time then */
	unsigned calm_steps;
	/* The last minute, in steps of ten seconds. */
	uint64_t own[BUDGET_STEPS], deciders[BUDGET_STEPS], length[BUDGET_STEPS];
	unsigned next;
	uint64_t own_rss_bytes, deciders_rss_bytes;
};

void budget_init(struct budget *budget, int permyriad, uint64_t monotonic_usec);
/* Both processes' CPU time so far; true: the stretch has changed. What clients made us spend of our
 * own has a limit elsewhere, and a longer interval would not lower it: nobody who floods the socket
 * is to slow the policies down. */
bool budget_add(struct budget *budget, uint64_t monotonic_usec, uint64_t own_cpu_usec,
		uint64_t clients_cpu_usec, uint64_t deciders_cpu_usec);
bool budget_is_over(const struct budget *budget); /* it is stretched */
/* Of one CPU, over the last minute. */
int budget_own_permyriad(const struct budget *budget);
int budget_deciders_permyriad(const struct budget *budget);

#endif
