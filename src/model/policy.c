/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/policy.h"

#include "base/glob.h"
#include "base/text.h"
#include "base/vec.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void policy_init(struct policy *policy)
{
	memset(policy, 0, sizeof *policy);
	policy->canary_permyriad = 10000;
}

void policy_done(struct policy *policy)
{
	size_t i;

	if (policy == NULL)
		return;
	for (i = 0; i < policy->class_count; i++)
		free(policy->classes[i].matches);
	free(policy->classes);
	free(policy->intents);
	free(policy->rules);
	free(policy->notes);
	policy_init(policy);
}

struct policy_class *policy_add_class(struct policy *policy, const char *name, int line)
{
	struct policy_class *class;

	if (!VEC_RESERVE(policy->classes, policy->class_capacity, policy->class_count + 1))
		return NULL;
	class = &policy->classes[policy->class_count++];
	memset(class, 0, sizeof *class);
	text_copy(class->name, sizeof class->name, name, strlen(name));
	class->line = line;
	return class;
}

struct policy_match *policy_class_add_match(struct policy_class *class, enum policy_match_by by,
					    const char *pattern)
{
	struct policy_match *match;

	if (!VEC_RESERVE(class->matches, class->match_capacity, class->match_count + 1))
		return NULL;
	match = &class->matches[class->match_count++];
	memset(match, 0, sizeof *match);
	match->by = by;
	text_copy(match->pattern, sizeof match->pattern, pattern, strlen(pattern));
	return match;
}

struct policy_intent *policy_add_intent(struct policy *policy, size_t class_index)
{
	struct policy_intent *intent;

	if (!VEC_RESERVE(policy->intents, policy->intent_capacity, policy->intent_count + 1))
		return NULL;
	intent = &policy->intents[policy->intent_count++];
	memset(intent, 0, sizeof *intent);
	intent->class_index = class_index;
	return intent;
}

struct policy_rule *policy_add_rule(struct policy *policy, const char *name, int line)
{
	struct policy_rule *rule;

	if (!VEC_RESERVE(policy->rules, policy->rule_capacity, policy->rule_count + 1))
		return NULL;
	rule = &policy->rules[policy->rule_count++];
	memset(rule, 0, sizeof *rule);
	text_copy(rule->name, sizeof rule->name, name, strlen(name));
	rule->line = line;
	rule->class_index = -1;
	return rule;
}

bool policy_add_note(struct policy *policy, int line, const char *text)
{
	struct policy_note *note;

	if (policy->note_count == POLICY_NOTES_MAX)
		return true;
	if (!VEC_RESERVE(policy->notes, policy->note_capacity, policy->note_count + 1))
		return false;
	note = &policy->notes[policy->note_count++];
	memset(note, 0, sizeof *note);
	note->line = line;
	text_copy(note->text, sizeof note->text, text, strlen(text));
	return true;
}

int policy_find_class(const struct policy *policy, const char *name)
{
	size_t i;

	for (i = 0; i < policy->class_count; i++)
		if (strcmp(policy->classes[i].name, name) == 0)
			return (int)i;
	return -1;
}

bool policy_has_rule(const struct policy *policy, const char *name)
{
	size_t i;

	for (i = 0; i < policy->rule_count; i++)
		if (strcmp(policy->rules[i].name, name) == 0)
			return true;
	return false;
}

/* Which text of the VM a match looks at; ANY looks at none. */
static const enum vm_text matched_text[] = {
	[POLICY_MATCH_NAME] = VM_TEXT_NAME,   [POLICY_MATCH_CGROUP] = VM_TEXT_CGROUP,
	[POLICY_MATCH_UUID] = VM_TEXT_UUID,   [POLICY_MATCH_METADATA] = VM_TEXT_METADATA,
	[POLICY_MATCH_OWNER] = VM_TEXT_OWNER, [POLICY_MATCH_VMM] = VM_TEXT_VMM,
};

static bool match_holds(const struct policy_match *match, const struct vm *vm)
{
	const char *text;

	if (match->by == POLICY_MATCH_ANY)
		return true;
	text = vm->text[matched_text[match->by]];
	if (text == NULL)
		return false;
	if (match->by == POLICY_MATCH_UUID)
		return strcasecmp(match->pattern, text) == 0;
	return glob_matches(match->pattern, text);
}

bool policy_class_matches(const struct policy_class *class, const struct vm *vm)
{
	size_t i;

	for (i = 0; i < class->match_count; i++)
		if (match_holds(&class->matches[i], vm))
			return true;
	return false;
}

bool policy_class_takes_all(const struct policy_class *class)
{
	size_t i;

	for (i = 0; i < class->match_count; i++)
		if (class->matches[i].by == POLICY_MATCH_ANY ||
		    (class->matches[i].by == POLICY_MATCH_NAME &&
		     strcmp(class->matches[i].pattern, "*") == 0))
			return true;
	return false;
}

int policy_classify(const struct policy *policy, const struct vm *vm)
{
	size_t i;

	for (i = 0; i < policy->class_count; i++)
		if (policy_class_matches(&policy->classes[i], vm))
			return (int)i;
	return -1;
}
