/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/top_view.h"

#include "base/text.h"
#include "report/table.h"
#include "report/top_detail.h"
#include "report/top_header.h"

#include <string.h>

#define NAME_LEAST 10
#define NAME_MOST 32
#define COLUMNS_MOST 16

/* What of a set has room, and how wide the name may be. */
struct layout {
	const struct vm_column *columns[COLUMNS_MOST];
	size_t widths[COLUMNS_MOST];
	size_t count;
};

static size_t longest_name(const struct top_rows *rows)
{
	struct str name;
	size_t i, longest = NAME_LEAST;

	str_init(&name);
	for (i = 0; i < rows->count && longest < NAME_MOST; i++) {
		size_t columns;

		str_clear(&name);
		vm_append_name(rows->rows[i].sight.now, &name);
		columns = name.data != NULL ? text_columns(name.data) : 0;
		if (columns > longest)
			longest = columns;
	}
	str_done(&name);
	return longest < NAME_MOST ? longest : NAME_MOST;
}

/* Columns from the left as long as they fit; what is left goes to the name. */
static struct layout layout_columns(const struct top_state *state, const struct top_rows *rows,
				    size_t width)
{
	const char *const *names = top_sets[state->set].columns;
	struct layout layout = { .count = 1 };
	size_t used = NAME_LEAST, wanted = longest_name(rows);

	layout.columns[0] = vm_column_find(names[0]);
	for (names++; *names != NULL && layout.count < COLUMNS_MOST; names++) {
		const struct vm_column *column = vm_column_find(*names);

		if (column == NULL || used + 1 + column->width > width)
			break;
		layout.columns[layout.count] = column;
		layout.widths[layout.count++] = column->width;
		used += 1 + column->width;
	}
	layout.widths[0] = NAME_LEAST;
	if (width > used)
		layout.widths[0] += width - used < wanted - NAME_LEAST ? width - used : wanted - NAME_LEAST;
	used += layout.widths[0] - NAME_LEAST;
	/* A sentence takes all that is left. */
	if (layout.columns[layout.count - 1]->kind == COLUMN_REASON && width > used)
		layout.widths[layout.count - 1] += width - used;
	return layout;
}

static void put_cell(struct line *line, enum style style, const char *text, size_t columns,
		     bool left)
{
	struct str cell;

	str_init(&cell);
	table_append_cell(&cell, text, columns, left);
	if (cell.data != NULL)
		line_put(line, style, cell.data);
	str_done(&cell);
}

static void put_headings(const struct layout *layout, const struct top_state *state,
			 struct screen *screen)
{
	struct line *line = screen_line(screen);
	size_t i;

	for (i = 0; i < layout->count; i++) {
		const struct vm_column *column = layout->columns[i];

		line_fill(line, line->columns + (i > 0), STYLE_HEADING);
		put_cell(line, column == state->sort ? STYLE_SORTED : STYLE_HEADING,
			 column->heading, layout->widths[i], vm_column_is_text(column));
	}
	line_fill(line, screen->width, STYLE_HEADING);
}

static enum style cell_style(const struct vm_column *column, const struct vm_row *row)
{
	if (column->kind == COLUMN_NAME)
		return STYLE_STRONG;
	if (column->kind != COLUMN_HURT || row->hurt.kind == HURT_NOTHING)
		return STYLE_PLAIN;
	return row->hurt.percent >= 25 ? STYLE_BAD : STYLE_WARNING;
}

static void put_row(const struct layout *layout, const struct vm_row *row, struct screen *screen,
		    struct str *cell)
{
	struct line *line = screen_line(screen);
	size_t i;

	for (i = 0; i < layout->count; i++) {
		const struct vm_column *column = layout->columns[i];

		line_fill(line, line->columns + (i > 0), STYLE_PLAIN);
		str_clear(cell);
		vm_column_append(column, row, cell);
		put_cell(line, cell_style(column, row),
			 cell->data != NULL ? cell->data : "-", layout->widths[i],
			 vm_column_is_text(column));
	}
}

static void put_selected(struct screen *screen)
{
	struct line *line = &screen->lines[screen->line_count - 1];

	line_fill(line, screen->width, STYLE_SELECTED);
	line_restyle(line, STYLE_SELECTED);
}

static void put_nothing(const struct top_state *state, const struct rates *rates,
			struct screen *screen)
{
	struct line *line = screen_line(screen);

	if (rates->now.vm_count == 0) {
		line_put(line, STYLE_DIM, "no VM runs here");
		return;
	}
	line_put(line, STYLE_DIM, "no VM matches the filter; Esc removes it");
}

/* Scrolled only as far as the cursor asks for. */
static size_t first_row(const struct top_state *state, size_t cursor, size_t page, size_t count)
{
	size_t first = state->first;

	if (cursor < first)
		first = cursor;
	if (page > 0 && cursor >= first + page)
		first = cursor - page + 1;
	if (first + page > count)
		first = count > page ? count - page : 0;
	return first;
}

static void put_list(const struct rates *rates, const struct top_rows *rows,
		     const struct top_state *state, struct screen *screen,
		     struct top_layout *ret_layout)
{
	struct layout layout = layout_columns(state, rows, screen->width);
	size_t cursor = top_cursor(state, rows), page, i;
	struct str cell;

	put_headings(&layout, state, screen);
	page = screen_room(screen) > 1 ? screen_room(screen) - 1 : 1;
	ret_layout->page = page;
	ret_layout->first = first_row(state, cursor, page, rows->count);
	if (rows->count == 0)
		put_nothing(state, rates, screen);
	str_init(&cell);
	for (i = ret_layout->first; i < rows->count && i < ret_layout->first + page; i++) {
		put_row(&layout, &rows->rows[i], screen, &cell);
		if (i == cursor)
			put_selected(screen);
	}
	str_done(&cell);
}

static void put_menu(const struct top_state *state, struct screen *screen,
		     struct top_layout *ret_layout)
{
	size_t page = screen_room(screen) > 2 ? screen_room(screen) - 2 : 1, i;
	size_t first = state->menu >= page ? state->menu - page + 1 : 0;

	ret_layout->page = page;
	line_put(screen_line(screen), STYLE_STRONG, "sort by");
	for (i = first; i < first + page && vm_columns[i].name != NULL; i++) {
		struct line *line = screen_line(screen);

		put_cell(line, STYLE_STRONG, vm_columns[i].heading, 9, true);
		line_fill(line, 10, STYLE_PLAIN);
		line_put(line, STYLE_PLAIN, vm_columns[i].help);
		if (i == state->menu)
			put_selected(screen);
	}
}

static const char *prompt_text(enum top_prompt prompt)
{
	switch (prompt) {
	case PROMPT_FILTER:
		return "filter: ";
	case PROMPT_INTERVAL:
		return "interval (0.5, 200ms, 2s): ";
	default:
		return "go to (14:05, 2026-03-01 14:05, -5m): ";
	}
}

static void put_input(struct line *line, const struct top_state *state)
{
	struct str safe;

	line_put(line, STYLE_STRONG, prompt_text(state->prompt));
	str_init(&safe);
	text_append_safe(&safe, state->input, strlen(state->input));
	line_put(line, STYLE_PLAIN, safe.data != NULL ? safe.data : "");
	line_put(line, STYLE_SELECTED, " ");
	str_done(&safe);
}

static void put_keys(struct line *line, const struct top_state *state)
{
	static const char *const list[] = { "q quit", "h help", "Enter vCPUs", "/ filter", "< > sort",
					    "c columns", "Space pause", NULL };
	static const char *const replay[] = { "q quit", "h help", "left/right step", "Space play",
					      "g go to", "Enter vCPUs", "/ filter", "c columns", NULL };
	static const char *const pages[] = { "Esc back", "up/down scroll", NULL };
	const char *const *keys = state->mode != TOP_LIST ? pages : state->replay ? replay : list;

	for (; *keys != NULL; keys++) {
		if (line->columns > 0 && !line_put_whole(line, STYLE_DIM, "  "))
			return;
		line_put_whole(line, STYLE_DIM, *keys);
	}
}

static void put_filter(struct line *line, const struct top_state *state)
{
	struct str text;

	if (state->filter[0] == '\0')
		return;
	str_init(&text);
	str_append(&text, "filter ");
	text_append_safe(&text, state->filter, strlen(state->filter));
	str_append(&text, "  ");
	line_put(line, STYLE_WARNING, text.data != NULL ? text.data : "");
	str_done(&text);
}

static void put_footer(const struct top_state *state, struct screen *screen)
{
	struct line *line;

	while (screen_room(screen) > 1)
		screen_line(screen);
	line = screen_line(screen);
	if (state->prompt != PROMPT_NONE) {
		put_input(line, state);
	} else if (state->message[0] != '\0') {
		line_put(line, STYLE_WARNING, state->message);
	} else {
		put_filter(line, state);
		put_keys(line, state);
	}
}

/* All six lines on 80x24; on less they give way to the VMs. */
static size_t header_lines(size_t height)
{
	size_t lines = height > 6 ? (height - 4) / 3 : 1;

	return lines < TOP_HEADER_LINES ? lines : TOP_HEADER_LINES;
}

void top_view(const struct rates *rates, const struct top_rows *rows,
	      const struct top_state *state, size_t width, size_t height, struct screen *ret,
	      struct top_layout *ret_layout)
{
	screen_clear(ret, width, height);
	*ret_layout = (struct top_layout){ state->first, state->page, state->scroll };
	if (state->mode != TOP_HELP)
		top_header(rates, rows, state, state->mode == TOP_LIST ? header_lines(height) : 1, ret);
	switch (state->mode) {
	case TOP_LIST:
		put_list(rates, rows, state, ret, ret_layout);
		break;
	case TOP_DETAIL:
		top_detail(rates, rows, state, ret, &ret_layout->scroll, &ret_layout->page);
		break;
	case TOP_SORT:
		put_menu(state, ret, ret_layout);
		break;
	case TOP_HELP:
		top_help(state, ret, &ret_layout->scroll, &ret_layout->page);
		break;
	}
	put_footer(state, ret);
}

void top_view_batch(const struct rates *rates, const struct top_rows *rows,
		    const struct top_state *state, size_t width, struct screen *ret)
{
	struct layout layout = layout_columns(state, rows, width);
	struct str cell;
	size_t i;

	screen_clear(ret, width, TOP_HEADER_LINES + 2 + rows->count);
	top_header(rates, rows, state, TOP_HEADER_LINES, ret);
	put_headings(&layout, state, ret);
	if (rows->count == 0)
		put_nothing(state, rates, ret);
	str_init(&cell);
	for (i = 0; i < rows->count; i++)
		put_row(&layout, &rows->rows[i], ret, &cell);
	str_done(&cell);
}
