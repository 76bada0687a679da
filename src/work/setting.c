/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "work/setting.h"

#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/suggest.h"
#include "base/str.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>

#define PARAMETERS_MOST 24u

struct line {
	const struct workload *workload;
	char *settings;
	char *text; /* where the next text goes */
	const struct parameter *given[PARAMETERS_MOST];
	size_t given_count;
};

static int refuse_value(const struct parameter *parameter, const char *text, const char *wanted,
			struct error *err)
{
	char safe[64];
	struct str str;

	str_init(&str);
	text_append_safe(&str, text, strnlen(text, 40));
	text_copy(safe, sizeof safe, str.data != NULL ? str.data : "", str.length);
	str_done(&str);
	return error_set(err, -EINVAL, "%s takes %s, not \"%s\"", parameter->name, wanted, safe);
}

/* "12", "1.5": in millionths, so that fractions of a unit are exact enough. */
static bool take_decimal(struct cursor *c, uint64_t *ret_whole, uint64_t *ret_millionths)
{
	uint64_t place = 100000;

	if (c->at < c->end && (*c->at == ' ' || *c->at == '\t'))
		return false;
	if (!cursor_take_u64(c, ret_whole))
		return false;
	*ret_millionths = 0;
	if (!cursor_take_text(c, "."))
		return true;
	if (cursor_at_end(c) || (unsigned char)(*c->at - '0') > 9)
		return false;
	for (; c->at < c->end && (unsigned char)(*c->at - '0') <= 9; c->at++) {
		*ret_millionths += (uint64_t)(*c->at - '0') * place;
		place /= 10;
	}
	return true;
}

struct unit {
	const char *name;
	uint64_t worth;
};

static const struct unit size_units[] = {
	{ "", 1 }, { "K", 1ull << 10 }, { "M", 1ull << 20 }, { "G", 1ull << 30 },
	{ "T", 1ull << 40 }, { NULL, 0 },
};

static const struct unit time_units[] = {
	{ "", 1000000000 }, { "ns", 1 }, { "us", 1000 }, { "ms", 1000000 },
	{ "s", 1000000000 }, { "m", 60000000000 }, { NULL, 0 },
};

static const struct unit no_units[] = { { "", 1 }, { NULL, 0 } };

static bool parse_in_units(const char *text, const struct unit *units, uint64_t *ret_value)
{
	struct cursor c = cursor_over(text, strlen(text));
	uint64_t whole, millionths, value;
	__uint128_t rest;

	if (!take_decimal(&c, &whole, &millionths))
		return false;
	while (units->name != NULL && strcmp(units->name, c.at) != 0)
		units++;
	if (units->name == NULL || __builtin_mul_overflow(whole, units->worth, &value))
		return false;
	rest = (__uint128_t)millionths * units->worth;
	if (rest % 1000000 != 0)
		return false; /* half a byte, or a third of a nanosecond */
	return !__builtin_add_overflow(value, (uint64_t)(rest / 1000000), ret_value);
}

static int parse_choice(const struct parameter *parameter, const char *text, uint64_t *ret_value,
			struct error *err)
{
	char wanted[160] = "one of";
	size_t i, length = strlen(wanted);

	for (i = 0; parameter->words[i] != NULL; i++) {
		if (strcmp(parameter->words[i], text) == 0) {
			*ret_value = i;
			return 0;
		}
		length += (size_t)snprintf(wanted + length, sizeof wanted - length, " %s",
					   parameter->words[i]);
		if (length >= sizeof wanted)
			length = sizeof wanted - 1;
	}
	return refuse_value(parameter, text, wanted, err);
}

static int parse_switch(const struct parameter *parameter, const char *text, uint64_t *ret_value,
			struct error *err)
{
	if (strcmp(text, "yes") != 0 && strcmp(text, "no") != 0)
		return refuse_value(parameter, text, "yes or no", err);
	*ret_value = *text == 'y';
	return 0;
}

int setting_parse_number(const struct parameter *parameter, const char *text, uint64_t *ret_value,
			 struct error *err)
{
	switch (parameter->type) {
	case PARAMETER_SWITCH:
		return parse_switch(parameter, text, ret_value, err);
	case PARAMETER_CHOICE:
		return parse_choice(parameter, text, ret_value, err);
	case PARAMETER_SIZE:
		if (!parse_in_units(text, size_units, ret_value))
			return refuse_value(parameter, text, "a size such as 4K or 64M", err);
		return 0;
	case PARAMETER_TIME:
		if (!parse_in_units(text, time_units, ret_value))
			return refuse_value(parameter, text, "a time such as 10us, 5ms or 2s", err);
		return 0;
	default:
		if (!parse_in_units(text, no_units, ret_value))
			return refuse_value(parameter, text, "a whole number", err);
		return 0;
	}
}

static bool has_limits(const struct parameter *parameter)
{
	return parameter->type == PARAMETER_COUNT || parameter->type == PARAMETER_SIZE ||
	       parameter->type == PARAMETER_TIME;
}

static int store(struct line *line, const struct parameter *parameter, const char *text,
		 struct error *err)
{
	uint64_t value;
	int code;

	if (parameter->type == PARAMETER_TEXT) {
		size_t size = strlen(text) + 1;

		memcpy(line->settings + parameter->offset, &line->text, sizeof line->text);
		memcpy(line->text, text, size);
		line->text += size;
		return 0;
	}
	code = setting_parse_number(parameter, text, &value, err);
	if (code == 0 && has_limits(parameter) &&
	    (value < parameter->least || value > parameter->most))
		code = error_set(err, -ERANGE, "%s=%.40s is out of its range, %s %llu",
				 parameter->name, text,
				 value < parameter->least ? "at least" : "at most",
				 (unsigned long long)(value < parameter->least ? parameter->least :
										 parameter->most));
	if (code == 0)
		memcpy(line->settings + parameter->offset, &value, sizeof value);
	return code;
}

static const struct parameter *find_in(const struct parameter *parameters, const char *name,
				       struct suggest *suggest)
{
	for (; parameters->name != NULL; parameters++) {
		if (strcmp(parameters->name, name) == 0)
			return parameters;
		suggest_offer(suggest, parameters->name);
	}
	return NULL;
}

static int find_parameter(struct line *line, const char *name, const struct parameter **ret,
			  struct error *err)
{
	struct suggest suggest;
	size_t i;

	suggest_init(&suggest, name);
	*ret = find_in(line->workload->parameters, name, &suggest);
	if (*ret == NULL)
		*ret = find_in(workload_common, name, &suggest);
	if (*ret == NULL)
		return error_set(err, -EINVAL, "%s has no parameter \"%.40s\"%s%s%s",
				 line->workload->name, name,
				 suggest.nearest != NULL ? "; did you mean " : "",
				 suggest.nearest != NULL ? suggest.nearest : "",
				 suggest.nearest != NULL ? "?" : "");
	for (i = 0; i < line->given_count; i++)
		if (line->given[i] == *ret)
			return error_set(err, -EINVAL, "%s is given twice", name);
	if (line->given_count == PARAMETERS_MOST)
		return error_set(err, -E2BIG, "too many parameters");
	line->given[line->given_count++] = *ret;
	return 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* Up to the next blank outside of quotes; quotes are taken off, \" and \\ inside them resolved.
 * False where a quote is not closed. */
static bool take_value(struct cursor *c, char *to)
{
	bool quoted = false;

	for (; c->at < c->end && (quoted || !is_blank(*c->at)); c->at++) {
		if (*c->at == '"') {
			quoted = !quoted;
			continue;
		}
		if (quoted && *c->at == '\\' && cursor_left(c) > 1 &&
		    (c->at[1] == '"' || c->at[1] == '\\'))
			c->at++;
		*to++ = *c->at;
	}
	*to = '\0';
	return !quoted;
}

static void skip_blanks(struct cursor *c)
{
	while (c->at < c->end && is_blank(*c->at))
		c->at++;
}

/* A name: what stands before '=' or a blank. */
static void take_name(struct cursor *c, char *to)
{
	while (c->at < c->end && *c->at != '=' && !is_blank(*c->at))
		*to++ = *c->at++;
	*to = '\0';
}

static int take_parameter(struct line *line, struct cursor *c, char *word, struct error *err)
{
	const struct parameter *parameter;
	int code;

	take_name(c, word);
	code = find_parameter(line, word, &parameter, err);
	if (code < 0)
		return code;
	if (!cursor_take_text(c, "="))
		return error_set(err, -EINVAL, "%s needs a value: %s=...", parameter->name,
				 parameter->name);
	if (!take_value(c, word))
		return error_set(err, -EINVAL, "the quotes of %s are not closed", parameter->name);
	return store(line, parameter, word, err);
}

static bool is_given(const struct line *line, const struct parameter *parameter)
{
	size_t i;

	for (i = 0; i < line->given_count; i++)
		if (line->given[i] == parameter)
			return true;
	return false;
}

static int store_presets(struct line *line, const struct parameter *parameters, struct error *err)
{
	int code = 0;

	for (; code == 0 && parameters->name != NULL; parameters++) {
		if (is_given(line, parameters))
			continue;
		if (parameters->preset == NULL)
			return error_set(err, -EINVAL, "%s needs %s=..., %s", line->workload->name,
					 parameters->name, parameters->summary);
		code = store(line, parameters, parameters->preset, err);
	}
	return code;
}

static int take_parameters(struct line *line, struct cursor *c, char *word, struct error *err)
{
	int code = 0;

	skip_blanks(c);
	while (code == 0 && !cursor_at_end(c)) {
		code = take_parameter(line, c, word, err);
		skip_blanks(c);
	}
	if (code == 0)
		code = store_presets(line, line->workload->parameters, err);
	if (code == 0)
		code = store_presets(line, workload_common, err);
	return code;
}

/* Room for all presets' texts, and for every byte of the line once more. */
static size_t text_room(const struct workload *workload, size_t line_size)
{
	const struct parameter *parameter;
	size_t room = line_size + PARAMETERS_MOST;

	for (parameter = workload->parameters; parameter->name != NULL; parameter++)
		if (parameter->type == PARAMETER_TEXT && parameter->preset != NULL)
			room += strlen(parameter->preset) + 1;
	return room;
}

static int check_threads(const struct line *line, struct error *err)
{
	const struct common_settings *common = (const void *)line->settings;

	if (line->workload->one_thread && common->threads != 1)
		return error_set(err, -EINVAL, "%s works in one thread", line->workload->name);
	return 0;
}

int setting_parse_line(const char *text, const struct workload **ret_workload,
		       void **ret_settings, struct error *err)
{
	size_t size = strnlen(text, LINE_MOST + 1);
	struct cursor c = cursor_over(text, size);
	CLEANUP_FREE char *word = NULL;
	CLEANUP_FREE char *settings = NULL;
	struct line line = { 0 };
	int code;

	if (size > LINE_MOST)
		return error_set(err, -E2BIG, "a workload's line has at most %u bytes", LINE_MOST);
	word = malloc(size + 1);
	if (word == NULL)
		return error_errno(err, -ENOMEM, "a workload");
	skip_blanks(&c);
	take_name(&c, word);
	line.workload = workload_find(word);
	if (line.workload == NULL)
		return workload_refuse(word, err);
	settings = calloc(1, line.workload->settings_size + text_room(line.workload, size));
	if (settings == NULL)
		return error_errno(err, -ENOMEM, "a workload");
	line.settings = settings;
	line.text = settings + line.workload->settings_size;
	code = take_parameters(&line, &c, word, err);
	if (code == 0)
		code = check_threads(&line, err);
	if (code < 0)
		return code;
	*ret_workload = line.workload;
	*ret_settings = settings;
	settings = NULL;
	return 0;
}
