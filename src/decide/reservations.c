/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What VMs are promised together must be there. */
#include "decide/arbiter_book.h"

#include "base/error.h"
#include "base/str.h"
#include "decide/reservations.h"
#include "model/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The host's own: its kernel, its services, the VMMs; a twentieth and half a GiB. */
#define HOST_KEEPS_BYTES ((int64_t)512 << 20)

int64_t reservations_memory(const struct snapshot *snapshot)
{
	int64_t total = snapshot->host.value[HOST_MEMORY_TOTAL];

	if (snapshot->host.state[HOST_MEMORY_TOTAL] != FIGURE_PRESENT)
		return INT64_MAX;
	total -= total / 20 + HOST_KEEPS_BYTES;
	return total > 0 ? total : 0;
}

/* -- as VMs are born -------------------------------------------------------------------- */

static int64_t sum_up(int64_t a, int64_t b)
{
	int64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

/* Older than the other; the identity decides between twins. */
static bool is_older(const struct subject *a, const struct subject *b)
{
	if (a->born_usec != b->born_usec)
		return a->born_usec < b->born_usec;
	return vm_identity_compare(&a->identity, &b->identity) < 0;
}

static void refuse(struct subject *subject, bool cpu, bool memory)
{
	subject->dirty |= subject->cpu_refused != cpu || subject->memory_refused != memory;
	subject->cpu_refused = cpu;
	subject->memory_refused = memory;
}

/* The oldest first, each that still fits. Slow, and only where not all do. */
static void fit_by_age(struct arbiter *arbiter, int64_t cpus, int64_t memory)
{
	const struct subject *last = NULL;
	size_t round, i;

	for (round = 0; round < arbiter->subject_count; round++) {
		struct subject *next = NULL;

		for (i = 0; i < arbiter->subject_count; i++) {
			struct subject *one = arbiter->subjects[i];

			if (one->share.reserve == 0 && one->memory_reserve == 0)
				refuse(one, false, false);
			else if ((last == NULL || is_older(last, one)) &&
			    (next == NULL || is_older(one, next)))
				next = one;
		}
		if (next == NULL)
			return;
		refuse(next, next->share.reserve > cpus, next->memory_reserve > memory);
		cpus -= next->cpu_refused ? 0 : next->share.reserve;
		memory -= next->memory_refused ? 0 : next->memory_reserve;
		last = next;
	}
}

void reservations_fit(struct arbiter *arbiter, const struct snapshot *snapshot)
{
	int64_t cpus = (int64_t)snapshot->cpu_count * 10000, memory = reservations_memory(snapshot);
	int64_t cpu_sum = 0, memory_sum = 0;
	size_t i;

	for (i = 0; i < arbiter->subject_count; i++) {
		cpu_sum = sum_up(cpu_sum, arbiter->subjects[i]->share.reserve);
		memory_sum = sum_up(memory_sum, arbiter->subjects[i]->memory_reserve);
	}
	if (cpu_sum > cpus || memory_sum > memory) {
		fit_by_age(arbiter, cpus, memory);
		return;
	}
	for (i = 0; i < arbiter->subject_count; i++)
		refuse(arbiter->subjects[i], false, false);
}

/* -- as a policy is loaded -------------------------------------------------------------- */

struct sum {
	const struct policy *policy;
	enum setting setting;
	int64_t all, by_others;
	size_t *counts; /* VMs by class of the policy */
};

static const struct policy_intent *find_intent(const struct policy *policy, int class,
					       enum setting setting)
{
	size_t i;

	for (i = 0; i < policy->intent_count; i++)
		if ((int)policy->intents[i].class_index == class &&
		    policy->intents[i].setting == setting)
			return &policy->intents[i];
	return NULL;
}

/* What the VM reserves already by the other policies; the same policy in its older form is not
 * one of them. */
static int64_t by_others(const struct arbiter *arbiter, const struct policy *policy,
			 const struct vm *vm, enum setting setting)
{
	size_t i;

	for (i = 0; arbiter != NULL && i < arbiter->policy_count; i++) {
		const struct policy *other = arbiter->policies[i]->policy;
		const struct policy_intent *intent;

		if (strcmp(other->name, policy->name) == 0)
			continue;
		intent = find_intent(other, policy_classify(other, vm), setting);
		if (intent != NULL)
			return intent->value.number;
	}
	return 0;
}

static void add_vm(struct sum *sum, const struct arbiter *arbiter, const struct vm *vm)
{
	int64_t others = by_others(arbiter, sum->policy, vm, sum->setting);
	int class = policy_classify(sum->policy, vm);
	const struct policy_intent *intent = find_intent(sum->policy, class, sum->setting);

	if (others > 0 || intent == NULL) {
		sum->by_others = sum_up(sum->by_others, others);
		sum->all = sum_up(sum->all, others);
		return;
	}
	sum->counts[class]++;
	sum->all = sum_up(sum->all, intent->value.number);
}

static void append_value(struct str *str, enum setting setting, int64_t number)
{
	struct setting_value value = { .number = number };

	setting_append(str, setting, &value);
}

static void append_sum(const struct sum *sum, struct str *str)
{
	const char *separator = "";
	size_t class;

	for (class = 0; class < sum->policy->class_count; class++) {
		const struct policy_intent *intent = find_intent(sum->policy, (int)class,
								 sum->setting);

		if (sum->counts[class] == 0 || intent == NULL)
			continue;
		str_appendf(str, "%s%zu x ", separator, sum->counts[class]);
		append_value(str, sum->setting, intent->value.number);
		str_appendf(str, " (%.40s:%d)", sum->policy->classes[class].name, intent->line);
		separator = " + ";
	}
	if (sum->by_others > 0) {
		str_append(str, separator);
		append_value(str, sum->setting, sum->by_others);
		str_append(str, " of other policies");
	}
	str_append(str, " = ");
	append_value(str, sum->setting, sum->all);
}

static int refuse_sum(const struct sum *sum, int64_t there, const char *what, struct error *err)
{
	struct str text;
	int r;

	str_init(&text);
	append_sum(sum, &text);
	str_append(&text, " are more than the ");
	append_value(&text, sum->setting, there);
	str_append(&text, what);
	r = error_set(err, -EOVERFLOW, "what is reserved (%s) does not fit: %s",
		      setting_info[sum->setting].name, text.data != NULL ? text.data : "");
	str_done(&text);
	return r;
}

static int check_sum(const struct arbiter *arbiter, const struct policy *policy,
		     const struct snapshot *snapshot, enum setting setting, int64_t there,
		     const char *what, struct error *err)
{
	struct sum sum = { .policy = policy, .setting = setting };
	size_t i;
	int r = 0;

	sum.counts = calloc(policy->class_count + 1, sizeof *sum.counts);
	if (sum.counts == NULL)
		return error_set(err, -ENOMEM, "out of memory");
	for (i = 0; i < snapshot->vm_count; i++)
		add_vm(&sum, arbiter, snapshot->vms[i]);
	if (sum.all > there)
		r = refuse_sum(&sum, there, what, err);
	free(sum.counts);
	return r;
}

int arbiter_check_reservations(const struct arbiter *arbiter, const struct policy *policy,
			       const struct snapshot *snapshot, struct error *err)
{
	int r = check_sum(arbiter, policy, snapshot, SETTING_CPU_RESERVE,
			  (int64_t)snapshot->cpu_count * 10000, " of this host", err);

	if (r == 0)
		r = check_sum(arbiter, policy, snapshot, SETTING_MEMORY_RESERVE,
			      reservations_memory(snapshot),
			      " that this host can promise (it keeps the rest for itself)", err);
	return r;
}
