/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/pace.h"

#include "base/clock.h"

#include <string.h>

static void advance(struct pace *pace, uint64_t now_usec)
{
	uint64_t second = now_usec / USEC_PER_SEC;

	if (second <= pace->second)
		return;
	if (second - pace->second >= 60) {
		memset(pace->counts, 0, sizeof pace->counts);
		pace->sum = 0;
	} else {
		while (pace->second < second) {
			uint32_t *oldest = &pace->counts[++pace->second % 60];

			pace->sum -= *oldest;
			*oldest = 0;
		}
	}
	pace->second = second;
}

unsigned pace_left(struct pace *pace, unsigned a_minute, uint64_t now_usec)
{
	advance(pace, now_usec);
	return pace->sum < a_minute ? a_minute - pace->sum : 0;
}

void pace_take(struct pace *pace, uint64_t now_usec)
{
	advance(pace, now_usec);
	pace->counts[pace->second % 60]++;
	pace->sum++;
}
