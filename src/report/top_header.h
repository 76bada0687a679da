/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines about the host at the head of the live view, the most telling first: a small screen
 * gets only the first ones, and a narrow one leaves out what does not fit. */
#ifndef REPORT_TOP_HEADER_H
#define REPORT_TOP_HEADER_H

#include "report/screen.h"
#include "report/top_state.h"

#define TOP_HEADER_LINES 6

void top_header(const struct rates *rates, const struct top_rows *rows,
		const struct top_state *state, size_t lines, struct screen *screen);
/* The host in two lines, for below a table: CPU and load, pressure and memory. */
void host_summary_append(const struct rates *rates, struct str *str);

#endif
