/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the rules of one policy ask for at the moment. Requests are sticky, so a rule that asks
 * for the same each tick sends one request, unless another rule of the policy has asked for that
 * setting since; this is the book that knows. Rules are numbered as in the policy's description;
 * in the bytes they stand by name, so that a policy that was edited finds again what its rules
 * asked for.
 */
#ifndef DECIDE_ASKING_H
#define DECIDE_ASKING_H

#include "model/plan.h"
#include "model/policy.h"

struct asking;
struct cursor;
struct snapshot;
struct str;

struct asking *asking_new(void); /* NULL: no memory */
void asking_free(struct asking *asking);

/* Takes the request into the book. 1: it is news and is to be sent; 0: that is how it was;
 * -ENOMEM. The host is a VM with pid 0. */
int asking_note(struct asking *asking, unsigned rule, const struct request *request);
/* What that rule asks for now; NULL: nothing, or it released it. */
const struct setting_value *asking_find(const struct asking *asking, unsigned rule,
					const struct vm_identity *vm, enum setting setting);
/* VMs that are not in the snapshot are forgotten. */
void asking_keep_alive(struct asking *asking, const struct snapshot *snapshot);

/* Sorted: the same book gives the same bytes. */
void asking_append(const struct asking *asking, const struct policy *policy, struct str *out);
/* Into an empty book; what rules asked for that the policy has no more is left out.
 * -EBADMSG, -ENOMEM. */
int asking_take(struct asking *asking, const struct policy *policy, struct cursor *bytes);

#endif
