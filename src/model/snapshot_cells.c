/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/snapshot_cells.h"

#include "base/vec.h"
#include "model/object.h"

#include <string.h>

/* Growths are remembered up to here, so that sixteen times one fits. */
#define GROWTH_LARGEST ((int64_t)1 << 56)

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
