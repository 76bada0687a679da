/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/host/arguments.h"

#include "base/error.h"
#include "base/vec.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void arguments_add(struct arguments *arguments, const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	if (text == NULL ||
	    !VEC_RESERVE(arguments->items, arguments->capacity, arguments->count + 2)) {
		arguments->failed = true;
		free(text);
		return;
	}
	arguments->items[arguments->count++] = text;
	arguments->items[arguments->count] = NULL;
}

void arguments_add_option(struct arguments *arguments, const char *name, const char *value)
{
	arguments_add(arguments, "%s", name);
	arguments_add(arguments, "%s", value);
}

int arguments_verdict(struct arguments *arguments, struct error *err)
{
	if (!arguments->failed)
		return 0;
	arguments_done(arguments);
	return error_errno(err, -ENOMEM, "cannot build a command line");
}

void arguments_done(struct arguments *arguments)
{
	size_t i;

	for (i = 0; i < arguments->count; i++)
		free(arguments->items[i]);
	free(arguments->items);
	*arguments = (struct arguments){ 0 };
}
