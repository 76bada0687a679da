/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many changes there were in the last minute, by whole seconds. */
#ifndef DECIDE_PACE_H
#define DECIDE_PACE_H

#include <stdint.h>

struct pace {
	uint64_t second;      /* of the newest */
	uint32_t counts[60];
	uint32_t sum;
};

/* How many more there may be now. */
unsigned pace_left(struct pace *pace, unsigned a_minute, uint64_t now_usec);
void pace_take(struct pace *pace, uint64_t now_usec);

#endif
