/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A result as one HTML page (report/page.h): what was asked, the answer, plots, tables, how it was
 * measured, how to repeat it. The same result and plots give the same bytes. */
#ifndef LAB_RESULT_RESULT_PAGE_H
#define LAB_RESULT_RESULT_PAGE_H

#include "lab/result/plots.h"
#include "lab/result/result.h"

struct str;

void result_append_page(const struct result *result, const struct plots *plots, struct str *out);
/* "truce lab run NAME.lua --seed 42 --quick" */
void result_append_command(const struct result *result, struct str *out);

#endif
