/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/screen.h"

#include "base/text.h"
#include "base/vec.h"
#include "report/table.h"

#include <stdlib.h>
#include <string.h>

void screen_init(struct screen *screen)
{
	memset(screen, 0, sizeof *screen);
}

static void line_clear(struct line *line)
{
	str_clear(&line->text);
	line->columns = 0;
	line->span_count = 0;
}

static void line_done(struct line *line)
{
	str_done(&line->text);
	free(line->spans);
}

void screen_done(struct screen *screen)
{
	size_t i;

	for (i = 0; i < screen->line_capacity; i++)
		line_done(&screen->lines[i]);
	line_done(&screen->overflow);
	free(screen->lines);
	screen_init(screen);
}

void screen_clear(struct screen *screen, size_t width, size_t height)
{
	size_t i, old = screen->line_capacity;

	if (VEC_RESERVE(screen->lines, screen->line_capacity, height) &&
	    screen->line_capacity > old)
		memset(screen->lines + old, 0, (screen->line_capacity - old) * sizeof *screen->lines);
	for (i = 0; i < screen->line_capacity; i++)
		line_clear(&screen->lines[i]);
	screen->width = width;
	screen->height = height < screen->line_capacity ? height : screen->line_capacity;
	screen->line_count = 0;
}

struct line *screen_line(struct screen *screen)
{
	struct line *line = &screen->overflow;

	if (screen->line_count < screen->height)
		line = &screen->lines[screen->line_count++];
	line_clear(line);
	line->width = screen->width;
	return line;
}

size_t screen_room(const struct screen *screen)
{
	return screen->height - screen->line_count;
}

/* What was appended since belongs to the style. */
static void line_mark(struct line *line, enum style style)
{
	struct span *last = line->span_count > 0 ? &line->spans[line->span_count - 1] : NULL;

	if (last != NULL && last->style == style) {
		last->end = line->text.length;
		return;
	}
	if (!VEC_RESERVE(line->spans, line->span_capacity, line->span_count + 1))
		return;
	line->spans[line->span_count++] = (struct span){ line->text.length, style };
}

void line_put(struct line *line, enum style style, const char *safe)
{
	size_t columns = text_columns(safe);

	if (line->columns >= line->width || *safe == '\0')
		return;
	if (columns > line->width - line->columns)
		columns = line->width - line->columns;
	table_append_cell(&line->text, safe, columns, true);
	line->columns += columns;
	line_mark(line, style);
}

bool line_put_whole(struct line *line, enum style style, const char *safe)
{
	if (line->columns + text_columns(safe) > line->width)
		return false;
	line_put(line, style, safe);
	return true;
}

void line_fill(struct line *line, size_t column, enum style style)
{
	if (column > line->width)
		column = line->width;
	if (line->columns >= column)
		return;
	while (line->columns < column) {
		str_append_char(&line->text, ' ');
		line->columns++;
	}
	line_mark(line, style);
}

void line_restyle(struct line *line, enum style style)
{
	line->span_count = 0;
	if (line->text.length > 0)
		line_mark(line, style);
}

static void append_trimmed(struct str *str, const char *bytes, size_t size)
{
	while (size > 0 && bytes[size - 1] == ' ')
		size--;
	str_append_bytes(str, bytes, size);
	str_append_char(str, '\n');
}

void screen_append(const struct screen *screen, struct str *str)
{
	size_t i;

	for (i = 0; i < screen->line_count; i++)
		append_trimmed(str, screen->lines[i].text.data, screen->lines[i].text.length);
}

static void append_styles(const struct line *line, struct str *str)
{
	static const char letters[STYLE_COUNT] = " *.gwbhsX";
	struct str styles;
	size_t i, at = 0;

	str_init(&styles);
	for (i = 0; i < line->span_count; i++) {
		struct str part;
		size_t columns;

		str_init(&part);
		str_append_bytes(&part, line->text.data + at, line->spans[i].end - at);
		at = line->spans[i].end;
		for (columns = text_columns(part.data); columns > 0; columns--)
			str_append_char(&styles, letters[line->spans[i].style]);
		str_done(&part);
	}
	append_trimmed(str, styles.data, styles.length);
	str_done(&styles);
}

void screen_append_styles(const struct screen *screen, struct str *str)
{
	size_t i;

	for (i = 0; i < screen->line_count; i++) {
		append_trimmed(str, screen->lines[i].text.data, screen->lines[i].text.length);
		append_styles(&screen->lines[i], str);
	}
}
