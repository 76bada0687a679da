/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A screen as lines of styled text: what a live view draws, before any terminal is known. A line
 * never holds more columns than the screen is wide; its text is safe to print. A painter maps a
 * style to colours, or to bold and reverse where there are none; a test compares the text.
 */
#ifndef REPORT_SCREEN_H
#define REPORT_SCREEN_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

enum style {
	STYLE_PLAIN,
	STYLE_STRONG,
	STYLE_DIM,
	STYLE_GOOD,
	STYLE_WARNING,
	STYLE_BAD,
	STYLE_HEADING,
	STYLE_SORTED,   /* heading of the column that is sorted by */
	STYLE_SELECTED,
	STYLE_COUNT,
};

/* From the end of the span before to `end`, in bytes. */
struct span {
	size_t end;
	enum style style;
};

struct line {
	struct str text;
	size_t columns, width;
	struct span *spans;
	size_t span_count, span_capacity;
};

struct screen {
	size_t width, height;
	struct line *lines;
	size_t line_count, line_capacity;
	struct line overflow; /* takes what has no place */
};

void screen_init(struct screen *screen);
void screen_done(struct screen *screen);
/* Empty, and of this size; keeps its memory. */
void screen_clear(struct screen *screen, size_t width, size_t height);
/* The next line; beyond the height one that nobody sees. */
struct line *screen_line(struct screen *screen);
/* Lines that are still free. */
size_t screen_room(const struct screen *screen);

/* Appends safe text, cut where the screen ends. */
void line_put(struct line *line, enum style style, const char *safe);
/* As line_put, but all of it or nothing; false when it did not fit. */
bool line_put_whole(struct line *line, enum style style, const char *safe);
/* Blanks up to that column, or to the end. */
void line_fill(struct line *line, size_t column, enum style style);
/* The whole line in one style. */
void line_restyle(struct line *line, enum style style);

/* All lines as text, blanks at their ends left out. */
void screen_append(const struct screen *screen, struct str *str);
/* Below each line one that names the styles by letter: for tests. */
void screen_append_styles(const struct screen *screen, struct str *str);

#endif
