/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/cursor.h"
#include "base/str.h"
#include "ledger/ledger.h"
#include "ledger/ledger_lines.h"
#include "ledger/past.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read can be written, and is read again as the same. */
static void write_again(const struct adjustment *adjustment)
{
	struct ledger_head head = { .id = adjustment->id, .realtime_usec = adjustment->realtime_usec,
				    .boot = adjustment->boot };
	struct adjustment again = { 0 };
	enum ledger_kind kind;
	struct str line;
	uint64_t id;

	if (adjustment->note[0] != '\0')
		return;
	str_init(&line);
	ledger_append_item(&line, &head, &adjustment->item, adjustment->dry_run);
	if (ledger_take_line(line.data, line.length, &kind, &id, &again) < 0 ||
	    again.item.setting != adjustment->item.setting ||
	    again.item.from_known != adjustment->item.from_known ||
	    (adjustment->item.verdict != PLAN_RELEASE &&
	     again.item.to.number != adjustment->item.to.number))
		abort();
	str_done(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct ledger_query query = { .most = 4 };
	struct cursor c = cursor_over((const char *)data, size), line;
	struct adjustments all = { 0 };
	size_t at;

	while (cursor_take_line(&c, &line))
		if (adjustments_take(&all, &query, line.at, cursor_left(&line), &at) == 1 && at >= all.count)
			abort();
	for (at = 0; at < all.count; at++)
		write_again(&all.items[at]);
	adjustments_done(&all);
	return 0;
}
