/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "work/command_rule.h"

#include "base/error.h"
#include "base/text.h"
#include "work/command_said.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SEPARATOR ";;"
#define LINE_SEEN 1000u
#define LARGEST 9e18

static int expression_compile(regex_t *expression, const char *text, size_t size, struct error *err)
{
	char why[120], *copy = strndup(text, size);
	int code;

	if (copy == NULL)
		return error_errno(err, -ENOMEM, "a rule");
	code = regcomp(expression, copy, REG_EXTENDED);
	free(copy);
	if (code == 0)
		return 0;
	regerror(code, expression, why, sizeof why);
	return error_set(err, -EINVAL, "the rule \"%.*s\": %s", (int)(size < 60 ? size : 60), text, why);
}

static int rule_parse(struct command_rule *rule, const char *text, size_t size, struct error *err)
{
	const char *equals = memchr(text, '=', size);
	size_t name_size;
	int code;

	rule->adds = size > 0 && *text == '+';
	if (rule->adds) {
		text++;
		size--;
	}
	name_size = equals != NULL ? (size_t)(equals - text) : 0;
	if (equals == NULL || name_size == 0 || name_size >= sizeof rule->name)
		return error_set(err, -EINVAL, "a rule is NAME=EXPRESSION, not \"%.*s\"",
				 (int)(size < 60 ? size : 60), text);
	text_copy(rule->name, sizeof rule->name, text, name_size);
	code = expression_compile(&rule->expression, equals + 1, size - name_size - 1, err);
	if (code < 0)
		return code;
	if (rule->expression.re_nsub > 0 || rule->adds)
		return 0;
	regfree(&rule->expression);
	return error_set(err, -EINVAL, "the rule for %s has no group that matches a number",
			 rule->name);
}

int command_rules_init(struct command_rules *rules, const char *text, struct error *err)
{
	rules->count = 0;
	while (*text != '\0') {
		const char *end = strstr(text, SEPARATOR);
		size_t size = end != NULL ? (size_t)(end - text) : strlen(text);
		int code;

		if (rules->count == RULES_MOST)
			code = error_set(err, -E2BIG, "there are more than %u rules", RULES_MOST);
		else
			code = rule_parse(&rules->rules[rules->count], text, size, err);
		if (code < 0) {
			command_rules_done(rules);
			return code;
		}
		rules->count++;
		text += size + (end != NULL ? strlen(SEPARATOR) : 0);
	}
	return 0;
}

void command_rules_done(struct command_rules *rules)
{
	while (rules->count > 0)
		regfree(&rules->rules[--rules->count].expression);
}

static uint64_t *count_of(struct command_said *said, const char *name)
{
	if (strcmp(name, "operations") == 0)
		return &said->counts.operations;
	if (strcmp(name, "bytes") == 0)
		return &said->counts.bytes;
	if (strcmp(name, "errors") == 0)
		return &said->counts.errors;
	return strcmp(name, "lost") == 0 ? &said->counts.lost : NULL;
}

static double result_of(const struct command_said *said, const char *name)
{
	unsigned i;

	for (i = 0; i < said->result_count; i++)
		if (strcmp(said->results[i].name, name) == 0)
			return said->results[i].value;
	return 0;
}

static void rule_apply(const struct command_rule *rule, double number, struct command_said *said)
{
	uint64_t *count = count_of(said, rule->name);

	if (!isfinite(number) || number < 0 || number >= LARGEST)
		return;
	if (count == NULL)
		said_result(said, rule->name, number + (rule->adds ? result_of(said, rule->name) : 0));
	else if (!rule->adds)
		*count = (uint64_t)number;
	else if (__builtin_add_overflow(*count, (uint64_t)number, count))
		*count = UINT64_MAX;
}

void command_rules_take(const struct command_rules *rules, const char *line, size_t size,
			struct command_said *said)
{
	char text[LINE_SEEN + 1], *end;
	unsigned i;

	text_copy(text, sizeof text, line, strnlen(line, size));
	for (i = 0; i < rules->count; i++) {
		const struct command_rule *rule = &rules->rules[i];
		regmatch_t matches[2];
		double number = 1;

		if (regexec(&rule->expression, text, 2, matches, 0) != 0)
			continue;
		if (rule->expression.re_nsub > 0) {
			if (matches[1].rm_so < 0)
				continue;
			number = strtod(text + matches[1].rm_so, &end);
			if (end == text + matches[1].rm_so)
				continue;
		}
		rule_apply(rule, number, said);
	}
}
