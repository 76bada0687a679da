/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables of a result, once for terminal, page and .tsv: headings and a function a column. A
 * row is a cell (or a comparison of one measure); cells of a table are texts as they were stored,
 * which whoever prints makes safe.
 */
#ifndef LAB_RESULT_TABLES_H
#define LAB_RESULT_TABLES_H

#include "lab/result/result.h"

struct str;

struct result_row {
	const struct result *result;
	const struct result_measure *measure;
	const struct result_comparison *comparison; /* NULL in tables of cells */
	size_t cell;
};

struct result_column {
	const char *heading, *help;
	bool left;
	void (*append)(const struct result_row *row, struct str *out);
};

extern const struct result_column result_columns_of_comparisons[]; /* each ends with a NULL heading */
extern const struct result_column result_columns_of_cells[];
extern const struct result_column result_columns_of_isolation[];
extern const struct result_column result_columns_of_vms[];
extern const struct result_column result_columns_of_hosts[];
/* Those of the tables that fit on a terminal. */
extern const struct result_column result_columns_brief[];

size_t result_column_count(const struct result_column *columns);
/* Whether any row has something in this column but "-". */
bool result_column_is_used(const struct result_column *column, const struct result *result);

#endif
