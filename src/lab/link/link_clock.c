/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/link/link_clock.h"

static int64_t drift_over(uint64_t nsec)
{
	/* A week of it: more would not fit, and is no interval any more. */
	const uint64_t most = 7ull * 24 * 3600 * 1000000000;

	return (int64_t)((nsec < most ? nsec : most) / (1000000 / CLOCK_DRIFT_PPM)) + (nsec > 0);
}

/* The difference of what a guest may have made up: held within an eighth of what there is, so
 * that no sum of a few overflows. */
static int64_t difference(uint64_t a, uint64_t b)
{
	const int64_t most = INT64_MAX / 8;

	if (a >= b)
		return a - b < (uint64_t)most ? (int64_t)(a - b) : most;
	return b - a < (uint64_t)most ? -(int64_t)(b - a) : -most;
}

static uint64_t shifted(uint64_t nsec, int64_t by)
{
	uint64_t sum = nsec + (uint64_t)by;

	if (by < 0)
		return sum < nsec ? sum : 0;
	return sum >= nsec ? sum : UINT64_MAX;
}

void link_clock_at(const struct link_clock *clock, uint64_t nsec, int64_t *ret_low,
		   int64_t *ret_high)
{
	uint64_t age = nsec > clock->known_at_nsec ? nsec - clock->known_at_nsec :
						     clock->known_at_nsec - nsec;

	*ret_low = clock->low_nsec - drift_over(age);
	*ret_high = clock->high_nsec + drift_over(age);
}

bool link_clock_answer(struct link_clock *clock, uint64_t t0, uint64_t t1, uint64_t guest_nsec)
{
	/* The stamp is of some instant between t0 and t1; the interval is to hold at t1. */
	int64_t low = difference(guest_nsec, t1) - drift_over(t1 - t0);
	int64_t high = difference(guest_nsec, t0) + drift_over(t1 - t0);
	int64_t known_low, known_high;
	bool fits = true;

	if (clock->answers > 0) {
		link_clock_at(clock, t1, &known_low, &known_high);
		fits = low <= known_high && high >= known_low;
		if (fits) {
			low = low > known_low ? low : known_low;
			high = high < known_high ? high : known_high;
		}
	}
	clock->low_nsec = low;
	clock->high_nsec = high;
	clock->known_at_nsec = t1;
	clock->answers = fits ? clock->answers + 1 : 1;
	return fits;
}

uint64_t link_clock_host(const struct link_clock *clock, uint64_t guest_nsec, uint64_t now_nsec,
			 uint64_t *ret_uncertainty)
{
	int64_t low, high, middle;
	uint64_t host;

	middle = clock->low_nsec + (clock->high_nsec - clock->low_nsec) / 2;
	host = shifted(guest_nsec, -middle);
	/* Nothing that has been told happens later. */
	host = host < now_nsec ? host : now_nsec;
	link_clock_at(clock, host, &low, &high);
	*ret_uncertainty = (uint64_t)(high - low) / 2;
	return host;
}

uint64_t link_clock_guest(const struct link_clock *clock, uint64_t host_nsec)
{
	int64_t middle = clock->low_nsec + (clock->high_nsec - clock->low_nsec) / 2;
	uint64_t guest = shifted(host_nsec, middle);

	return guest > 0 ? guest : 1;
}
