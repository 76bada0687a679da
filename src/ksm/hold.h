/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * KSM's knobs in one hand for a while: run, pages_to_scan and sleep_millisecs, turned by act's
 * actuator under leases, so that whatever ends the process they can be given back as they were found.
 * What another Truce holds of them is refused; who else tunes KSM is named, and yielded to unless
 * the hold takes over. run is 0 or 1: nothing here ever unmerges (2), which needs memory.
 *
 *     ksm_hold_open -> { ksm_hold_look, ksm_hold_set }* -> ksm_hold_close
 */
#ifndef KSM_HOLD_H
#define KSM_HOLD_H

#include "ksm/tune.h"

#include <stdbool.h>
#include <stddef.h>

struct error;
struct ksm;
struct ksm_hold;
struct root;

enum { KSM_HOLD_SENTENCE = 400 };

/* Whether somebody else tunes KSM here: 1, with a sentence that names them; 0. -ENOENT: this kernel
 * has no KSM. Reads only. */
int ksm_hold_rival(struct root *root, char ret_rival[static KSM_HOLD_SENTENCE], struct error *err);

/*
 * Takes the journal's lock, and turns nothing yet. -EBUSY with a sentence: another part of Truce holds
 * the knobs or the lock, or somebody else tunes KSM; with `take_over` the latter is told
 * (ret_told) and the kernel's advisor, if it rules, is off until the end. What a hold that was
 * killed left turned is given back at the end of this one, as it was before that.
 */
int ksm_hold_open(struct root *root, bool take_over, struct ksm_hold **ret,
		  char ret_told[static KSM_HOLD_SENTENCE], struct error *err);
/* For the journal: why. */
int ksm_hold_set(struct ksm_hold *hold, const struct tune_wish *wish, const char *why,
		 struct error *err);
/* What was just read against what was set: 1 with a sentence where somebody turned a knob since. It
 * is told once: what was found counts as set from then on. */
int ksm_hold_look(struct ksm_hold *hold, const struct ksm *found,
		  char ret_sentence[static KSM_HOLD_SENTENCE]);
/* Gives everything back save what somebody else turned since, of which `ret_left` says what ("":
 * nothing). Frees the hold in any case. */
int ksm_hold_close(struct ksm_hold *hold, char ret_left[static KSM_HOLD_SENTENCE], struct error *err);

#endif
