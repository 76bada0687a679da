/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the arbiter's book has of one VM: what is asked for, held, set and said (subject.h). */
#ifndef DECIDE_SUBJECT_PARTS_H
#define DECIDE_SUBJECT_PARTS_H

#include "model/plan.h"

struct policy_entry;

/* A rule asks. */
struct ask {
	const struct policy_entry *by;
	uint64_t order; /* of two rules of one policy the one that asked last */
	struct request request;
};

/* A person holds. */
struct hold {
	enum setting setting;
	struct setting_value value;
	uint64_t until_realtime_usec; /* 0: for ever */
	struct cause cause;
};

/* One knob that we have turned, or want to. */
struct knob {
	enum setting setting;
	bool wanted;              /* in this round */
	uint64_t wish_since_usec; /* since when it is wanted otherwise than it is; 0: it is not */
	bool applied, unsure;     /* unsure: its owner did not answer in time */
	bool adopted;             /* by a predecessor; nobody has asked for it since */
	struct setting_value value, planned, was; /* there now; as planned; before us */
	bool was_known;
	char where[64];
	struct cause cause;       /* of what is applied */
	enum { FLIGHT_NONE, FLIGHT_SET, FLIGHT_RELEASE } flight;
	uint64_t flight_since_usec, changed_usec;
	unsigned failures, drifts;
	uint64_t not_before_usec, drifted_usec;
	bool drifted, left;       /* left to whoever turned it */
	char text[PLAN_REASON_SIZE]; /* of the refusal or drift */
};

/* What was said of something that cannot be or is held, to tell news from olds. */
struct told {
	enum setting asked, setting;
	uint64_t hash;
	bool news, again; /* again: in this round */
};

/* A knob that nothing of this VM can be turned by: it has no disk, no tap. */
struct lack {
	enum setting setting;
	uint64_t until_usec;
	char reason[PLAN_REASON_SIZE];
};

/* Its place in one policy. */
struct standing {
	uint64_t serial;      /* the policy's; it may have moved since */
	int class_index;
	bool canary, measured;
	int64_t waiting_usec; /* when the policy began */
};

#endif
