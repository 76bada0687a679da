/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plot as three texts that stand beside each other: NAME.tsv has the numbers, NAME.gp draws them
 * (gnuplot 5.4 or later, run in their directory), NAME.svg is what it drew. Whoever wants the
 * figure in other clothes edits the .gp. Labels come from the .tsv alone, never from the script:
 * there a stranger's text could be a command.
 */
#ifndef REPORT_PLOT_H
#define REPORT_PLOT_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

struct plot {
	const char *name;	     /* a file's: constant */
	const char *title, *caption; /* plain text, constant */
	struct str about;	     /* what is drawn, of this experiment: plain text */
	struct str tsv, gp, svg;     /* svg is empty while nobody has drawn it */
};

void plot_init(struct plot *plot, const char *name, const char *title, const char *caption);
void plot_done(struct plot *plot);

/* The head of the script: terminal, size, colours, output. */
void plot_begin_script(struct plot *plot, unsigned width, unsigned height);
/* A block of the .tsv begins: blocks are gnuplot's `index`, from 0. The first column's heading is
 * the block's label, made safe. */
void plot_begin_block(struct plot *plot, const char *label, const char *other_headings);
/* A label as a field of the .tsv. */
void plot_append_label(struct str *out, const char *label);
/* A number as a field; NAN is what gnuplot leaves out. */
void plot_append_number(struct str *out, double number);

/* Whether what gnuplot drew can stand in a page: known elements, nothing that runs or refers to
 * elsewhere. */
bool plot_svg_is_harmless(const char *svg, size_t size);
/* The <svg> element for a page: black becomes the page's own colour of text. */
void plot_append_inline_svg(const struct plot *plot, struct str *out);

#endif
