/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/source_line.h"

#include "base/cursor.h"
#include "base/str.h"
#include "base/text.h"

#include <string.h>

bool source_line_find(const char *source, int line, struct cursor *ret)
{
	struct cursor at = cursor_over(source != NULL ? source : "", source != NULL ? strlen(source) : 0);
	int number = 0;

	while (number < line && cursor_take_line(&at, ret))
		number++;
	return line > 0 && number == line;
}

static void append_text(struct str *str, struct cursor text)
{
	const char *tab;

	while ((tab = memchr(text.at, '\t', cursor_left(&text))) != NULL) {
		text_append_printable(str, text.at, (size_t)(tab - text.at));
		str_append(str, "    ");
		text.at = tab + 1;
	}
	text_append_printable(str, text.at, cursor_left(&text));
}

static void append_numbered(struct str *str, int line, struct cursor text, const char *indent)
{
	str_appendf(str, "%s%4d | ", indent, line);
	append_text(str, text);
	str_append_char(str, '\n');
}

void source_line_append(struct str *str, const char *source, int line, const char *indent)
{
	struct cursor text;

	if (source_line_find(source, line, &text))
		append_numbered(str, line, text, indent);
}

void source_line_append_caret(struct str *str, const char *source, int line, const char *token,
			      const char *indent)
{
	size_t size = strlen(token), columns;
	struct cursor text;
	const char *there;
	struct str before;

	if (size == 0 || !source_line_find(source, line, &text))
		return;
	there = memmem(text.at, cursor_left(&text), token, size);
	if (there == NULL)
		return;
	str_init(&before);
	append_text(&before, (struct cursor){ text.at, there });
	columns = before.data != NULL ? text_columns(before.data) : 0;
	str_done(&before);
	str_appendf(str, "%s     | %*s", indent, (int)columns, "");
	for (columns = text_columns(token); columns > 0; columns--)
		str_append_char(str, '^');
	str_append_char(str, '\n');
}

void source_append(struct str *str, const char *source, const char *indent)
{
	struct cursor at = cursor_over(source, strlen(source)), text;
	int line = 0;

	while (cursor_take_line(&at, &text))
		append_numbered(str, ++line, text, indent);
}
