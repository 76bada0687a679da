/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a table says of each cell beside its comparison. */
#ifndef LAB_RESULT_CELLS_H
#define LAB_RESULT_CELLS_H

#include "lab/result/result.h"

/* Boots, runs, what of them does not count, loaded VMs, what it ran on: before the measures. */
int cells_count(struct result *result, struct error *err);
/* The rest: after them. */
int cells_fill(struct result *result, struct error *err);

#endif
