/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What came of a plan, into the book. */
#include "decide/arbiter_book.h"

#include "base/clock.h"
#include "base/str.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define RETRY_MOST_USEC (300 * USEC_PER_SEC)
/* What was given back behind our back (a timer's end, a person's undo) is not set at once again. */
#define RESTORED_USEC (60 * USEC_PER_SEC)
/* Two that turn one knob against each other: the fourth time within an hour we leave it. */
#define DRIFTS_MOST 3
#define DRIFT_WINDOW_USEC (3600 * USEC_PER_SEC)

static void fail_later(struct arbiter *arbiter, struct knob *knob, const struct outcome *outcome)
{
	uint64_t wait = knob->failures < 9 ? USEC_PER_SEC << knob->failures : RETRY_MOST_USEC;

	if (wait > RETRY_MOST_USEC)
		wait = RETRY_MOST_USEC;
	knob->failures++;
	knob->not_before_usec = arbiter->now_usec + wait;
	snprintf(knob->text, sizeof knob->text, "%s%s%.180s", outcome_status_name(outcome->status),
		 outcome->text[0] != '\0' ? ": " : "", outcome->text);
}

static void take_applied(struct arbiter *arbiter, struct knob *knob, const struct outcome *outcome)
{
	if (knob->flight == FLIGHT_NONE && !arbiter->planned)
		knob->adopted = true;
	if (!knob->applied) {
		knob->was_known = outcome->from_known;
		knob->was = outcome->from;
	}
	if (knob->flight != FLIGHT_SET)
		knob->planned = outcome->to;
	knob->applied = true;
	knob->unsure = knob->drifted = knob->left = false;
	knob->value = outcome->to;
	knob->failures = 0;
	knob->not_before_usec = 0;
	text_copy(knob->where, sizeof knob->where, outcome->where,
		  strnlen(outcome->where, sizeof outcome->where));
	knob->flight = FLIGHT_NONE;
}

/* Canaries' refusals stop the rest. */
static void count_refusal(struct arbiter *arbiter, const struct subject *subject,
			  const struct knob *knob)
{
	struct policy_entry *entry = arbiter_policy_named(arbiter, knob->cause.policy);
	const struct standing *standing =
		entry != NULL ? subject_find_standing(subject, entry->serial) : NULL;

	if (standing != NULL && standing->canary)
		entry->canary.refused++;
}

static void take_late(struct arbiter *arbiter, struct knob *knob, const struct outcome *outcome)
{
	/* It may have come to pass all the same: what is unsure is released like what is set. */
	if (knob->flight == FLIGHT_SET) {
		knob->value = knob->planned;
		knob->applied = true;
	}
	knob->unsure = true;
	knob->flight = FLIGHT_NONE;
	fail_later(arbiter, knob, outcome);
}

static void describe_drift(struct knob *knob, const struct outcome *outcome)
{
	struct str text;

	str_init(&text);
	str_append(&text, "set to ");
	setting_append(&text, knob->setting, &knob->value);
	str_append(&text, " by us, found at ");
	setting_append(&text, knob->setting, &outcome->to);
	if (outcome->text[0] != '\0')
		str_appendf(&text, " (%.80s)", outcome->text);
	text_copy(knob->text, sizeof knob->text, text.data != NULL ? text.data : "", text.length);
	str_done(&text);
}

static void leave(struct knob *knob, uint64_t until, const char *why)
{
	char text[sizeof knob->text];

	knob->left = true;
	knob->not_before_usec = until;
	memcpy(text, knob->text, sizeof text);
	snprintf(knob->text, sizeof knob->text, "%.130s; left as it is, %s", text, why);
}

static void take_drift(struct arbiter *arbiter, struct knob *knob, const struct outcome *outcome)
{
	static const uint64_t waits[DRIFTS_MOST + 1] = { 0, 0, 10 * USEC_PER_SEC, 60 * USEC_PER_SEC };
	const struct policy_entry *entry = arbiter_policy_named(arbiter, knob->cause.policy);
	uint64_t now = arbiter->now_usec;

	/* Seen again before it was set again is no second time. */
	if (knob->left || !knob->applied ||
	    (knob->drifted && setting_value_equal(knob->setting, &knob->value, &outcome->to)))
		return;
	if (knob->drifted_usec == 0 || now - knob->drifted_usec > DRIFT_WINDOW_USEC)
		knob->drifts = 0;
	knob->drifts++;
	knob->drifted_usec = now;
	describe_drift(knob, outcome);
	knob->value = outcome->to;
	knob->drifted = true;
	if (entry != NULL && entry->policy->drift == POLICY_DRIFT_LEAVE)
		leave(knob, UINT64_MAX, "as the policy says");
	else if (knob->drifts > DRIFTS_MOST)
		leave(knob, UINT64_MAX, "to whoever turned it back three times");
	else
		knob->not_before_usec = now + waits[knob->drifts];
}

static void take_restored(struct arbiter *arbiter, struct subject *subject, struct knob *knob,
			  const struct outcome *outcome)
{
	if (knob->flight == FLIGHT_RELEASE) {
		subject_remove_knob(subject, (size_t)(knob - subject->knobs));
		return;
	}
	knob->applied = knob->unsure = knob->drifted = false;
	knob->flight = FLIGHT_NONE;
	knob->not_before_usec = arbiter->now_usec + RESTORED_USEC;
	snprintf(knob->text, sizeof knob->text, "given back%s%.150s",
		 outcome->text[0] != '\0' ? ": " : " (its time was up, or by hand)", outcome->text);
}

void arbiter_outcome(struct arbiter *arbiter, const struct outcome *outcome)
{
	struct subject *subject;
	struct knob *knob;

	if ((unsigned)outcome->setting >= SETTING_COUNT)
		return;
	/* Only what is set makes a VM known that is not. */
	subject = outcome->status == OUTCOME_APPLIED ? arbiter_subject(arbiter, &outcome->vm) :
						       arbiter_find_subject(arbiter, &outcome->vm);
	if (subject == NULL)
		return;
	knob = outcome->status == OUTCOME_APPLIED ? subject_knob(subject, outcome->setting) :
						    subject_find_knob(subject, outcome->setting);
	if (knob == NULL)
		return;
	subject->dirty = true;
	switch (outcome->status) {
	case OUTCOME_APPLIED:
		take_applied(arbiter, knob, outcome);
		break;
	case OUTCOME_REFUSED:
		count_refusal(arbiter, subject, knob);
		knob->flight = FLIGHT_NONE;
		fail_later(arbiter, knob, outcome);
		if (outcome->lacking)
			subject_note_lack(subject, knob->setting, outcome->text,
					  arbiter->now_usec + RETRY_MOST_USEC);
		break;
	case OUTCOME_LATE:
		take_late(arbiter, knob, outcome);
		break;
	case OUTCOME_DRIFT:
		take_drift(arbiter, knob, outcome);
		break;
	case OUTCOME_RESTORED:
		take_restored(arbiter, subject, knob, outcome);
		break;
	default: /* gone, and with it what was set */
		knob->applied = knob->unsure = false;
		knob->flight = FLIGHT_NONE;
		fail_later(arbiter, knob, outcome);
		break;
	}
}
