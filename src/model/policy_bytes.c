/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A policy's description as bytes: numbers as varints, texts behind their size. The writer is a
 * process that ran a stranger's program, so nothing is believed: every count is held against the
 * bytes that are left, every number against its range, every index against its list.
 */
#include "model/policy.h"

#include "base/str.h"
#include "base/varint.h"

#include <errno.h>
#include <string.h>

#define MAGIC "truce.policy/1"
#define AT_BIRTH 2 /* beside a rule's scope */
#define INTERVAL_MAX_USEC (86400ull * 1000000)

static void append_text(struct str *out, const char *text, size_t capacity)
{
	size_t size = strnlen(text, capacity - 1);

	varint_append(out, size);
	str_append_bytes(out, text, size);
}

static void append_signed(struct str *out, int64_t number)
{
	varint_append(out, varint_fold(number));
}

static void append_class(const struct policy_class *class, struct str *out)
{
	size_t i;

	append_text(out, class->name, sizeof class->name);
	append_signed(out, class->line);
	varint_append(out, class->match_count);
	for (i = 0; i < class->match_count; i++) {
		varint_append(out, class->matches[i].by);
		append_text(out, class->matches[i].pattern, sizeof class->matches[i].pattern);
	}
}

static void append_intent(const struct policy_intent *intent, struct str *out)
{
	varint_append(out, intent->class_index);
	varint_append(out, intent->setting);
	append_signed(out, intent->value.number);
	append_text(out, intent->value.text, sizeof intent->value.text);
	append_signed(out, intent->line);
}

static void append_rule(const struct policy_rule *rule, struct str *out)
{
	append_text(out, rule->name, sizeof rule->name);
	append_signed(out, rule->line);
	varint_append(out, rule->scope | (rule->at_birth ? AT_BIRTH : 0));
	append_signed(out, rule->class_index);
}

void policy_append(const struct policy *policy, struct str *out)
{
	size_t i;

	str_append(out, MAGIC);
	append_text(out, policy->name, sizeof policy->name);
	append_text(out, policy->path, sizeof policy->path);
	varint_append(out, policy->interval_usec);
	varint_append(out, policy->needs);
	varint_append(out, policy->drift);
	varint_append(out, policy->changes_per_minute);
	varint_append(out, policy->vm_interval_usec);
	append_signed(out, policy->canary_permyriad);
	varint_append(out, policy->canary_usec);
	varint_append(out, policy->class_count);
	for (i = 0; i < policy->class_count; i++)
		append_class(&policy->classes[i], out);
	varint_append(out, policy->intent_count);
	for (i = 0; i < policy->intent_count; i++)
		append_intent(&policy->intents[i], out);
	varint_append(out, policy->rule_count);
	for (i = 0; i < policy->rule_count; i++)
		append_rule(&policy->rules[i], out);
	varint_append(out, policy->note_count);
	for (i = 0; i < policy->note_count; i++) {
		append_signed(out, policy->notes[i].line);
		append_text(out, policy->notes[i].text, sizeof policy->notes[i].text);
	}
}

/* -- reading ---------------------------------------------------------------------------- */

/* A cursor that remembers the first mistake, so that a row of takes is asked once at its end. */
struct reader {
	struct cursor c;
	int r;
};

static uint64_t take_number(struct reader *reader, uint64_t most)
{
	uint64_t number;

	if (reader->r == 0 && (!varint_take(&reader->c, &number) || number > most))
		reader->r = -EBADMSG;
	return reader->r == 0 ? number : 0;
}

static int64_t take_signed(struct reader *reader, int64_t least, int64_t most)
{
	int64_t number = varint_unfold(take_number(reader, UINT64_MAX));

	if (reader->r == 0 && (number < least || number > most))
		reader->r = -EBADMSG;
	return reader->r == 0 ? number : least;
}

static void take_text(struct reader *reader, char *ret, size_t capacity)
{
	size_t size = take_number(reader, capacity - 1);

	if (reader->r == 0 && (size > cursor_left(&reader->c) ||
			       memchr(reader->c.at, '\0', size) != NULL))
		reader->r = -EBADMSG;
	if (reader->r < 0)
		return;
	memcpy(ret, reader->c.at, size);
	ret[size] = '\0';
	reader->c.at += size;
}

static int take_line(struct reader *reader)
{
	return (int)take_signed(reader, 0, INT32_MAX);
}

static void take_class(struct reader *reader, struct policy *policy)
{
	struct policy_class *class = policy_add_class(policy, "", 0);
	size_t count, i;

	if (class == NULL) {
		reader->r = -ENOMEM;
		return;
	}
	take_text(reader, class->name, sizeof class->name);
	class->line = take_line(reader);
	count = take_number(reader, POLICY_MATCHES_MAX);
	for (i = 0; i < count && reader->r == 0; i++) {
		enum policy_match_by by = take_number(reader, POLICY_MATCH_ANY);
		struct policy_match *match = policy_class_add_match(class, by, "");

		if (match == NULL)
			reader->r = -ENOMEM;
		else
			take_text(reader, match->pattern, sizeof match->pattern);
	}
}

/* A value as setting_parse would have let through: a list is read again, a number is in range. */
static bool value_is_sound(enum setting setting, const struct setting_value *value)
{
	struct setting_value again;

	if (setting_info[setting].unit != SETTING_UNIT_TEXT)
		return value->text[0] == '\0' && setting_check(setting, value->number, NULL) == 0;
	return value->number == 0 && setting_parse(setting, value->text, &again, NULL) == 0 &&
	       strcmp(again.text, value->text) == 0;
}

static void take_intent(struct reader *reader, struct policy *policy)
{
	size_t class_index = take_number(reader, POLICY_CLASSES_MAX);
	struct policy_intent *intent;

	if (reader->r == 0 && class_index >= policy->class_count)
		reader->r = -EBADMSG;
	if (reader->r < 0)
		return;
	intent = policy_add_intent(policy, class_index);
	if (intent == NULL) {
		reader->r = -ENOMEM;
		return;
	}
	intent->setting = take_number(reader, SETTING_COUNT - 1);
	intent->value.number = take_signed(reader, INT64_MIN, INT64_MAX);
	take_text(reader, intent->value.text, sizeof intent->value.text);
	intent->line = take_line(reader);
	if (reader->r == 0 && !value_is_sound(intent->setting, &intent->value))
		reader->r = -EBADMSG;
}

static void take_rule(struct reader *reader, struct policy *policy)
{
	struct policy_rule *rule = policy_add_rule(policy, "", 0);
	uint64_t scope;

	if (rule == NULL) {
		reader->r = -ENOMEM;
		return;
	}
	take_text(reader, rule->name, sizeof rule->name);
	rule->line = take_line(reader);
	scope = take_number(reader, SETTING_SCOPE_HOST | AT_BIRTH);
	rule->scope = scope & SETTING_SCOPE_HOST;
	rule->at_birth = (scope & AT_BIRTH) != 0;
	rule->class_index = (int)take_signed(reader, -1, (int64_t)policy->class_count - 1);
}

static void take_note(struct reader *reader, struct policy *policy)
{
	struct policy_note note = { .line = take_line(reader) };

	take_text(reader, note.text, sizeof note.text);
	if (reader->r == 0 && !policy_add_note(policy, note.line, note.text))
		reader->r = -ENOMEM;
}

static void take_head(struct reader *reader, struct policy *policy)
{
	if (!cursor_take_text(&reader->c, MAGIC))
		reader->r = -EBADMSG;
	take_text(reader, policy->name, sizeof policy->name);
	take_text(reader, policy->path, sizeof policy->path);
	policy->interval_usec = take_number(reader, INTERVAL_MAX_USEC);
	policy->needs = (unsigned)take_number(reader, POLICY_NEED_MAPS | POLICY_NEED_OWNER |
							      POLICY_NEED_PRESSURE);
	policy->drift = take_number(reader, POLICY_DRIFT_LEAVE);
	policy->changes_per_minute = (unsigned)take_number(reader, UINT32_MAX);
	policy->vm_interval_usec = take_number(reader, INTERVAL_MAX_USEC);
	policy->canary_permyriad = (int)take_signed(reader, 0, 10000);
	policy->canary_usec = take_number(reader, INTERVAL_MAX_USEC);
}

int policy_take(const char *bytes, size_t size, struct policy *ret)
{
	struct reader reader = { .c = cursor_over(bytes, size) };
	struct policy policy;
	size_t count, i;

	policy_init(&policy);
	take_head(&reader, &policy);
	count = take_number(&reader, POLICY_CLASSES_MAX);
	for (i = 0; i < count && reader.r == 0; i++)
		take_class(&reader, &policy);
	count = take_number(&reader, POLICY_INTENTS_MAX);
	for (i = 0; i < count && reader.r == 0; i++)
		take_intent(&reader, &policy);
	count = take_number(&reader, POLICY_RULES_MAX);
	for (i = 0; i < count && reader.r == 0; i++)
		take_rule(&reader, &policy);
	count = take_number(&reader, POLICY_NOTES_MAX);
	for (i = 0; i < count && reader.r == 0; i++)
		take_note(&reader, &policy);
	if (reader.r == 0 && !cursor_at_end(&reader.c))
		reader.r = -EBADMSG;
	if (reader.r < 0)
		policy_done(&policy);
	else
		*ret = policy;
	return reader.r;
}
