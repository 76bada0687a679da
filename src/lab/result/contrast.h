/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each cell of a measure against its base, the control among them, and what of it is concluded. */
#ifndef LAB_RESULT_CONTRAST_H
#define LAB_RESULT_CONTRAST_H

#include "lab/result/result.h"

#define CONTRAST_LEVEL 0.95
/* A fuzzer looks for what breaks, not for what is true. */
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
enum { CONTRAST_DRAWS = 40 };
#else
enum { CONTRAST_DRAWS = 2000 };
#endif
enum { CONTRAST_DRAWS_MOST = 5 * CONTRAST_DRAWS }; /* where cells are many */

/* Fills comparisons: Holm's correction is over those that are no control. */
int contrast_all(const struct result *result, struct result_measure *measure, struct error *err);
/* Where the number of loaded VMs varies. */
int contrast_slopes(const struct result *result, struct result_measure *measure, struct error *err);

/* The ratios between which nothing is concluded: two equal cells may be as far from 1. NAN: no A/A. */
double contrast_floor_low(const struct result_comparison *comparison);
double contrast_floor_high(const struct result_comparison *comparison);

/* The seed of a comparison: of the experiment's, another one for each. */
struct measure_plan contrast_plan(const struct result *result, size_t number);

#endif
