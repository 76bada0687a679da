/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The values of a measure in one run. What is counted all the time ("rate", "bytes", "lost",
 * "errors") has one for each step of the window; steps are equal, as long as most reports are apart:
 * a VM that stands still reports late, and one report of a second must weigh as much as ten. What is
 * told of the run as a whole ("latency-p99", "result:NAME", "vm:FIGURE", "host:FIGURE") has one.
 */
#ifndef LAB_RESULT_VALUES_H
#define LAB_RESULT_VALUES_H

#include "lab/result/result.h"

/* Writes them, and returns how many they are: at most values_room(run). ret_times, unless NULL:
 * the middle of each step, since the run's start; of one that is of the run as a whole, its start. */
size_t values_find(const struct store_run *run, const struct result_window *window,
		   const char *measure, double *ret, int64_t *ret_times);
bool values_are_of_steps(const char *measure);
size_t values_room(const struct store_run *run);
enum result_unit values_unit(const char *measure, const struct store_member *subject);

/* p99 is 9900. NAN where nothing was timed. */
double values_latency_sec(const struct store_run *run, const struct result_window *window,
			  unsigned vm, unsigned permyriad);
/* By how much a counter grew a second in the window; NAN where it was not sampled. */
double values_growth(const struct store_run *run, const struct result_window *window,
		     const char *source, const char *figure);
/* What it was, weighted by for how long. */
double values_level(const struct store_run *run, const struct result_window *window,
		    const char *source, const char *figure);

#endif
