/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A made-up host of 8 CPUs under an arbiter, for the tests of this room: vm000 is of class gold,
 * all others of class bronze; the policy has the rules "raise" and "lower". */
#ifndef DECIDE_TEST_PEACE_H
#define DECIDE_TEST_PEACE_H

#include "decide/arbiter.h"
#include "model/synthetic.h"

#define MIB ((int64_t)1 << 20)

struct peace {
	struct synthetic host;
	struct policy policy;
	struct arbiter *arbiter;
	struct plan plan;
};

void say(char **text, const char *value);
void add_class(struct policy *policy, const char *name, const char *glob);
void add_intent(struct policy *policy, size_t class, enum setting setting, int64_t number);
void describe(struct policy *policy);
void load(struct peace *peace);
void peace_begin(struct peace *peace, unsigned vms, const struct arbiter_options *options);
void peace_end(struct peace *peace);
struct vm *vm_at(const struct peace *peace, size_t at);
void tick(struct peace *peace);
void tell(struct peace *peace, const struct plan_item *item, enum outcome_status status,
	  int64_t to);
/* All that is planned comes to pass. */
void obey(struct peace *peace);
void tick_and_obey(struct peace *peace);
/* The item of that VM and knob, or NULL. */
const struct plan_item *find(const struct peace *peace, size_t vm, enum setting setting);
const struct plan_item *expect(const struct peace *peace, size_t vm, enum setting setting,
			       enum plan_verdict verdict, int64_t to);
void expect_reason(const struct plan_item *item, const char *what);
int request_of(struct peace *peace, size_t vm, const char *rule, enum setting setting,
	       int64_t number, bool release);
void request(struct peace *peace, size_t vm, const char *rule, int64_t weight);
void hold(struct peace *peace, size_t vm, int64_t weight, uint64_t until);
size_t count_verdicts(const struct peace *peace, enum plan_verdict verdict);

#endif
