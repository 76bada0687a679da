/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What VMs did in equal steps of a run's time: intervals that begin where they like are divided
 * among the steps that they cover. */
#ifndef LAB_RESULT_TIMELINE_H
#define LAB_RESULT_TIMELINE_H

#include "lab/store/store_record.h"

#include <limits.h>

enum { TIMELINE_STEPS_MOST = 400 };
#define TIMELINE_EVERY_VM UINT_MAX

struct timeline {
	double step_sec;
	size_t count;
	double rates[TIMELINE_STEPS_MOST];   /* a second; NAN where nothing was reported */
};

/* Of the members of these roles (1 << STORE_ROLE_...), all together. */
void timeline_find(const struct store_run *run, unsigned roles, struct timeline *ret);
/* Of one VM of them. */
void timeline_find_of(const struct store_run *run, unsigned roles, unsigned vm, struct timeline *ret);
/* Of a counter: by how much it grew a second in each step, between the look at which it had grown
 * and the one before; count is 0 where it was not sampled. */
void timeline_find_growth(const struct store_run *run, const char *source, const char *figure,
			  struct timeline *ret);
/* Of what is no counter: what it was in each step. */
void timeline_find_level(const struct store_run *run, const char *source, const char *figure,
			 struct timeline *ret);
/* The largest step's; NAN: there is none. */
double timeline_most(const struct timeline *timeline);

#endif
