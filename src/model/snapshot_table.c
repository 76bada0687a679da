/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/snapshot_table.h"

#include "base/vec.h"
#include "model/object.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void tables_init(struct tables *tables)
{
	memset(tables, 0, sizeof *tables);
}

static void row_clear_texts(const struct table *table, struct row *row)
{
	size_t i;

	for (i = 0; i < table->text_count; i++) {
		free(row->text[i]);
		row->text[i] = NULL;
	}
}

static void table_done(struct table *table)
{
	size_t i;

	for (i = 0; i < table->row_count; i++) {
		row_clear_texts(table, table->rows[i]);
		free(table->rows[i]);
	}
	for (i = 0; i < table->spare_count; i++)
		free(table->spare[i]);
	free(table->rows);
	free(table->next);
	free(table->spare);
	free(table->moved);
	free(table->columns);
	free(table->text_names);
	free(table->text_own);
	memset(table, 0, sizeof *table);
}

void tables_done(struct tables *tables)
{
	size_t i;

	for (i = 0; i < tables->count; i++)
		table_done(&tables->table[i]);
	free(tables->sums);
	tables_init(tables);
}

struct table *tables_find(struct tables *tables, const char *name)
{
	size_t i;

	for (i = 0; i < tables->count; i++)
		if (strcmp(tables->table[i].name, name) == 0)
			return &tables->table[i];
	return NULL;
}

bool table_set_shape(struct table *table, size_t column_count, size_t text_count)
{
	/* One more than needed: an empty array is then no special case. */
	table->columns = calloc(column_count + 1, sizeof *table->columns);
	table->text_names = calloc(text_count + 1, sizeof *table->text_names);
	table->text_own = calloc(text_count + 1, sizeof *table->text_own);
	table->column_count = column_count;
	table->text_count = text_count;
	return table->columns != NULL && table->text_names != NULL && table->text_own != NULL;
}

int table_find_column(const struct table *table, const char *name)
{
	size_t i;

	for (i = 0; i < table->column_count; i++)
		if (strcmp(table->columns[i].name, name) == 0)
			return (int)i;
	return -1;
}

static struct row *row_new(const struct table *table)
{
	size_t cells = table->column_count * sizeof(struct cell);
	size_t texts = table->text_count * sizeof(char *);
	struct row *row = calloc(1, sizeof *row + cells + texts);

	if (row == NULL)
		return NULL;
	row->cell = (struct cell *)(row + 1);
	row->text = (char **)(row->cell + table->column_count);
	return row;
}

static void row_reset(const struct table *table, struct row *row)
{
	size_t i;

	memset(row->key, 0, sizeof row->key);
	row->name[0] = '\0';
	row->parent = 0;
	row->fresh = false;
	memset(row->cell, 0, table->column_count * sizeof *row->cell);
	for (i = 0; i < table->column_count; i++)
		row->cell[i].odds = RANGE_ODDS_EVEN;
}

static struct row *tables_take_row(struct tables *tables, struct table *table)
{
	struct row *row;

	if (tables->cells + table->column_count + 1 > TABLES_CELLS_MAX)
		return NULL;
	row = table->spare_count > 0 ? table->spare[--table->spare_count] : row_new(table);
	if (row == NULL)
		return NULL;
	tables->cells += table->column_count + 1;
	row_reset(table, row);
	return row;
}

static void tables_drop_row(struct tables *tables, struct table *table, struct row *row)
{
	tables->cells -= table->column_count + 1;
	row_clear_texts(table, row);
	if (VEC_RESERVE(table->spare, table->spare_capacity, table->spare_count + 1))
		table->spare[table->spare_count++] = row;
	else
		free(row);
}

static void column_reset(struct column *column)
{
	column->step = 0;
	column->changed_frame = 0;
	column->changed = false;
	column->odds_changed = column->odds_states = column->odds_state = RANGE_ODDS_EVEN;
	column->odds_step = column->odds_everyone = column->odds_first = RANGE_ODDS_EVEN;
}

static void odds_reset(range_odds *odds, size_t count)
{
	while (count-- > 0)
		*odds++ = RANGE_ODDS_EVEN;
}

int tables_reset(struct tables *tables)
{
	size_t i, j;

	for (i = 0; i < tables->count; i++) {
		struct table *table = &tables->table[i];

		while (table->row_count > 0)
			tables_drop_row(tables, table, table->rows[--table->row_count]);
		for (j = 0; j < table->column_count; j++)
			column_reset(&table->columns[j]);
	}
	tables->frame = 1;
	odds_reset(&tables->length[0][0], 64 * 64);
	odds_reset(tables->sign, 65);
	odds_reset(&tables->top[0][0], 65 * 4);
	odds_reset(tables->state, 16);
	odds_reset(tables->step_length, 64);
	if (!VEC_RESERVE(tables->table[0].rows, tables->table[0].row_capacity, 1))
		return -ENOMEM;
	tables->table[0].rows[0] = tables_take_row(tables, &tables->table[0]);
	tables->table[0].row_count = tables->table[0].rows[0] != NULL;
	return tables->table[0].row_count == 1 ? 0 : -ENOMEM;
}

bool table_begin_list(struct tables *tables, struct table *table)
{
	const struct table *above = table->parent >= 0 ? &tables->table[table->parent] : NULL;
	size_t i;

	table->next_count = 0;
	if (!VEC_RESERVE(table->moved, table->moved_capacity, table->row_count + 1))
		return false;
	for (i = 0; i < table->row_count; i++) {
		table->moved[i] = ROW_DROPPED;
		if (above != NULL && above->list_changed)
			table->rows[i]->parent = above->moved[table->rows[i]->parent];
	}
	return true;
}

bool table_keep(struct table *table, size_t at)
{
	if (!VEC_RESERVE(table->next, table->next_capacity, table->next_count + 1))
		return false;
	table->moved[at] = (uint32_t)table->next_count;
	table->next[table->next_count++] = table->rows[at];
	return true;
}

struct row *table_insert(struct tables *tables, struct table *table)
{
	struct row *row;

	if (!VEC_RESERVE(table->next, table->next_capacity, table->next_count + 1))
		return NULL;
	row = tables_take_row(tables, table);
	if (row == NULL)
		return NULL;
	row->fresh = true;
	table->next[table->next_count++] = row;
	return row;
}

void table_end_list(struct tables *tables, struct table *table)
{
	struct row **rows = table->rows;
	size_t capacity = table->row_capacity, i;

	for (i = 0; i < table->row_count; i++)
		if (table->moved[i] == ROW_DROPPED)
			tables_drop_row(tables, table, table->rows[i]);
	for (i = 0; i < table->next_count; i++)
		table->next[i]->fresh = false;
	table->rows = table->next;
	table->row_capacity = table->next_capacity;
	table->row_count = table->next_count;
	table->next = rows;
	table->next_capacity = capacity;
	table->next_count = 0;
}

void table_cancel_list(struct tables *tables, struct table *table)
{
	size_t i;

	for (i = 0; i < table->next_count; i++)
		if (table->next[i]->fresh)
			tables_drop_row(tables, table, table->next[i]);
	table->next_count = 0;
}

int row_compare(const struct table *table, const struct row *a, const struct row *b)
{
	unsigned i;

	if (a->parent != b->parent)
		return a->parent < b->parent ? -1 : 1;
	for (i = 0; i < table->key_count; i++)
		if (a->key[i] != b->key[i])
			return a->key[i] < b->key[i] ? -1 : 1;
	return table->named ? strcmp(a->name, b->name) : 0;
}
