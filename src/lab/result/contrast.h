/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each cell of a measure against its base, the control among them, and what of it is concluded. */
#ifndef LAB_RESULT_CONTRAST_H
#define LAB_RESULT_CONTRAST_H

#include "lab/result/result.h"

#define CONTRAST_LEVEL 0.95
enum { CONTRAST_DRAWS = 2000 };

/* Fills comparisons: Holm's correction is over those that are no control. */
int contrast_all(const struct result *result, struct result_measure *measure, struct error *err);
/* Where the number of loaded VMs varies. */
int contrast_slopes(const struct result *result, struct result_measure *measure, struct error *err);

/* The seed of a comparison: of the experiment's, another one for each. */
struct measure_plan contrast_plan(const struct result *result, size_t number);

#endif
