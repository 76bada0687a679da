/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two other ways to compare: at once, interval by interval (a duet: what disturbs one disturbs
 * both; L. Bulej et al., "Duet Benchmarking", ICPE 2020), and with an interval that may be looked at
 * after each boot (a sequence).
 */
#ifndef LAB_RESULT_PAIRS_H
#define LAB_RESULT_PAIRS_H

#include "lab/result/result.h"

/* By a sequence's interval where the experiment is one. -ENODATA: no run of the cell was measured
 * beside one of its base. */
int pairs_compare(const struct result *result, const struct result_measure *measure,
		  struct result_comparison *comparison, const struct measure_plan *plan,
		  struct error *err);

/* Widens the interval, and p, to what holds at all moments; an interval that says nothing yet is
 * as wide as everything. Comparisons in differences stay as they are. */
int pairs_sequence(const struct measure_cell *cell, const struct measure_cell *base,
		   const struct measure_plan *plan, struct measure_comparison *numbers,
		   struct error *err);

#endif
