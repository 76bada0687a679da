/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pages of the live view behind the list: one VM with all its threads, and the help. Both
 * leave the last line free, scroll no further than their end, and say where they are. */
#ifndef REPORT_TOP_DETAIL_H
#define REPORT_TOP_DETAIL_H

#include "report/screen.h"
#include "report/top_state.h"

/* The VM is state->selected. */
void top_detail(const struct rates *rates, const struct top_rows *rows,
		const struct top_state *state, struct screen *screen, size_t *ret_scroll,
		size_t *ret_page);
void top_help(const struct top_state *state, struct screen *screen, size_t *ret_scroll,
	      size_t *ret_page);

#endif
