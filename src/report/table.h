/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plain table: headings, then rows, columns parted by two blanks, no lines drawn. Columns are
 * as wide as what is in them. Where the table is wider than it may be, the columns that bend are
 * cut, the widest first, and a cut text ends in "+".
 */
#ifndef REPORT_TABLE_H
#define REPORT_TABLE_H

#include <stdbool.h>
#include <stddef.h>

struct str;

struct table_column {
	const char *heading;
	bool left;
	bool bends; /* may be cut, to 8 columns at the narrowest */
};

struct table {
	const struct table_column *columns; /* the caller's */
	size_t column_count;
	char **cells;
	size_t cell_count, cell_capacity;
	bool failed; /* memory was out */
};

void table_init(struct table *table, const struct table_column *columns, size_t count);
void table_done(struct table *table);
/* The next cell, row by row; takes over the text of str (safe already), which is empty then. */
void table_add(struct table *table, struct str *cell);
/* `width` 0: as wide as it is. False: out of memory. */
bool table_append(const struct table *table, size_t width, bool headings, struct str *str);

/* Safe text, cut or filled up to the columns. */
void table_append_cell(struct str *str, const char *safe, size_t columns, bool left);

#endif
