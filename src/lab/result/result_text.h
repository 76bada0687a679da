/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A result on a terminal: what was asked, the answer, the tables, what limits it. Safe to print,
 * whatever is in the file. */
#ifndef LAB_RESULT_RESULT_TEXT_H
#define LAB_RESULT_RESULT_TEXT_H

#include "lab/result/result.h"

struct str;

/* width 0: as wide as it is. False: out of memory. */
bool result_append_text(const struct result *result, size_t width, struct str *out);

#endif
