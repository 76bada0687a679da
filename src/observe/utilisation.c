/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/utilisation.h"

#define MARK_APART_USEC 5000000ull

static const struct utilisation_mark *mark_at(const struct utilisation *u, size_t age)
{
	return &u->marks[(u->first + age) % UTILISATION_MARKS];
}

void utilisation_add(struct utilisation *u, uint64_t monotonic_usec, uint64_t busy_usec,
		     uint64_t total_usec)
{
	struct utilisation_mark mark = { monotonic_usec, busy_usec, total_usec };

	/* A CPU went offline, or the host was suspended: what was seen no longer compares. */
	if (u->count > 0 && (total_usec < u->newest.total_usec || busy_usec < u->newest.busy_usec))
		u->count = 0;
	u->newest = mark;
	if (u->count > 0 &&
	    monotonic_usec - mark_at(u, u->count - 1)->monotonic_usec < MARK_APART_USEC)
		return;
	if (u->count == UTILISATION_MARKS) {
		u->first = (u->first + 1) % UTILISATION_MARKS;
		u->count--;
	}
	u->marks[(u->first + u->count) % UTILISATION_MARKS] = mark;
	u->count++;
}

bool utilisation_over(const struct utilisation *u, uint64_t window_usec, int64_t *ret_permyriad)
{
	const struct utilisation_mark *from;
	size_t low = 0, high = u->count;
	uint64_t since, total;

	if (u->count == 0)
		return false;
	since = u->newest.monotonic_usec > window_usec ? u->newest.monotonic_usec - window_usec : 0;
	/* The youngest mark that is at least the window old; else the oldest there is. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (mark_at(u, middle)->monotonic_usec <= since)
			low = middle + 1;
		else
			high = middle;
	}
	from = mark_at(u, low > 0 ? low - 1 : 0);
	total = u->newest.total_usec - from->total_usec;
	if (total == 0)
		return false;
	*ret_permyriad = (int64_t)((u->newest.busy_usec - from->busy_usec) * 10000 / total);
	return true;
}

uint64_t utilisation_seen_usec(const struct utilisation *u)
{
	return u->count > 0 ? u->newest.monotonic_usec - mark_at(u, 0)->monotonic_usec : 0;
}
