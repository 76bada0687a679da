/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What policies and people ask for, what will be done about it, and what came of it. All three
 * are data: dry-run prints a plan, act applies it, tests compare it, explain shows it.
 *
 *     request (a rule asks)  ->  plan item (set this knob from a to b, because)  ->  outcome
 */
#ifndef MODEL_PLAN_H
#define MODEL_PLAN_H

#include "model/setting.h"
#include "model/vm.h"

struct str;

enum { CAUSE_INPUTS_MAX = 6, CAUSE_TEXT_SIZE = 160, PLAN_REASON_SIZE = 200 };

/* A figure that a rule looked at when it decided. */
struct cause_input {
	char name[48];
	char value[32]; /* with its unit, as a person reads it */
};

/* Who wants it and why. */
struct cause {
	char policy[64]; /* name of the policy; "set" for a person's `truce set` */
	char path[256];  /* file and line to look at; "" for a person */
	int line;
	char rule[64];   /* name of the rule; "" for a class's intent */
	char because[CAUSE_TEXT_SIZE];
	struct cause_input inputs[CAUSE_INPUTS_MAX];
	size_t input_count;
};

/* From a policy's process: sticky. A request holds until the same rule asks for another value
 * of that setting, releases it, or is gone. */
struct request {
	struct vm_identity vm; /* pid 0: the host */
	enum setting setting;
	bool release;          /* what was asked for before holds no more */
	struct setting_value value;
	struct cause cause;
};

enum plan_verdict {
	PLAN_SET,
	PLAN_RELEASE, /* nobody asks for it any more: back to what it was before us */
	PLAN_CANNOT,  /* the host cannot do that; reason says why */
	PLAN_HELD,    /* not now: a rate limit, a VM in migration, a limit nobody may cross */
	PLAN_VERDICT_COUNT,
};

struct plan_item {
	struct vm_identity vm; /* pid 0: the host */
	char vm_name[64];
	char class_name[64];
	enum plan_verdict verdict;
	enum setting asked;    /* the intent or knob that was asked for */
	enum setting setting;  /* the knob it comes to; == asked where it was one */
	bool from_known;
	struct setting_value from, to;
	char where[64];        /* what arbitrates: "cpu.weight", "nice", ...; "" unknown yet */
	char predicted[CAUSE_TEXT_SIZE];
	char reason[PLAN_REASON_SIZE]; /* of CANNOT and HELD; of SET what is imprecise about it */
	struct cause cause;
};

struct plan {
	struct plan_item *items; /* what gives, what takes, what is only said; each by VM, setting */
	size_t count, capacity;
};

enum outcome_status {
	OUTCOME_APPLIED,
	OUTCOME_REFUSED,  /* the kernel or the owner said no */
	OUTCOME_GONE,     /* the VM was gone */
	OUTCOME_LATE,     /* the owner did not answer in time */
	OUTCOME_DRIFT,    /* somebody else has turned it since */
	OUTCOME_RESTORED, /* given back */
	OUTCOME_STATUS_COUNT,
};

struct outcome {
	struct vm_identity vm;
	enum setting setting;
	enum outcome_status status;
	uint64_t realtime_usec;
	bool from_known;
	struct setting_value from; /* before; of DRIFT what we had set */
	struct setting_value to;   /* what was set; of DRIFT what is there now */
	char where[64];
	char text[PLAN_REASON_SIZE]; /* the sentence of REFUSED, LATE, DRIFT */
	bool lacking; /* of REFUSED: the VM has nothing to turn it on, and a second try changes nothing */
};

void plan_init(struct plan *plan);
void plan_done(struct plan *plan);
void plan_clear(struct plan *plan);
struct plan_item *plan_add(struct plan *plan); /* zeroed; NULL: no memory */
/* Into the order to apply in: what gives to VMs stands before what takes from them. */
void plan_sort(struct plan *plan);

const char *plan_verdict_name(enum plan_verdict verdict);
const char *outcome_status_name(enum outcome_status status);
/* One line without newline, safe to print: `set db-1 (gold) cpu.weight 100 -> 400 for cpu.shares
 * by gold-first:12 (rule): because; what is imprecise; expected: ...` */
void plan_item_append(struct str *str, const struct plan_item *item);
void outcome_append(struct str *str, const struct outcome *outcome);

#endif
