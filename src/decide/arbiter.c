/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/arbiter_book.h"

#include "base/error.h"
#include "base/text.h"
#include "base/vec.h"
#include "model/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct arbiter *arbiter_new(const struct arbiter_options *options)
{
	struct arbiter *arbiter = calloc(1, sizeof *arbiter);
	static const struct vm_identity host = { 0 };

	if (arbiter == NULL)
		return NULL;
	if (options != NULL)
		arbiter->options = *options;
	if (arbiter->options.vm_interval_usec == 0)
		arbiter->options.vm_interval_usec = 1000000;
	if (arbiter->options.hysteresis_permyriad == 0)
		arbiter->options.hysteresis_permyriad = 200;
	arbiter->generation = 1;
	arbiter->host = subject_new(&host);
	if (arbiter->host == NULL) {
		arbiter_free(arbiter);
		return NULL;
	}
	return arbiter;
}

static void entry_free(struct policy_entry *entry)
{
	if (entry == NULL)
		return;
	free(entry->causes);
	free(entry);
}

void arbiter_free(struct arbiter *arbiter)
{
	size_t i;

	if (arbiter == NULL)
		return;
	for (i = 0; i < arbiter->policy_count; i++)
		entry_free(arbiter->policies[i]);
	for (i = 0; i < arbiter->subject_count; i++)
		subject_free(arbiter->subjects[i]);
	subject_free(arbiter->host);
	free(arbiter->policies);
	free(arbiter->subjects);
	free(arbiter->merged);
	free(arbiter->candidates);
	free(arbiter->shares);
	free(arbiter->asks);
	free(arbiter);
}

/* -- subjects --------------------------------------------------------------------------- */

static size_t subject_place(const struct arbiter *arbiter, const struct vm_identity *vm)
{
	size_t low = 0, high = arbiter->subject_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (vm_identity_compare(&arbiter->subjects[middle]->identity, vm) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct subject *arbiter_find_subject(const struct arbiter *arbiter, const struct vm_identity *vm)
{
	size_t at;

	if (vm->pid == 0)
		return arbiter->host;
	at = subject_place(arbiter, vm);
	if (at < arbiter->subject_count &&
	    vm_identity_compare(&arbiter->subjects[at]->identity, vm) == 0)
		return arbiter->subjects[at];
	return NULL;
}

struct subject *arbiter_subject(struct arbiter *arbiter, const struct vm_identity *vm)
{
	struct subject *subject = arbiter_find_subject(arbiter, vm);
	size_t at;

	if (subject != NULL)
		return subject;
	at = subject_place(arbiter, vm);
	subject = subject_new(vm);
	if (subject == NULL || !VEC_RESERVE(arbiter->subjects, arbiter->subject_capacity,
					    arbiter->subject_count + 1)) {
		subject_free(subject);
		return NULL;
	}
	memmove(&arbiter->subjects[at + 1], &arbiter->subjects[at],
		(arbiter->subject_count - at) * sizeof *arbiter->subjects);
	arbiter->subjects[at] = subject;
	arbiter->subject_count++;
	return subject;
}

void arbiter_all_dirty(struct arbiter *arbiter)
{
	size_t i;

	arbiter->host->dirty = true;
	for (i = 0; i < arbiter->subject_count; i++)
		arbiter->subjects[i]->dirty = true;
}

/* -- policies --------------------------------------------------------------------------- */

static struct policy_entry *entry_new(struct arbiter *arbiter, const struct policy *policy)
{
	struct policy_entry *entry = calloc(1, sizeof *entry);
	size_t i;

	if (entry == NULL)
		return NULL;
	entry->policy = policy;
	entry->serial = ++arbiter->serial;
	entry->causes = calloc(policy->intent_count + 1, sizeof *entry->causes);
	if (entry->causes == NULL) {
		entry_free(entry);
		return NULL;
	}
	for (i = 0; i < policy->intent_count; i++) {
		const struct policy_intent *intent = &policy->intents[i];
		const struct policy_class *class = &policy->classes[intent->class_index];
		struct cause *cause = &entry->causes[i];

		memcpy(cause->policy, policy->name, sizeof cause->policy);
		memcpy(cause->path, policy->path, sizeof cause->path);
		cause->line = intent->line;
		memcpy(cause->because, "class ", 6);
		text_copy(cause->because + 6, sizeof cause->because - 6, class->name,
			  strlen(class->name));
	}
	return entry;
}

static int no_memory(struct error *err)
{
	return error_set(err, -ENOMEM, "out of memory");
}

static size_t policy_place(const struct arbiter *arbiter, const struct policy *policy)
{
	size_t at;

	for (at = 0; at < arbiter->policy_count; at++)
		if (arbiter->policies[at]->policy == policy)
			break;
	return at;
}

int arbiter_insert_policy(struct arbiter *arbiter, const struct policy *policy,
			  const struct policy *before, struct error *err)
{
	struct policy_entry *entry = entry_new(arbiter, policy);
	size_t at = policy_place(arbiter, before);

	if (entry == NULL || !VEC_RESERVE(arbiter->policies, arbiter->policy_capacity,
					  arbiter->policy_count + 1)) {
		entry_free(entry);
		return no_memory(err);
	}
	memmove(&arbiter->policies[at + 1], &arbiter->policies[at],
		(arbiter->policy_count - at) * sizeof *arbiter->policies);
	arbiter->policies[at] = entry;
	arbiter->policy_count++;
	arbiter->generation++;
	arbiter_all_dirty(arbiter);
	return 0;
}

int arbiter_add_policy(struct arbiter *arbiter, const struct policy *policy, struct error *err)
{
	return arbiter_insert_policy(arbiter, policy, NULL, err);
}

/* What the rules of `from` ask for is what those of `to` ask for, or goes (to NULL: all of it). */
static void hand_over(struct subject *subject, const struct policy_entry *from,
		      const struct policy_entry *to)
{
	size_t i = 0;

	while (i < subject->ask_count) {
		struct ask *ask = &subject->asks[i];

		if (ask->by == from && (to == NULL || !policy_has_rule(to->policy, ask->request.cause.rule))) {
			subject_remove_ask(subject, i);
			continue;
		}
		if (ask->by == from)
			ask->by = to;
		i++;
	}
}

static void hand_over_all(struct arbiter *arbiter, const struct policy_entry *from,
			  const struct policy_entry *to)
{
	size_t i;

	hand_over(arbiter->host, from, to);
	for (i = 0; i < arbiter->subject_count; i++)
		hand_over(arbiter->subjects[i], from, to);
	arbiter->generation++;
	arbiter_all_dirty(arbiter);
}

void arbiter_remove_policy(struct arbiter *arbiter, const struct policy *policy)
{
	size_t at = policy_place(arbiter, policy);

	if (at == arbiter->policy_count)
		return;
	hand_over_all(arbiter, arbiter->policies[at], NULL);
	entry_free(arbiter->policies[at]);
	arbiter->policy_count--;
	memmove(&arbiter->policies[at], &arbiter->policies[at + 1],
		(arbiter->policy_count - at) * sizeof *arbiter->policies);
}

int arbiter_replace_policy(struct arbiter *arbiter, const struct policy *old,
			   const struct policy *policy, struct error *err)
{
	size_t at = policy_place(arbiter, old);
	struct policy_entry *entry;

	if (at == arbiter->policy_count)
		return arbiter_add_policy(arbiter, policy, err);
	entry = entry_new(arbiter, policy);
	if (entry == NULL)
		return no_memory(err);
	entry->pace = arbiter->policies[at]->pace;
	hand_over_all(arbiter, arbiter->policies[at], entry);
	entry_free(arbiter->policies[at]);
	arbiter->policies[at] = entry;
	return 0;
}

struct policy_entry *arbiter_policy_of_rank(const struct arbiter *arbiter, unsigned rank)
{
	unsigned who = COMPILE_RANK_WHO(rank);

	return who == 0 || who > arbiter->policy_count ? NULL : arbiter->policies[who - 1];
}

struct policy_entry *arbiter_policy_named(const struct arbiter *arbiter, const char *name)
{
	size_t i;

	for (i = 0; i < arbiter->policy_count; i++)
		if (strcmp(arbiter->policies[i]->policy->name, name) == 0)
			return arbiter->policies[i];
	return NULL;
}

const char *arbiter_class(const struct arbiter *arbiter, const struct vm *vm)
{
	const struct subject *subject = arbiter_find_subject(arbiter, &vm->identity);
	bool known = subject != NULL && subject->generation == arbiter->generation &&
		     subject->class_fingerprint == subject_class_fingerprint(vm);
	size_t i;

	for (i = 0; i < arbiter->policy_count; i++) {
		const struct policy *policy = arbiter->policies[i]->policy;
		int at = known ? subject->standings[i].class_index : policy_classify(policy, vm);

		if (at >= 0)
			return policy->classes[at].name;
	}
	return "";
}

/* -- requests --------------------------------------------------------------------------- */

/* The policy's process is a stranger: a request must be one that its language could have made. */
static bool request_is_sound(const struct request *request)
{
	struct setting_value again;

	if ((unsigned)request->setting >= SETTING_COUNT ||
	    (request->vm.pid == 0) !=
		    (setting_info[request->setting].scope == SETTING_SCOPE_HOST))
		return false;
	if (request->release)
		return true;
	if (setting_info[request->setting].unit != SETTING_UNIT_TEXT)
		return setting_check(request->setting, request->value.number, NULL) == 0;
	return memchr(request->value.text, '\0', sizeof request->value.text) != NULL &&
	       setting_parse(request->setting, request->value.text, &again, NULL) == 0 &&
	       strcmp(again.text, request->value.text) == 0;
}

/* What a rule had set and wants no more is given back for the reason that it says now. */
static void explain_release(struct subject *subject, const struct request *asked,
			    const struct cause *released)
{
	bool is_knob = setting_info[asked->setting].kind == SETTING_KIND_KNOB;
	size_t i;

	for (i = 0; released->because[0] != '\0' && i < subject->knob_count; i++) {
		struct knob *knob = &subject->knobs[i];

		if ((!is_knob || knob->setting == asked->setting) &&
		    knob->cause.line == asked->cause.line &&
		    strcmp(knob->cause.rule, asked->cause.rule) == 0 &&
		    strcmp(knob->cause.policy, asked->cause.policy) == 0)
			memcpy(knob->cause.because, released->because, sizeof released->because);
	}
}

static int release_ask(struct arbiter *arbiter, const struct policy_entry *entry,
		       const struct request *request)
{
	struct subject *subject = arbiter_find_subject(arbiter, &request->vm);
	struct ask *ask = subject != NULL ? subject_find_ask(subject, entry, request->cause.rule,
							     request->setting) : NULL;

	if (ask == NULL)
		return 0;
	explain_release(subject, &ask->request, &request->cause);
	subject_remove_ask(subject, (size_t)(ask - subject->asks));
	return 0;
}

int arbiter_request(struct arbiter *arbiter, const struct policy *policy,
		    const struct request *request)
{
	size_t at = policy_place(arbiter, policy);
	struct policy_entry *entry;
	struct subject *subject;
	struct ask *ask;

	if (at == arbiter->policy_count || !policy_has_rule(policy, request->cause.rule))
		return -ENOENT;
	if (!request_is_sound(request))
		return -EINVAL;
	entry = arbiter->policies[at];
	if (request->release)
		return release_ask(arbiter, entry, request);
	subject = arbiter_subject(arbiter, &request->vm);
	if (subject == NULL)
		return -ENOMEM;
	ask = subject_find_ask(subject, entry, request->cause.rule, request->setting);
	if (ask == NULL) {
		if (!VEC_RESERVE(subject->asks, subject->ask_capacity, subject->ask_count + 1))
			return -ENOMEM;
		ask = &subject->asks[subject->ask_count++];
	}
	*ask = (struct ask){ entry, ++arbiter->order, *request };
	subject->dirty = true;
	return 0;
}

/* -- a person --------------------------------------------------------------------------- */

/* What went wrong before, or was given back by hand, is tried again at a person's word. */
static void forgive(struct subject *subject)
{
	size_t i;

	for (i = 0; i < subject->knob_count; i++) {
		subject->knobs[i].failures = subject->knobs[i].drifts = 0;
		subject->knobs[i].not_before_usec = 0;
		subject->knobs[i].left = false;
	}
	subject->dirty = true;
}

int arbiter_hold(struct arbiter *arbiter, const struct vm_identity *vm, enum setting setting,
		 const struct setting_value *value, uint64_t until_realtime_usec,
		 const struct cause *cause)
{
	struct subject *subject = arbiter_subject(arbiter, vm);
	struct hold *hold;

	if (subject == NULL)
		return -ENOMEM;
	hold = subject_find_hold(subject, setting);
	if (hold == NULL) {
		if (!VEC_RESERVE(subject->holds, subject->hold_capacity, subject->hold_count + 1))
			return -ENOMEM;
		hold = &subject->holds[subject->hold_count++];
	}
	*hold = (struct hold){ setting, *value, until_realtime_usec, *cause };
	forgive(subject);
	return 0;
}

void arbiter_let_go(struct arbiter *arbiter, const struct vm_identity *vm, enum setting setting)
{
	struct subject *subject = arbiter_find_subject(arbiter, vm);
	struct hold *hold = subject != NULL ? subject_find_hold(subject, setting) : NULL;

	if (hold == NULL)
		return;
	*hold = subject->holds[--subject->hold_count];
	subject->dirty = true;
}

int arbiter_exclude(struct arbiter *arbiter, const struct vm_identity *vm, bool release)
{
	struct subject *subject = arbiter_subject(arbiter, vm);

	if (subject == NULL)
		return -ENOMEM;
	subject->excluded = subject->dirty = true;
	subject->release = release;
	return 0;
}

void arbiter_include(struct arbiter *arbiter, const struct vm_identity *vm)
{
	struct subject *subject = arbiter_find_subject(arbiter, vm);

	if (subject == NULL)
		return;
	subject->excluded = subject->release = false;
	forgive(subject);
}

bool arbiter_is_news(struct arbiter *arbiter, const struct plan_item *item)
{
	const struct subject *subject = arbiter_find_subject(arbiter, &item->vm);

	if (item->verdict == PLAN_SET || item->verdict == PLAN_RELEASE || subject == NULL)
		return true;
	return subject_is_news(subject, item);
}

/* -- wanted ----------------------------------------------------------------------------- */

static void want(struct wanted *wanted, unsigned rank, const struct setting_value *value,
		 const struct cause *cause)
{
	*wanted = (struct wanted){ true, rank, *value, cause };
}

static void gather_asks(const struct subject *subject, const struct policy_entry *entry,
			unsigned rank, struct wanted *ret)
{
	uint64_t orders[SETTING_COUNT] = { 0 };
	size_t i;

	for (i = 0; i < subject->ask_count; i++) {
		const struct ask *ask = &subject->asks[i];
		enum setting setting = ask->request.setting;

		if (ask->by != entry || ask->order < orders[setting] ||
		    (ret[setting].present && ret[setting].rank < rank))
			continue;
		orders[setting] = ask->order;
		want(&ret[setting], rank, &ask->request.value, &ask->request.cause);
	}
}

static void gather_intents(const struct subject *subject, const struct policy_entry *entry,
			   size_t at, struct wanted *ret)
{
	bool host = subject->identity.pid == 0;
	int class_index = at < subject->standing_count ? subject->standings[at].class_index : -1;
	size_t i;

	for (i = 0; i < entry->policy->intent_count; i++) {
		const struct policy_intent *intent = &entry->policy->intents[i];

		if (ret[intent->setting].present ||
		    (setting_info[intent->setting].scope == SETTING_SCOPE_HOST) != host ||
		    (!host && (int)intent->class_index != class_index))
			continue;
		want(&ret[intent->setting], COMPILE_RANK_INTENT(at), &intent->value,
		     &entry->causes[i]);
	}
}

void arbiter_gather(const struct arbiter *arbiter, const struct subject *subject,
		    struct wanted ret[static SETTING_COUNT])
{
	size_t i;

	memset(ret, 0, SETTING_COUNT * sizeof *ret);
	for (i = 0; i < subject->hold_count; i++)
		want(&ret[subject->holds[i].setting], COMPILE_RANK_PERSON, &subject->holds[i].value,
		     &subject->holds[i].cause);
	for (i = 0; i < arbiter->policy_count; i++) {
		gather_asks(subject, arbiter->policies[i], COMPILE_RANK_RULE(i), ret);
		gather_intents(subject, arbiter->policies[i], i, ret);
	}
}
