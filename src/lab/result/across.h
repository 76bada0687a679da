/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two experiments: of each cell that both have, how the change against its own base in the one is
 * to that in the other. Absolute figures are not compared: the two may have been measured on
 * different machines, or on one that has become slower since.
 */
#ifndef LAB_RESULT_ACROSS_H
#define LAB_RESULT_ACROSS_H

#include "lab/result/result.h"

struct error;
struct str;

struct across_cell {
	const char *label;
	struct measure_comparison a, b;	   /* each against its own base */
	struct measure_comparison numbers; /* of the two changes: ratio, low, high, effect, error, p */
	double corrected;		   /* p, by Holm over all cells */
	enum result_verdict verdict;
};

struct across {
	const char *measure;
	struct across_cell *cells;
	size_t count, only_a, only_b; /* cells that the other does not have */
	bool sequence;		      /* one of them was to end when it knew enough: no numbers */
	const struct stored_experiment *a, *b; /* borrowed */
};

/* -EINVAL: they measured other things, or have no cell in common. Texts are a's. */
int across_find(const struct result *a, const struct result *b, struct across *ret,
		struct error *err);
void across_done(struct across *across);
/* Sentences, a line each. */
void across_append_limits(const struct across *across, struct str *out);

#endif
