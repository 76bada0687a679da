/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hosts made up for the tests of this directory: two sights of each, one second apart, at
 * 2026-03-01 14:05:30 UTC, with figures that are easy to check by head. */
#ifndef REPORT_EXAMPLE_H
#define REPORT_EXAMPLE_H

#include "report/rates.h"

struct str;

/* Three VMs: "web1" waits half of the time on its vCPU 1, "db" is held back by its quota and
 * has no disk figures, "idle" does nothing. 4 CPUs, two disks, KSM on. */
void example_three(struct rates *rates);
/* No VM, and a kernel that tells nearly nothing. */
void example_bare(struct rates *rates);
/* That many, "vm0" and so on; vmN uses N/10 percent. */
void example_many(struct rates *rates, size_t count);
/* Names with terminal escapes, line feeds, wide characters, bad UTF-8, 10 kB, and none. */
void example_hostile(struct rates *rates);

/* Compares with tests/golden/NAME below GOLDEN_DIR. With UPDATE_GOLDEN set it writes the file
 * instead: the difference is what is reviewed. */
void golden_check(const char *name, const struct str *text);

#endif
