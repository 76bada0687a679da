/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `truce lab run` says at its end: what was found, and where the page is. */
#ifndef CMD_LAB_TOLD_H
#define CMD_LAB_TOLD_H

#include <stdint.h>

struct lab_place;
struct verb;

/* Prints the result, and writes NAME-ID/report.html beside the store. A failure is told and is no
 * failure of the run: everything is in the store, and truce lab show does this again. */
void lab_tell_result(const struct verb *verb, const struct lab_place *place, const char *name,
		     int64_t experiment);

#endif
