/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rate of this processor's time stamp counter, which an emulated processor counts along with.
 * A guest that measures it on a busy machine gets it wrong, and with it every clock it has. Here
 * it is the distance between two samples, each of the counter and of the clock at one moment.
 */
#ifndef LAB_HOST_TSC_H
#define LAB_HOST_TSC_H

#include <stdint.h>

struct tsc {
	uint64_t ticks;
	uint64_t nsec;		    /* CLOCK_MONOTONIC_RAW */
	uint64_t uncertainty_ticks; /* how long reading both took */
};

void tsc_sample(struct tsc *ret_sample);

/* In kHz; 0 where the samples do not tell it to one part in a thousand. */
uint64_t tsc_khz(const struct tsc *from, const struct tsc *to);

#endif
