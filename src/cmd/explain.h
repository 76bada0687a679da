/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `truce explain` knows when it speaks: what truced says of one VM now, and what the ledger
 * says of its past. Text and JSON are made of this alone, so that tests keep them as files.
 */
#ifndef CMD_EXPLAIN_H
#define CMD_EXPLAIN_H

#include "ledger/ledger.h"
#include "ledger/past.h"

#include <jansson.h>

struct str;

struct explanation {
	char id[VM_ID_SIZE];     /* "host" for the host; "" where only a name is known */
	char name[64];
	json_t *status;          /* NULL: no truced runs here */
	json_t *vm;              /* an element of `vms`; NULL: truced does not know it now */
	json_t *policies;        /* `policies`, each with "source" where it could be had */
	struct adjustments adjustments; /* oldest first */
	size_t first;            /* those before are not shown */
};

void explanation_append_text(const struct explanation *explanation, struct str *str);
void explanation_append_json(const struct explanation *explanation, struct str *str);
void explanation_done(struct explanation *explanation);

#endif
