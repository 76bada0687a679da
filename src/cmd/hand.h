/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A person's hand on the knobs where no truced runs: under the lock and with the journal that
 * truced has, so that nothing is set without its undo. While it is open no truced can start.
 *
 *     hand_open -> { hand_find, hand_plan, hand_apply, hand_undo }* -> hand_close
 */
#ifndef CMD_HAND_H
#define CMD_HAND_H

#include "model/plan.h"

#include <stdbool.h>
#include <stddef.h>

struct assignment;
struct error;
struct hand;
struct str;
struct vm_word;

enum hand_reach {
	HAND_PLANS, /* looks at the host: hand_find and hand_plan */
	HAND_LOOKS, /* and at the journal, without its lock: hand_list */
	HAND_TURNS, /* everything */
};

int hand_open(enum hand_reach reach, struct hand **ret, struct error *err);
void hand_close(struct hand *hand);
/* What the journal said when it was opened: another boot, damage; "". */
const char *hand_told(const struct hand *hand);

/* The VM's name, uuid, pid or id; "host". */
int hand_find(struct hand *hand, const char *word, struct vm_word *ret, struct error *err);
/* What each assignment comes to here, as the arbiter has it for truced too. */
int hand_plan(struct hand *hand, const struct vm_word *vm, const struct assignment *assignments,
	      size_t count, struct plan *ret, struct error *err);
/* Turns what is to be set, and waits for what comes of it: a line each into `said`. Returns how
 * many failed, or negative. */
int hand_apply(struct hand *hand, const struct plan *plan, struct str *said, struct error *err);

/* A truced that starts later goes on with what was set, and with what of it is not set any more:
 * it is held as truced holds it (holds/holds.h). What `plan` cannot do is not. */
int hand_keep(struct hand *hand, const struct vm_word *vm, const struct assignment *assignments,
	      size_t count, const struct plan *plan, struct error *err);
/* After hand_undo, so that no truced sets it again: holds of a VM (NULL: of all), on one knob and
 * on the intents that come to it, or (SETTING_COUNT) on all; then it is paused, too. */
int hand_forget(struct hand *hand, const struct vm_identity *vm, enum setting setting,
		struct error *err);
/* The pause of a VM ends, or (NULL) every pause. */
int hand_resume(struct hand *hand, const struct vm_identity *vm, struct error *err);

/* What the journal has of a VM (NULL: of all), of one setting or (SETTING_COUNT) of all: a line
 * each into `said`, "NAME: SETTING VALUE". Returns how many. */
size_t hand_list(struct hand *hand, const struct vm_identity *vm, enum setting setting,
		 struct str *said);
/* The journal knows knobs: -EINVAL for an intent. */
int hand_check_knob(enum setting setting, struct error *err);
/* Gives that back: a line each. Returns how many could not be given back. */
size_t hand_undo(struct hand *hand, const struct vm_identity *vm, enum setting setting,
		 struct str *said, struct error *err);

#endif
