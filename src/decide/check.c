/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/check.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"
#include "decide/arbiter.h"
#include "decide/compete.h"
#include "decide/compile.h"
#include "decide/reservations.h"
#include "decide/wish.h"
#include "model/snapshot.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void check_init(struct check *check)
{
	memset(check, 0, sizeof *check);
}

void check_done(struct check *check)
{
	free(check->findings);
	check_init(check);
}

static int find_fault(struct check *check, bool refused, int line, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static int find_fault(struct check *check, bool refused, int line, const char *format, ...)
{
	struct check_finding *finding;
	va_list args;

	if (!VEC_RESERVE(check->findings, check->capacity, check->count + 1))
		return -ENOMEM;
	finding = &check->findings[check->count++];
	finding->refused = refused;
	finding->line = line;
	va_start(args, format);
	vsnprintf(finding->text, sizeof finding->text, format, args);
	va_end(args);
	return 0;
}

int check_add(struct check *check, bool refused, int line, const char *text)
{
	return find_fault(check, refused, line, "%s", text);
}

/* -- by itself -------------------------------------------------------------------------- */

static bool is_spoken_of(const struct policy *policy, size_t class)
{
	size_t i;

	for (i = 0; i < policy->intent_count; i++)
		if (policy->intents[i].class_index == class)
			return true;
	for (i = 0; i < policy->rule_count; i++)
		if (policy->rules[i].scope == SETTING_SCOPE_HOST || policy->rules[i].class_index < 0 ||
		    (size_t)policy->rules[i].class_index == class)
			return true;
	return false;
}

static int check_classes(struct check *check, const struct policy *policy)
{
	const struct policy_class *all = NULL;
	size_t i;
	int r = 0;

	for (i = 0; i < policy->class_count && r == 0; i++) {
		const struct policy_class *class = &policy->classes[i];

		if (all != NULL)
			r = find_fault(check, false, class->line,
				       "class %s never has a VM: class %s (line %d) stands before it and "
				       "takes every one", class->name, all->name, all->line);
		else if (!is_spoken_of(policy, i))
			r = find_fault(check, false, class->line,
				       "nothing is said of class %s: no intent, no rule", class->name);
		if (all == NULL && policy_class_takes_all(class))
			all = class;
	}
	return r;
}

static const struct policy_intent *find_intent(const struct policy *policy, size_t class,
					       enum setting setting)
{
	size_t i;

	for (i = 0; i < policy->intent_count; i++)
		if (policy->intents[i].class_index == class &&
		    policy->intents[i].setting == setting)
			return &policy->intents[i];
	return NULL;
}

static void format_value(const struct policy_intent *intent, char ret[static 64])
{
	struct str str;

	str_init(&str);
	setting_append(&str, intent->setting, &intent->value);
	text_copy(ret, 64, str.data != NULL ? str.data : "", str.length);
	str_done(&str);
}

/* Two settings of one class that do not go together. */
static int check_pair(struct check *check, const struct policy *policy,
		      const struct policy_intent *intent)
{
	static const struct {
		enum setting low, high;
	} bounds[] = {
		{ SETTING_CPU_RESERVE, SETTING_CPU_LIMIT },
		{ SETTING_MEMORY_RESERVE, SETTING_MEMORY_LIMIT },
		{ SETTING_NET_RESERVE, SETTING_NET_LIMIT },
	};
	static const struct {
		enum setting intent, knob;
	} twins[] = {
		{ SETTING_CPU_SHARES, SETTING_CPU_WEIGHT }, { SETTING_CPU_SHARES, SETTING_CPU_NICE },
		{ SETTING_CPU_LIMIT, SETTING_CPU_QUOTA }, { SETTING_DISK_SHARES, SETTING_DISK_WEIGHT },
		{ SETTING_MEMORY_LIMIT, SETTING_MEMORY_BALLOON },
	};
	const char *class = policy->classes[intent->class_index].name;
	const struct policy_intent *other;
	char low[64], high[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bounds); i++) {
		other = find_intent(policy, intent->class_index, bounds[i].low);
		if (intent->setting != bounds[i].high || other == NULL ||
		    other->value.number <= intent->value.number)
			continue;
		format_value(other, low);
		format_value(intent, high);
		return find_fault(check, false, intent->line,
				  "%s %s of class %s is below its %s %s (line %d), which goes before",
				  setting_info[intent->setting].name, high, class,
				  setting_info[other->setting].name, low, other->line);
	}
	for (i = 0; i < ARRAY_SIZE(twins); i++) {
		other = find_intent(policy, intent->class_index, twins[i].knob);
		if (intent->setting == twins[i].intent && other != NULL)
			return find_fault(check, false, intent->line,
					  "%s of class %s is not heard: %s (line %d) turns the same thing",
					  setting_info[intent->setting].name, class,
					  setting_info[other->setting].name, other->line);
	}
	return 0;
}

static int check_intents(struct check *check, const struct policy *policy)
{
	size_t i;
	int r = 0;

	for (i = 0; i < policy->intent_count && r == 0; i++) {
		const struct policy_intent *intent = &policy->intents[i];
		const struct policy_intent *first =
			find_intent(policy, intent->class_index, intent->setting);

		if (first != intent)
			r = find_fault(check, false, intent->line,
				       "%s of class %s was said in line %d already, and that is heard",
				       setting_info[intent->setting].name,
				       policy->classes[intent->class_index].name, first->line);
		else
			r = check_pair(check, policy, intent);
	}
	return r;
}

/* -- on this host ----------------------------------------------------------------------- */

static void append_name(struct str *str, const struct vm *vm)
{
	const char *name = vm->text[VM_TEXT_NAME];
	char id[VM_ID_SIZE];

	vm_identity_format(&vm->identity, id);
	if (name == NULL)
		name = id;
	text_append_safe(str, name, strnlen(name, 60));
}

/* Names of VMs, some of them, and how many there are. */
struct names {
	struct str text;
	size_t count;
};

static void names_add(struct names *names, const struct vm *vm)
{
	if (names->count++ >= 3)
		return;
	if (names->count > 1)
		str_append(&names->text, ", ");
	append_name(&names->text, vm);
}

static const char *names_end(struct names *names)
{
	if (names->count > 3)
		str_appendf(&names->text, " and %zu more", names->count - 3);
	return names->text.data != NULL ? names->text.data : "";
}

static int check_matches(struct check *check, const struct policy *policy, size_t at,
			 const struct snapshot *snapshot)
{
	const struct policy_class *class = &policy->classes[at];
	size_t i, matched = 0;

	for (i = 0; i < snapshot->vm_count; i++)
		matched += policy_class_matches(class, snapshot->vms[i]);
	/* Where no VM runs it is not the pattern's fault. */
	if (matched > 0 || snapshot->vm_count == 0)
		return 0;
	return find_fault(check, false, class->line, "class %s matches none of the %zu VMs of this host",
			  class->name, snapshot->vm_count);
}

/* VMs that class `at` matches too, but class `first` has. */
static int check_overlap(struct check *check, const struct policy *policy, size_t first, size_t at,
			 const struct snapshot *snapshot)
{
	const struct policy_class *class = &policy->classes[at], *winner = &policy->classes[first];
	struct names names = { .count = 0 };
	size_t i;
	int r = 0;

	str_init(&names.text);
	for (i = 0; i < snapshot->vm_count; i++)
		if (policy_classify(policy, snapshot->vms[i]) == (int)first &&
		    policy_class_matches(class, snapshot->vms[i]))
			names_add(&names, snapshot->vms[i]);
	/* To take the rest behind the others is what such a class is for; and what stands behind it
	 * has been told that it is never reached. */
	if (names.count > 0 && !policy_class_takes_all(class) && !policy_class_takes_all(winner))
		r = find_fault(check, false, class->line,
			       "class %s matches %s too; class %s (line %d) stands before it and has %s",
			       class->name, names_end(&names), winner->name, winner->line,
			       names.count == 1 ? "it" : "them");
	str_done(&names.text);
	return r;
}

struct refusal {
	char reason[PLAN_REASON_SIZE];
	struct names names;
};

/* 1 and the reason where it cannot be, or is imprecise; 0 where it is as asked. */
static int try_intent(const struct compile_context *context, const struct vm *vm,
		      const struct policy_intent *intent, char reason[static PLAN_REASON_SIZE])
{
	struct wanted wanted[SETTING_COUNT] = { { 0 } };
	struct compiled compiled[COMPILED_MAX];
	size_t i, count;

	wanted[intent->setting] = (struct wanted){
		true, COMPILE_RANK_INTENT(0), intent->value, NULL,
	};
	count = compile_vm(context, vm, wanted, compiled);
	for (i = 0; i < count; i++)
		if (compiled[i].cannot || (compiled[i].setting == SETTING_CPU_NICE &&
					   intent->setting != SETTING_CPU_NICE &&
					   compiled[i].reason[0] != '\0')) {
			memcpy(reason, compiled[i].reason, PLAN_REASON_SIZE);
			return 1;
		}
	return 0;
}

static int check_refusals(struct check *check, const struct policy *policy,
			  const struct policy_intent *intent, struct refusal *refusals,
			  size_t count)
{
	size_t i;
	int r = 0;

	for (i = 0; i < count; i++) {
		if (r == 0)
			r = find_fault(check, false, intent->line, "%s of class %s, for %s: %s",
				       setting_info[intent->setting].name,
				       policy->classes[intent->class_index].name,
				       names_end(&refusals[i].names), refusals[i].reason);
		str_done(&refusals[i].names.text);
	}
	return r;
}

/* One finding for each reason; more than a few different ones help nobody. */
static int check_offered(struct check *check, const struct policy *policy,
			 const struct policy_intent *intent, const struct compile_context *context)
{
	struct refusal refusals[4];
	char reason[PLAN_REASON_SIZE];
	size_t count = 0, i, j;

	for (i = 0; i < context->snapshot->vm_count; i++) {
		const struct vm *vm = context->snapshot->vms[i];

		if (policy_classify(policy, vm) != (int)intent->class_index ||
		    !wish_is_settled(vm, intent->setting) || try_intent(context, vm, intent, reason) == 0)
			continue;
		for (j = 0; j < count; j++)
			if (strcmp(refusals[j].reason, reason) == 0)
				break;
		if (j == ARRAY_SIZE(refusals))
			continue;
		if (j == count) {
			memcpy(refusals[count].reason, reason, sizeof reason);
			refusals[count].names.count = 0;
			str_init(&refusals[count++].names.text);
		}
		names_add(&refusals[j].names, vm);
	}
	return check_refusals(check, policy, intent, refusals, count);
}

static int compete(const struct policy *policy, const struct snapshot *snapshot,
		   struct compile_context *ret)
{
	struct compile_share *shares = calloc(snapshot->vm_count + 1, sizeof *shares);
	size_t i;

	if (shares == NULL)
		return -ENOMEM;
	for (i = 0; i < snapshot->vm_count; i++) {
		int class = policy_classify(policy, snapshot->vms[i]);
		const struct policy_intent *intent;

		shares[i].now = shares[i].base = compile_weight_now(snapshot->vms[i]);
		if (class < 0)
			continue;
		intent = find_intent(policy, (size_t)class, SETTING_CPU_SHARES);
		if (intent != NULL)
			shares[i].base = intent->value.number;
		intent = find_intent(policy, (size_t)class, SETTING_CPU_RESERVE);
		if (intent != NULL)
			shares[i].reserve = compile_reserve_usable(snapshot->vms[i],
								   intent->value.number);
	}
	*ret = (struct compile_context){ .snapshot = snapshot };
	compile_compete(ret, shares, snapshot->vm_count);
	free(shares);
	return 0;
}

static int check_host(struct check *check, const struct policy *policy,
		      const struct arbiter *arbiter, const struct snapshot *snapshot)
{
	struct compile_context context;
	struct error err = { 0 };
	size_t i, j;
	int r;

	r = arbiter_check_reservations(arbiter, policy, snapshot, &err);
	if (r == -EOVERFLOW)
		r = find_fault(check, true, 0, "%.390s", err.text);
	for (i = 0; i < policy->class_count && r == 0; i++) {
		r = check_matches(check, policy, i, snapshot);
		for (j = 0; j < i && r == 0; j++)
			r = check_overlap(check, policy, j, i, snapshot);
	}
	if (r == 0)
		r = compete(policy, snapshot, &context);
	for (i = 0; i < policy->intent_count && r == 0; i++)
		if (setting_info[policy->intents[i].setting].scope == SETTING_SCOPE_VM)
			r = check_offered(check, policy, &policy->intents[i], &context);
	return r;
}

/* Stable, so that findings of one line stay as they were found. */
static void sort(struct check *check)
{
	size_t i, j;

	for (i = 1; i < check->count; i++)
		for (j = i; j > 0 && check->findings[j - 1].line > check->findings[j].line; j--) {
			struct check_finding swap = check->findings[j];

			check->findings[j] = check->findings[j - 1];
			check->findings[j - 1] = swap;
		}
}

static int check_notes(struct check *check, const struct policy *policy)
{
	size_t i;
	int r = 0;

	for (i = 0; i < policy->note_count && r == 0; i++)
		r = find_fault(check, false, policy->notes[i].line, "%s", policy->notes[i].text);
	return r;
}

int check_policy(struct check *check, const struct policy *policy, const struct arbiter *arbiter,
		 const struct snapshot *snapshot)
{
	int r = check_notes(check, policy);

	if (r == 0)
		r = check_classes(check, policy);
	if (r == 0)
		r = check_intents(check, policy);
	if (r == 0 && snapshot != NULL)
		r = check_host(check, policy, arbiter, snapshot);
	sort(check);
	return r;
}

void check_append(const struct check *check, const struct policy *policy, struct str *out)
{
	size_t i;

	for (i = 0; i < check->count; i++) {
		const struct check_finding *finding = &check->findings[i];

		text_append_printable(out, policy->path, strlen(policy->path));
		if (finding->line > 0)
			str_appendf(out, ":%d", finding->line);
		str_append(out, finding->refused ? ": error: " : ": warning: ");
		text_append_printable(out, finding->text, strlen(finding->text));
		str_append_char(out, '\n');
	}
}
