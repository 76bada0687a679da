/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers as people write and read them. Output is C locale, and short enough for a column. */
#ifndef REPORT_UNITS_H
#define REPORT_UNITS_H

#include <stddef.h>
#include <stdint.h>

/* "200ms", "1s", "1.5h", "2d", "90": seconds where no unit stands. -EINVAL; never 0 for text
 * that is not a time. */
int units_parse_duration(const char *text, uint64_t *ret_usec);

#endif
