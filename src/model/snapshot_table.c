/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/snapshot_table.h"

#include "base/vec.h"
#include "model/object.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Growths are remembered up to here, so that sixteen times one fits. */
#define GROWTH_LARGEST ((int64_t)1 << 56)

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

/*
 * Numbers. How long a miss is (in bits) is expected from how long the cell's misses were
 * lately; the two highest bits below the leading one are uneven too, the rest is noise.
 */
static unsigned bit_length(uint64_t number)
{
	return number != 0 ? 64 - (unsigned)__builtin_clzll(number) : 0;
}

static uint64_t code_magnitude(struct tables *tables, struct range_coder *coder, unsigned length,
			       uint64_t magnitude)
{
	unsigned left = length - 1, shown;
	uint64_t seen = 1;

	for (shown = 0; shown < 2 && left > 0; shown++) {
		range_odds *odds = &tables->top[length][shown == 0 ? 0 : 2 + (seen & 1)];

		left--;
		seen = seen << 1 | range_bit(coder, odds, 5, magnitude >> left & 1);
	}
	if (left > 0)
		seen = seen << left | range_raw(coder, magnitude, left);
	return seen;
}

static int64_t code_miss(struct tables *tables, struct range_coder *coder, range_odds *zero,
			 uint64_t spread, int64_t miss)
{
	uint64_t magnitude = miss < 0 ? 0 - (uint64_t)miss : (uint64_t)miss;
	unsigned expected = bit_length(spread / 8), length = bit_length(magnitude);
	unsigned negative;

	if (range_bit(coder, zero, 4, magnitude != 0) == 0)
		return 0;
	length = 1 + range_tree(coder, tables->length[expected & 63], 5, 6, length - 1);
	negative = range_bit(coder, &tables->sign[length], 5, miss < 0);
	magnitude = code_magnitude(tables, coder, length, magnitude);
	return (int64_t)(negative ? 0 - magnitude : magnitude);
}

static uint64_t absolute_bounded(int64_t number)
{
	if (number > GROWTH_LARGEST || number < -GROWTH_LARGEST)
		return GROWTH_LARGEST;
	return (uint64_t)(number < 0 ? -number : number);
}

/* The first growths count fully, so that a cell is known soon; later ones a sixteenth each. */
static unsigned cell_patience(const struct cell *cell, unsigned first)
{
	unsigned shift = cell->seen > first ? cell->seen - first : 0;

	return shift < 4 ? shift : 4;
}

static void cell_learn(struct cell *cell, int64_t steps, int64_t miss)
{
	int64_t bounded = (int64_t)absolute_bounded(steps) * (steps < 0 ? -16 : 16);

	if (cell->seen >= 1)
		cell->mean += (bounded - cell->mean) / (1 << cell_patience(cell, 1));
	if (cell->seen >= 2) {
		int64_t wrong = (int64_t)(absolute_bounded(miss) * 16);

		cell->spread += (uint64_t)((wrong - (int64_t)cell->spread) /
					   (1 << cell_patience(cell, 2)));
	}
	if (cell->seen < UINT8_MAX)
		cell->seen++;
}

/* A mean that misses by more than itself is no better than none. */
static int64_t cell_history(const struct cell *cell)
{
	int64_t mean = cell->mean / 16;
	uint64_t size = (uint64_t)(mean < 0 ? -mean : mean);

	return size >= cell->spread / 16 ? mean : 0;
}

/* What is the same for all cells of a column in one frame. */
struct column_pass {
	struct tables *tables;
	struct table *table;
	struct column *column;
	unsigned index;
	struct range_coder *coder;
	const struct column *clock; /* NULL: none, or it did not move: then it is nobody's turn */
	bool everyone;
	int64_t before; /* value of the row above, for first values */
	int64_t step;
};

static const struct column *column_if_changed(const struct tables *tables,
					      const struct table *table, unsigned index)
{
	const struct column *column = &table->columns[index];

	return column->changed_frame == tables->frame ? column : NULL;
}

static const struct cell *pass_clock_cell(const struct column_pass *pass, const struct row *row)
{
	const struct column *column = pass->column;
	const struct table *table = pass->table;

	switch (column->clock) {
	case CLOCK_OWN:
		return &row->cell[column->clock_column];
	case CLOCK_PARENT:
		row = pass->tables->table[table->parent].rows[row->parent];
		return &row->cell[column->clock_column];
	default:
		return &pass->tables->table[0].rows[0]->cell[column->clock_column];
	}
}

static const struct table *pass_clock_table(const struct column_pass *pass)
{
	switch (pass->column->clock) {
	case CLOCK_OWN:
		return pass->table;
	case CLOCK_PARENT:
		return &pass->tables->table[pass->table->parent];
	default:
		return &pass->tables->table[0];
	}
}

static bool pass_in_turn(const struct column_pass *pass, const struct row *row)
{
	if (pass->column->clock == CLOCK_NONE)
		return true;
	return pass->clock != NULL && pass_clock_cell(pass, row)->growth != 0;
}

/* Sums the children's growth for each row; zeros where the children's column did not change. */
static bool pass_sum_children(const struct column_pass *pass)
{
	struct tables *tables = pass->tables;
	const struct table *children = &tables->table[pass->column->guess_table];
	unsigned column = pass->column->guess_column;
	size_t i;

	if (!VEC_RESERVE(tables->sums, tables->sums_capacity, pass->table->row_count + 1))
		return false;
	memset(tables->sums, 0, pass->table->row_count * sizeof *tables->sums);
	if (column_if_changed(tables, children, column) == NULL)
		return true;
	for (i = 0; i < children->row_count; i++) {
		const struct row *row = children->rows[i];
		int64_t *sum = &tables->sums[row->parent];

		if (row->key[0] == 0)
			*sum = (int64_t)((uint64_t)*sum + (uint64_t)row->cell[column].growth);
	}
	return true;
}

/* Growth that is expected of the cell, in steps. */
static int64_t pass_guess(const struct column_pass *pass, size_t at)
{
	const struct row *row = pass->table->rows[at];
	const struct cell *cell = &row->cell[pass->index];
	const struct column *column = pass->column;
	const struct table *host = &pass->tables->table[0];

	switch (column->guess) {
	case GUESS_SAME:
		if (column_if_changed(pass->tables, pass->table, column->guess_column) == NULL)
			return 0;
		return row->cell[column->guess_column].growth / pass->step;
	case GUESS_CHILDREN:
		return pass->tables->sums[at] / pass->step;
	}
	if (cell->seen == 0)
		return pass->before / pass->step;
	if (column->guess == GUESS_HISTORY)
		return cell_history(cell);
	if (column->guess == GUESS_HOST &&
	    column_if_changed(pass->tables, host, column->guess_column) != NULL)
		return host->rows[0]->cell[column->guess_column].growth / pass->step;
	return 0;
}

static void pass_code_cell(struct column_pass *pass, size_t at)
{
	struct cell *cell = &pass->table->rows[at]->cell[pass->index];
	int64_t steps = cell->growth / pass->step;
	int64_t guess = pass_guess(pass, at);
	int64_t miss = (int64_t)((uint64_t)steps - (uint64_t)guess);
	range_odds *zero = cell->seen == 0 ? &pass->column->odds_first : &cell->odds;

	miss = code_miss(pass->tables, pass->coder, zero, cell->spread, miss);
	steps = (int64_t)((uint64_t)guess + (uint64_t)miss);
	cell_learn(cell, steps, miss);
	cell->growth = (int64_t)((uint64_t)steps * (uint64_t)pass->step);
	cell->value = (int64_t)((uint64_t)cell->value + (uint64_t)cell->growth);
}

static void pass_code_cells(struct column_pass *pass)
{
	size_t i;

	for (i = 0; i < pass->table->row_count; i++) {
		const struct row *row = pass->table->rows[i];
		struct cell *cell = &row->cell[pass->index];

		if (cell->state == FIGURE_PRESENT &&
		    (pass->everyone || cell->seen == 0 || pass_in_turn(pass, row))) {
			pass_code_cell(pass, i);
			pass->before = cell->value;
		} else {
			cell->growth = 0;
		}
	}
}

static void pass_code_states(struct column_pass *pass)
{
	unsigned differs = 0;
	size_t i;

	for (i = 0; i < pass->table->row_count && !pass->coder->reading && differs == 0; i++) {
		const struct cell *cell = &pass->table->rows[i]->cell[pass->index];

		differs = cell->state != cell->next_state;
	}
	if (range_bit(pass->coder, &pass->column->odds_states, 4, differs) == 0)
		return;
	for (i = 0; i < pass->table->row_count; i++) {
		struct cell *cell = &pass->table->rows[i]->cell[pass->index];

		differs = cell->state != cell->next_state;
		if (range_bit(pass->coder, &pass->column->odds_state, 4, differs) != 0)
			cell->state = (uint8_t)range_tree(pass->coder, pass->tables->state, 4, 4,
							  cell->next_state);
	}
}

static uint64_t greatest_divisor(uint64_t a, uint64_t b)
{
	while (b != 0) {
		uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* Writing: the largest step that all growths of the column fit, old ones included. */
static uint64_t pass_common_step(const struct column_pass *pass)
{
	uint64_t step = pass->column->step;
	size_t i;

	for (i = 0; i < pass->table->row_count && step != 1; i++) {
		int64_t growth = pass->table->rows[i]->cell[pass->index].growth;
		uint64_t size = growth < 0 ? 0 - (uint64_t)growth : (uint64_t)growth;

		if (size != 0 && (step == 0 || size % step != 0))
			step = greatest_divisor(size, step);
	}
	return step <= INT64_MAX ? step : 1;
}

/* What was learnt in the old step means nothing in the new one. */
static void pass_forget(const struct column_pass *pass)
{
	size_t i;

	for (i = 0; i < pass->table->row_count; i++) {
		struct cell *cell = &pass->table->rows[i]->cell[pass->index];

		cell->mean = 0;
		cell->spread = 0;
		if (cell->seen > 1)
			cell->seen = 1;
	}
}

static bool pass_code_step(struct column_pass *pass)
{
	struct range_coder *coder = pass->coder;
	uint64_t step = coder->reading ? 0 : pass_common_step(pass);
	unsigned length = bit_length(step);

	if (range_bit(coder, &pass->column->odds_step, 4, step != pass->column->step) != 0) {
		length = range_tree(coder, pass->tables->step_length, 4, 6, length);
		step = range_raw(coder, step, length);
		if (step == 0)
			return false;
		pass->column->step = step;
		pass_forget(pass);
	}
	pass->step = pass->column->step != 0 ? (int64_t)pass->column->step : 1;
	return true;
}

/* Writing: whether a cell changed out of its turn. */
static bool pass_is_out_of_turn(const struct column_pass *pass)
{
	size_t i;

	for (i = 0; i < pass->table->row_count; i++) {
		const struct row *row = pass->table->rows[i];
		const struct cell *cell = &row->cell[pass->index];

		if (cell->growth != 0 && cell->seen != 0 && !pass_in_turn(pass, row))
			return true;
	}
	return false;
}

static bool column_code(struct tables *tables, struct table *table, unsigned index,
			struct range_coder *coder)
{
	struct column *column = &table->columns[index];
	struct column_pass pass = { .tables = tables, .table = table, .column = column,
				    .index = index, .coder = coder };
	bool out_of_turn;

	if (range_bit(coder, &column->odds_changed, 4, column->changed) == 0)
		return true;
	column->changed_frame = tables->frame;
	if (column->clock != CLOCK_NONE)
		pass.clock = column_if_changed(tables, pass_clock_table(&pass),
					       column->clock_column);
	pass_code_states(&pass);
	if (!pass_code_step(&pass))
		return false;
	if (column->guess == GUESS_CHILDREN && !pass_sum_children(&pass))
		return false;
	out_of_turn = !coder->reading && pass_is_out_of_turn(&pass);
	pass.everyone = range_bit(coder, &column->odds_everyone, 4, out_of_turn);
	pass_code_cells(&pass);
	return true;
}

static bool column_is_clock(const struct column *column)
{
	return column->name[0] == '@';
}

/* The times of sampling first, because turns depend on them; then children before parents,
 * because sums depend on those. */
bool tables_code(struct tables *tables, struct range_coder *coder)
{
	size_t i;
	unsigned j;

	for (i = 0; i < tables->count; i++)
		for (j = 0; j < tables->table[i].column_count; j++)
			if (column_is_clock(&tables->table[i].columns[j]) &&
			    !column_code(tables, &tables->table[i], j, coder))
				return false;
	for (i = tables->count; i-- > 0; )
		for (j = 0; j < tables->table[i].column_count; j++)
			if (!column_is_clock(&tables->table[i].columns[j]) &&
			    !column_code(tables, &tables->table[i], j, coder))
				return false;
	return true;
}
