/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How far a guest's clock is from ours, as an interval that surely has it. A question sent at t0
 * whose answer, stamped g by the guest, was here at t1, bounds the offset (guest minus host) by
 * g - t1 and g - t0, however long the way took. Intervals of several questions are intersected;
 * an older one has grown by CLOCK_DRIFT_PPM since.
 */
#ifndef LAB_LINK_LINK_CLOCK_H
#define LAB_LINK_LINK_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* What adjtimex(2) lets a clock be slewed by. */
#define CLOCK_DRIFT_PPM 500

struct link_clock {
	int64_t low_nsec, high_nsec; /* the guest's clock minus the host's is within */
	uint64_t known_at_nsec;	     /* the instant of the last answer */
	uint64_t answers;	     /* 0: nothing is known */
};

/* False when it contradicts what was known: the clock jumped, or the guest lies. It is then
 * believed from here on. */
bool link_clock_answer(struct link_clock *clock, uint64_t t0, uint64_t t1, uint64_t guest_nsec);

/* The interval at another instant: wider, the further away. */
void link_clock_at(const struct link_clock *clock, uint64_t nsec, int64_t *ret_low,
		   int64_t *ret_high);

/* A guest's instant by the host's clock, and half of the interval's width. */
uint64_t link_clock_host(const struct link_clock *clock, uint64_t guest_nsec, uint64_t now_nsec,
			 uint64_t *ret_uncertainty);

/* The other way; never 0. */
uint64_t link_clock_guest(const struct link_clock *clock, uint64_t host_nsec);

#endif
