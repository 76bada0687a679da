/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/table.h"

#include "base/cleanup.h"
#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"

#include <stdlib.h>
#include <string.h>

#define GAP 2
#define NARROWEST 8

void table_init(struct table *table, const struct table_column *columns, size_t count)
{
	memset(table, 0, sizeof *table);
	table->columns = columns;
	table->column_count = count;
}

void table_done(struct table *table)
{
	size_t i;

	for (i = 0; i < table->cell_count; i++)
		free(table->cells[i]);
	free(table->cells);
	table_init(table, table->columns, table->column_count);
}

void table_add(struct table *table, struct str *cell)
{
	char *text = str_take(cell);

	if (text != NULL && VEC_RESERVE(table->cells, table->cell_capacity, table->cell_count + 1)) {
		table->cells[table->cell_count++] = text;
		return;
	}
	free(text);
	table->failed = true;
}

static void append_blanks(struct str *str, size_t count)
{
	while (count-- > 0)
		str_append_char(str, ' ');
}

/* As many bytes of the text as take at most so many columns. */
static size_t bytes_within(const char *safe, size_t columns, size_t *ret_columns)
{
	size_t size = strlen(safe), at = 0, used = 0;

	while (at < size) {
		char character[5] = { 0 };
		unsigned ignored;
		size_t length = text_decode_utf8(safe + at, size - at, &ignored);
		size_t width;

		length = length != 0 ? length : 1;
		memcpy(character, safe + at, length);
		width = text_columns(character);
		if (used + width > columns)
			break;
		used += width;
		at += length;
	}
	*ret_columns = used;
	return at;
}

void table_append_cell(struct str *str, const char *safe, size_t columns, bool left)
{
	size_t width = text_columns(safe);

	if (width > columns) {
		size_t bytes = bytes_within(safe, columns > 0 ? columns - 1 : 0, &width);

		str_append_bytes(str, safe, bytes);
		if (columns > 0)
			str_append_char(str, '+');
		append_blanks(str, columns > 0 ? columns - 1 - width : 0);
		return;
	}
	if (!left)
		append_blanks(str, columns - width);
	str_append(str, safe);
	if (left)
		append_blanks(str, columns - width);
}

static void measure(const struct table *table, bool headings, size_t *widths)
{
	size_t i;

	for (i = 0; i < table->column_count; i++)
		widths[i] = headings ? strlen(table->columns[i].heading) : 1;
	for (i = 0; i < table->cell_count; i++) {
		size_t width = text_columns(table->cells[i]);

		if (width > widths[i % table->column_count])
			widths[i % table->column_count] = width;
	}
}

static size_t total_width(const struct table *table, const size_t *widths)
{
	size_t i, sum = 0;

	for (i = 0; i < table->column_count; i++)
		sum += widths[i] + (i > 0 ? GAP : 0);
	return sum;
}

/* The widest of the columns that bend, or the count. */
static size_t widest_bending(const struct table *table, const size_t *widths)
{
	size_t i, widest = table->column_count;

	for (i = 0; i < table->column_count; i++)
		if (table->columns[i].bends && widths[i] > NARROWEST &&
		    (widest == table->column_count || widths[i] > widths[widest]))
			widest = i;
	return widest;
}

static void fit(const struct table *table, size_t width, size_t *widths)
{
	size_t total = total_width(table, widths);

	while (total > width) {
		size_t widest = widest_bending(table, widths);

		if (widest == table->column_count)
			return;
		widths[widest]--;
		total--;
	}
}

static void append_row(const struct table *table, const size_t *widths, char *const *cells,
		       struct str *str)
{
	size_t i;

	for (i = 0; i < table->column_count; i++) {
		const struct table_column *column = &table->columns[i];
		const char *text = cells != NULL ? cells[i] : column->heading;

		append_blanks(str, i > 0 ? GAP : 0);
		table_append_cell(str, text, widths[i], column->left);
	}
	while (str->length > 0 && str->data[str->length - 1] == ' ')
		str->data[--str->length] = '\0';
	str_append_char(str, '\n');
}

bool table_append(const struct table *table, size_t width, bool headings, struct str *str)
{
	CLEANUP_FREE size_t *widths = calloc(table->column_count + 1, sizeof *widths);
	size_t i;

	if (widths == NULL || table->failed)
		return false;
	measure(table, headings, widths);
	if (width > 0)
		fit(table, width, widths);
	if (headings)
		append_row(table, widths, NULL, str);
	for (i = 0; i + table->column_count <= table->cell_count; i += table->column_count)
		append_row(table, widths, table->cells + i, str);
	return !str->failed;
}
