/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The raw figures of an experiment as tab-separated text, a file a table, the first line its
 * headings: doc/format/lab-export.md. Nothing is left out, neither runs that do not count. Texts
 * have tabs, line feeds and what cannot be seen as \xHH.
 */
#ifndef LAB_RESULT_RAW_H
#define LAB_RESULT_RAW_H

#include "lab/result/result.h"

struct error;

/* cells.tsv, boots.tsv, runs.tsv, members.tsv, intervals.tsv, samples.tsv into the directory. */
int raw_write(const struct result *result, const char *directory, struct error *err);

#endif
