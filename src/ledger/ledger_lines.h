/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines of a ledger (doc/format/ledger.md): written here, without the newline, and read. */
#ifndef LEDGER_LEDGER_LINES_H
#define LEDGER_LEDGER_LINES_H

#include "ledger/ledger.h"

struct ledger_head {
	uint64_t id, realtime_usec;
	const char *boot;
	bool first; /* of its file: it names the schema */
};

void ledger_append_item(struct str *out, const struct ledger_head *head,
			const struct plan_item *item, bool dry_run);
void ledger_append_outcome(struct str *out, uint64_t id, const struct outcome *outcome);
void ledger_append_effect(struct str *out, uint64_t id, const struct effect *effect);
void ledger_append_note(struct str *out, const struct ledger_head *head,
			const struct vm_identity *vm, const char *vm_name, const char *policy,
			const char *note);

enum ledger_kind { LEDGER_ITEM, LEDGER_OUTCOME, LEDGER_EFFECT, LEDGER_NOTE, LEDGER_OTHER };

/* One line, every field checked and bounded; what it says is put over `ret`, which for an
 * outcome or effect may be the adjustment already read. -EBADMSG. */
int ledger_take_line(const char *line, size_t size, enum ledger_kind *ret_kind, uint64_t *ret_id,
		     struct adjustment *ret);

#endif
