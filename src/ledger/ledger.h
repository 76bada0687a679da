/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The history of adjustments: what was planned and why, what came of it, and how the VM fared
 * afterwards. JSON lines in adjustments.jsonl below a directory (doc/format/ledger.md), only ever
 * appended to; when it is full it becomes adjustments.jsonl.1 and a new one begins. One process
 * writes; past.h reads.
 */
#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H

#include "ledger/effect.h"
#include "ledger/past.h"
#include "model/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct str;

#define LEDGER_SCHEMA "truce.ledger/1"
#define LEDGER_FILE "adjustments.jsonl"

/* One adjustment as the reader joins it, or a note of the daemon ("policy gold loaded"). */
struct adjustment {
	uint64_t id;             /* grows, never used twice; of a note too */
	uint64_t realtime_usec;
	char boot[40];           /* boot id: the VM's identity holds within it */
	char note[400];          /* not "": a note, and of `item` only vm, vm_name and policy count */
	bool dry_run;            /* it was planned and not turned */
	struct plan_item item;   /* as planned: verdict, asked, setting, from, to, cause, ... */
	bool has_outcome;
	struct outcome outcome;  /* the last one told of it */
	bool has_effect;
	struct effect effect;
};

/* -- writing ------------------------------------------------------------------------------- */
struct ledger;
struct ledger_options {
	const char *directory;   /* made where missing */
	const char *boot;        /* boot id */
	uint64_t bytes_most;     /* of each of both files; 0: 16 MiB */
	/* Each line as it is written, without its newline; NULL: nobody listens. */
	void (*told)(const char *line, size_t size, void *context);
	void *context;
};
int ledger_open(const struct ledger_options *options, struct ledger **ret, struct error *err);
void ledger_close(struct ledger *ledger);
/* A failure (a full disk) loses that line and nothing else: the next write tries again. */
int ledger_write_item(struct ledger *ledger, uint64_t realtime_usec, const struct plan_item *item,
		      bool dry_run, uint64_t *ret_id, struct error *err);
int ledger_write_outcome(struct ledger *ledger, uint64_t id, const struct outcome *outcome,
			 struct error *err);
int ledger_write_effect(struct ledger *ledger, uint64_t id, const struct effect *effect,
			struct error *err);
/* `vm` NULL: of the whole host; `policy` may be "". */
int ledger_write_note(struct ledger *ledger, uint64_t realtime_usec, const struct vm_identity *vm,
		      const char *vm_name, const char *policy, const char *note, struct error *err);

#endif
