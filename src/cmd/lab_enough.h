/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When a sequence may end: each comparison of the first measure, the controls among them, is
 * known to within the precision, by intervals that hold at every moment they are looked at. */
#ifndef CMD_LAB_ENOUGH_H
#define CMD_LAB_ENOUGH_H

#include <stdbool.h>
#include <stdint.h>

struct lab_place;

/* False too where it cannot be said. */
bool lab_is_enough(const struct lab_place *place, int64_t experiment, double precision);

#endif
