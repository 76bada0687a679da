/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/options.h"

#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/str.h"
#include "base/suggest.h"
#include "base/text.h"
#include "report/units.h"

#include <errno.h>
#include <string.h>

/* Where the parser stands: arguments are read at `next`, operands gathered below it. */
struct parser {
	const struct option_info *options;
	char **arguments;
	size_t next, operands;
	char *settings;
	bool help;
};

static const struct option_info *option_by_name(const struct option_info *options, const char *name,
						size_t size)
{
	for (; options->kind != OPTION_KIND_END; options++)
		if (strlen(options->name) == size && memcmp(options->name, name, size) == 0)
			return options;
	return NULL;
}

static const struct option_info *option_by_letter(const struct option_info *options, char letter)
{
	for (; options->kind != OPTION_KIND_END; options++)
		if (options->letter == letter)
			return options;
	return NULL;
}

static int option_unknown(const struct option_info *options, const char *name, size_t size,
			  struct error *err)
{
	CLEANUP_FREE char *wrong = strndup(name, size);
	struct str safe;
	struct suggest suggest;

	if (wrong == NULL)
		return error_set(err, -ENOMEM, "out of memory");
	suggest_init(&suggest, wrong);
	for (; options->kind != OPTION_KIND_END; options++)
		suggest_offer(&suggest, options->name);
	suggest_offer(&suggest, "help");
	str_init(&safe);
	text_append_safe(&safe, wrong, size);
	str_append(&safe, suggest.nearest != NULL ? "; did you mean --" : "; --help lists them");
	if (suggest.nearest != NULL)
		str_appendf(&safe, "%s?", suggest.nearest);
	error_set(err, -EINVAL, "there is no option --%s", safe.failed ? "" : safe.data);
	str_done(&safe);
	return -EINVAL;
}

static int option_store_count(const struct option_info *option, const char *value, void *field,
			      struct error *err)
{
	struct cursor at = cursor_over(value, strlen(value));

	if (!cursor_take_u64(&at, field) || !cursor_at_end(&at))
		return error_set(err, -EINVAL, "--%s takes a whole number, not \"%.40s\"",
				 option->name, value);
	return 0;
}

static int option_store_in_list(const struct option_info *option, const char *value, void *field,
				struct error *err)
{
	struct option_list *list = field;

	if (list->count == OPTION_LIST_MOST)
		return error_set(err, -E2BIG, "--%s may be given %d times at most", option->name,
				 OPTION_LIST_MOST);
	list->values[list->count++] = value;
	return 0;
}

static int option_store(const struct option_info *option, const char *value, char *settings,
			struct error *err)
{
	void *field = settings + option->offset;

	switch (option->kind) {
	case OPTION_KIND_FLAG:
		*(bool *)field = true;
		return 0;
	case OPTION_KIND_TEXT:
		*(const char **)field = value;
		return 0;
	case OPTION_KIND_DURATION:
	case OPTION_KIND_INTERVAL:
		if (units_parse_duration(value, field) < 0)
			return error_set(err, -EINVAL,
					 "--%s takes a time such as 200ms, 1s or 5m, not \"%.40s\"",
					 option->name, value);
		if (option->kind == OPTION_KIND_INTERVAL && *(uint64_t *)field == 0)
			return error_set(err, -EINVAL, "--%s takes a time of more than 0", option->name);
		return 0;
	case OPTION_KIND_COUNT:
		return option_store_count(option, value, field, err);
	case OPTION_KIND_LIST:
		return option_store_in_list(option, value, field, err);
	default:
		return -EINVAL;
	}
}

/* The value that stands behind `=`, else the next argument. */
static int parse_with_value(struct parser *parser, const struct option_info *option,
			    const char *attached, struct error *err)
{
	const char *value = attached;

	if (option->kind == OPTION_KIND_FLAG) {
		if (attached != NULL)
			return error_set(err, -EINVAL, "--%s takes no value", option->name);
		return option_store(option, NULL, parser->settings, err);
	}
	if (value == NULL)
		value = parser->arguments[parser->next];
	if (value == NULL)
		return error_set(err, -EINVAL, "--%s needs a value, %s", option->name,
				 option->argument);
	if (attached == NULL)
		parser->next++;
	return option_store(option, value, parser->settings, err);
}

static int parse_long(struct parser *parser, const char *name, struct error *err)
{
	const char *equals = strchr(name, '=');
	size_t size = equals != NULL ? (size_t)(equals - name) : strlen(name);
	const struct option_info *option = option_by_name(parser->options, name, size);

	if (option != NULL)
		return parse_with_value(parser, option, equals != NULL ? equals + 1 : NULL, err);
	if (strcmp(name, "help") != 0)
		return option_unknown(parser->options, name, size, err);
	parser->help = true;
	return 0;
}

/* "-nv", "-d5", "-d 5": letters without a value may share one dash. */
static int parse_letters(struct parser *parser, const char *letters, struct error *err)
{
	for (; *letters != '\0'; letters++) {
		const struct option_info *option = option_by_letter(parser->options, *letters);
		int r;

		if (option == NULL && *letters == 'h') {
			parser->help = true;
			continue;
		}
		if (option == NULL)
			return error_set(err, -EINVAL, "there is no option -%c; --help lists them",
					 *letters > ' ' && *letters < 0x7f ? *letters : '?');
		if (option->kind != OPTION_KIND_FLAG)
			return parse_with_value(parser, option, letters[1] != '\0' ? letters + 1 : NULL,
						err);
		r = parse_with_value(parser, option, NULL, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int options_parse(const struct option_info *options, char **arguments, void *settings,
		  size_t *ret_operands, bool *ret_help, struct error *err)
{
	static const struct option_info none[] = { OPTIONS_END };
	struct parser parser = { options != NULL ? options : none, arguments, 0, 0, settings, false };
	bool only_operands = false;
	int r = 0;

	while (r == 0 && arguments[parser.next] != NULL) {
		char *argument = arguments[parser.next++];

		if (only_operands || argument[0] != '-' || argument[1] == '\0')
			arguments[parser.operands++] = argument;
		else if (strcmp(argument, "--") == 0)
			only_operands = true;
		else if (argument[1] == '-')
			r = parse_long(&parser, argument + 2, err);
		else
			r = parse_letters(&parser, argument + 1, err);
	}
	if (r < 0)
		return r;
	arguments[parser.operands] = NULL;
	*ret_operands = parser.operands;
	*ret_help = parser.help;
	return 0;
}

static size_t option_heading(const struct option_info *option, struct str *str)
{
	size_t start = str->length;

	if (option->letter != 0)
		str_appendf(str, "  -%c, --%s", option->letter, option->name);
	else
		str_appendf(str, "      --%s", option->name);
	if (option->argument != NULL)
		str_appendf(str, " %s", option->argument);
	return str->length - start;
}

void options_append_help(const struct option_info *options, struct str *str)
{
	static const struct option_info help = { OPTION_KIND_FLAG, 'h', "help", NULL, "print this", 0 };
	const struct option_info *option = options != NULL ? options : &help;

	for (;; option++) {
		bool last = option->kind == OPTION_KIND_END || option == &help;
		size_t width;

		if (last)
			option = &help;
		width = option_heading(option, str);
		str_appendf(str, "%*s%s\n", width < 26 ? (int)(26 - width) : 2, "", option->help);
		if (last)
			return;
	}
}
