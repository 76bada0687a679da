/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/top_replay.h"

#include "base/clock.h"
#include "cmd/source.h"
#include "report/rates.h"

/* Cold figures are sampled each tenth tick: that many snapshots hold two of them. */
#define ENOUGH 12

/* From `from` up to `to`; returns how many were read, `to` or the first behind it included. */
static int feed(struct source *source, struct rates *rates, uint64_t from, uint64_t to,
		struct error *err)
{
	const struct snapshot *snapshot;
	int r = source_seek(source, from, err), count = 0;

	rates_reset(rates);
	while (r >= 0 && (r = source_take(source, &snapshot, err)) == 1) {
		if (snapshot->realtime_usec > to && count > 0)
			break;
		r = rates_advance(rates, snapshot);
		count++;
	}
	return r < 0 ? r : count;
}

int top_replay_jump(struct source *source, struct rates *rates, uint64_t realtime_usec,
		    struct error *err)
{
	uint64_t first = 0, last = 0, back = 15 * USEC_PER_SEC, from;
	int r;

	source_span(source, &first, &last);
	if (realtime_usec < first)
		realtime_usec = first;
	do {
		from = realtime_usec > first + back ? realtime_usec - back : first;
		r = feed(source, rates, from, realtime_usec, err);
		back *= 4;
	} while (r >= 0 && r < ENOUGH && from > first);
	if (r < 0)
		return r;
	return source_seek(source, rates->now.realtime_usec + 1, err);
}
