/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/verb.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int verb_help(const struct verb *verb)
{
	struct str text;
	int r;

	str_init(&text);
	str_appendf(&text, "usage: truce %s [OPTION...]%s%s\n\n", verb->name,
		    verb->operands != NULL ? " " : "", verb->operands != NULL ? verb->operands : "");
	str_appendf(&text, "%s\n\n", verb->summary);
	options_append_help(verb->options, &text);
	if (verb->notes != NULL)
		str_appendf(&text, "\n%s\n", verb->notes);
	if (verb->append_notes != NULL)
		verb->append_notes(&text);
	r = verb_print(verb, &text);
	str_done(&text);
	return r;
}

int verb_call(const struct verb *verb, char **arguments)
{
	CLEANUP_FREE void *settings = calloc(1, verb->settings_size + 1);
	struct error err = { 0 };
	size_t operands;
	bool help;

	if (settings == NULL)
		return VERB_FAILED;
	if (verb->defaults != NULL)
		memcpy(settings, verb->defaults, verb->settings_size);
	if (options_parse(verb->options, arguments, settings, &operands, &help, &err) < 0)
		return verb_misuse(verb, "%s", err.text);
	if (help)
		return verb_help(verb);
	if (operands < verb->least_operands)
		return verb_misuse(verb, "%s is missing; see truce %s --help", verb->operands,
				   verb->name);
	if (operands > verb->most_operands)
		return verb_misuse(verb, "takes no further argument \"%.40s\"; see truce %s --help",
				   arguments[verb->most_operands], verb->name);
	return verb->run(verb, settings, arguments);
}

/* One line, whatever a path or a name in the sentence is made of. What is safe stays as it is:
 * some sentences quote names that have been made safe already. */
static void verb_say_text(const struct verb *verb, const char *sentence)
{
	struct str line;

	str_init(&line);
	text_append_printable(&line, sentence, strlen(sentence));
	fprintf(stderr, "truce %s: %s\n", verb->name, line.data != NULL ? line.data : "");
	str_done(&line);
}

int verb_fail(const struct verb *verb, const struct error *err)
{
	verb_say_text(verb, err->text);
	return VERB_FAILED;
}

static void verb_say(const struct verb *verb, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

static void verb_say(const struct verb *verb, const char *format, va_list args)
{
	char sentence[1024];

	vsnprintf(sentence, sizeof sentence, format, args);
	verb_say_text(verb, sentence);
}

int verb_misuse(const struct verb *verb, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	verb_say(verb, format, args);
	va_end(args);
	return VERB_USAGE;
}

void verb_warn(const struct verb *verb, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	verb_say(verb, format, args);
	va_end(args);
}

int verb_print(const struct verb *verb, const struct str *str)
{
	struct error err;

	if (str->failed) {
		error_set(&err, -1, "out of memory");
		return verb_fail(verb, &err);
	}
	if ((str->length == 0 || fwrite(str->data, 1, str->length, stdout) == str->length) &&
	    fflush(stdout) == 0)
		return VERB_FINE;
	error_set(&err, -1, "cannot write to standard output: %m");
	return verb_fail(verb, &err);
}
