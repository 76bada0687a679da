/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which part of a run counts: what is behind the warm-up that the experiment asked for, and behind
 * what is below or above the level that VM1's own rate ends with, until it first has that level
 * (measure/steady.h): an outage later on stays. A run that never became steady
 * counts from where it was to count, and says so.
 */
#ifndef LAB_RESULT_WINDOW_H
#define LAB_RESULT_WINDOW_H

#include "lab/store/store_record.h"

struct error;

struct result_window {
	int64_t from_nsec, until_nsec; /* since the run's start */
	size_t stretches;	       /* that VM1's rate was cut into */
	bool never;		       /* steady */
	bool unproved;		       /* a VM beside VM1 did nothing for proof_nsec of it */
	unsigned idle_vm;	       /* which */
};

int result_window_find(const struct store_run *run, int64_t proof_nsec, struct result_window *ret,
		       struct error *err);

/* The member whose work is measured; NULL: none. */
const struct store_member *result_subject(const struct store_run *run);
bool result_window_has(const struct result_window *window, const struct store_interval *interval);
/* Operations a second, or bytes where the workload moves bytes. */
double result_rate(const struct store_member *member, const struct store_interval *interval);
/* Of a VM in the window, over all of it; NAN where it reported nothing, or there is none (NULL). */
double result_mean_rate(const struct store_run *run, const struct result_window *window,
			const struct store_member *member);

#endif
