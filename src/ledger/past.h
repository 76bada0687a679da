/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading a ledger: the lines of one adjustment are joined. A torn line, an unknown kind of line,
 * and a rotation in between are borne.
 */
#ifndef LEDGER_PAST_H
#define LEDGER_PAST_H

#include "ledger/ledger.h"

struct error;

struct ledger_query {
	const char *vm;          /* id, or name (all VMs that had it); NULL: all */
	const char *boot;        /* only of this boot; NULL: all */
	uint64_t since_usec;     /* realtime; 0: from the beginning */
	uint64_t id;             /* only this one; 0: all */
	size_t most;             /* the newest so many; 0: all */
	bool changes_only;       /* SET and RELEASE: no HELD, CANNOT, notes */
};
struct adjustments {
	struct adjustment *items; /* oldest first */
	size_t count, capacity;
	size_t torn;              /* lines that could not be read */
};
/* An absent ledger is an empty one. `directory` NULL: $TRUCE_STATE_DIR, else /var/lib/truce. */
int ledger_read(const char *directory, const struct ledger_query *query, struct adjustments *ret,
		struct error *err);
void adjustments_done(struct adjustments *adjustments);
/* Takes in one line (what log.follow sends is one, too): a new adjustment at the end, or what came
 * of one that is there. 1: `*ret_at` has changed; 0: not of the query, or of none that is there;
 * -EBADMSG: no line of a ledger; -ENOMEM. */
int adjustments_take(struct adjustments *adjustments, const struct ledger_query *query,
		     const char *line, size_t size, size_t *ret_at);

#endif
