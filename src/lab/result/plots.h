/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plots of a result. Those that it has nothing for are not made: "changes" (each comparison
 * with its interval), "dose" (change over the number of loaded VMs), "time" (VM1 with the load of
 * the others under it), "vms" (what each VM of that run did and waited for), "distribution" (all
 * intervals of each cell).
 */
#ifndef LAB_RESULT_PLOTS_H
#define LAB_RESULT_PLOTS_H

#include "lab/result/result.h"
#include "report/plot.h"

struct error;

enum { PLOTS_MOST = 5 };

struct plots {
	struct plot items[PLOTS_MOST];
	size_t count;
	char undrawn[200]; /* why there are no pictures; empty: there are */
};

int plots_make(const struct result *result, struct plots *ret, struct error *err);
void plots_done(struct plots *plots);

/* Has gnuplot draw them in a directory of its own below `scratch`. That there is none, or that it
 * fails, is a sentence in undrawn and no failure. */
int plots_draw(struct plots *plots, const char *scratch, struct error *err);
/* NAME.tsv, NAME.gp and, where drawn, NAME.svg of each, into the directory, after `prefix`. */
int plots_write(const struct plots *plots, const char *directory, struct error *err);

#endif
