/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The live view as a function: two sights of the host (rates.h), what the user wants to see
 * (top_state.h), and a size give the lines of a screen. Nothing else is looked at, so that every
 * screen can be kept as a file and compared.
 */
#ifndef REPORT_TOP_VIEW_H
#define REPORT_TOP_VIEW_H

#include "report/rates.h"
#include "report/screen.h"
#include "report/top_state.h"

struct top_layout {
	size_t first, page; /* rows that are shown: for the next key */
	size_t scroll;
};

/* *ret_layout goes back into the state. */
void top_view(const struct rates *rates, const struct top_rows *rows,
	      const struct top_state *state, size_t width, size_t height, struct screen *ret,
	      struct top_layout *ret_layout);
/* For --batch: the header and all rows, no cursor, no line for keys. */
void top_view_batch(const struct rates *rates, const struct top_rows *rows,
		    const struct top_state *state, size_t width, struct screen *ret);

#endif
