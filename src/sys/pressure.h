/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pressure stall information, of the host (/proc/pressure) or a cgroup (*.pressure): the time in
 * which some, or all, waited. Absent: no such line (the host's cpu has no "full" before 5.13).
 */
#ifndef SYS_PRESSURE_H
#define SYS_PRESSURE_H

#include "sys/field.h"

struct pressure_line {
	int64_t avg10_permyriad, avg60_permyriad, avg300_permyriad;
	int64_t total_usec;
};

struct pressure {
	struct pressure_line some;
	struct pressure_line full;
};

/* -EINVAL when neither line is there. */
int pressure_parse(const char *bytes, size_t size, struct pressure *ret);

#endif
