/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "work/cpu.h"
#include "work/lane.h"

void cpu_units_run(struct lane *lane, bool (*is_right)(uint64_t unit))
{
	uint64_t number = lane->index;

	while (lane_goes_on(lane)) {
		/* What it is now, the compiler cannot know; nor is the answer kept from before. */
		__asm__ volatile("" : "+r"(number) : : "memory");
		if (is_right(number % CPU_UNITS))
			lane_count(lane, 1, 0);
		else
			lane_error(lane);
		number++;
	}
}
