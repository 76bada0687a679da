/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One turning of one knob, from beginning to end, on whichever thread: what was there, the lease
 * and the change, what is there then. It holds all it needs, and what came of it.
 */
#ifndef ACT_ACT_TURN_H
#define ACT_ACT_TURN_H

#include "act/actuator.h"
#include "base/error.h"

enum act_deed {
	ACT_SET,
	ACT_RELEASE,
	ACT_READ,
	ACT_UNDO, /* whatever of the VM is leased and slow; SETTING_COUNT: of all settings */
};

struct act_turn {
	enum act_deed deed;
	const struct actuator *actuator; /* NULL: releases by the leases alone */
	const struct act_target *target;
	enum setting setting;
	struct setting_value value;      /* of SET */
	bool from_known, before_known;
	struct setting_value from;       /* filled in where it is not known */
	struct setting_value before;     /* before us; of SET what `from` was the first time */
	const struct cause *cause;       /* of SET, for the note; NULL: none */
	uint64_t deadline_usec;          /* monotonic */
	char text[PLAN_REASON_SIZE];     /* of RELEASE: why, beside that it was wanted */
	/* What came of it. */
	int code;
	bool gone;                       /* it failed because the VM has ended */
	size_t failed;                   /* of UNDO: how many could not be given back */
	int left;                        /* of UNDO: 1 + the last setting that was left to somebody else, */
	char left_text[400];             /* with the sentence; 0: none was */
	struct error err;
	bool seen_known;
	struct setting_value seen;
	char where[64];
};

/* The first that can serve it. -ENOENT, or -EOPNOTSUPP where the VM has nothing to turn it on, with
 * the reason. */
int act_choose(struct act_context *context, const struct act_target *target, enum setting setting,
	       const struct actuator **ret, char reason[static PLAN_REASON_SIZE]);
void act_turn_run(struct act_context *context, struct act_turn *turn);
/* Of a failure without a sentence of its own. */
const char *act_explain(int code);
/* Of a turn that was run: REFUSED, LATE or GONE, else what its deed comes to. */
enum outcome_status act_turn_status(const struct act_turn *turn);
/* The value before us that a lease's note names ("... from=100 ..."); false: it names none. */
bool act_note_parse_from(const char *note, struct setting_value *ret);

#endif
