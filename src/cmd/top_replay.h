/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Moving in a recording: a jump goes back a little further than asked and reads on to the place,
 * so that the rates of slow figures are known there as well. */
#ifndef CMD_TOP_REPLAY_H
#define CMD_TOP_REPLAY_H

#include <stdint.h>

struct error;
struct rates;
struct source;

/* Shows the last snapshot at or before the time, else the first; the next one is then the one
 * behind it. */
int top_replay_jump(struct source *source, struct rates *rates, uint64_t realtime_usec,
		    struct error *err);

#endif
