/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What both ends of a stream of snapshot frames remember: one table a kind of object, a row an
 * object, a column a figure, and for each cell how it has been growing. Both ends learn the
 * same from the same frames, so only what a cell does unexpectedly is written. The columns are
 * those of the stream's schema, which need not be this program's.
 */
#ifndef MODEL_SNAPSHOT_TABLE_H
#define MODEL_SNAPSHOT_TABLE_H

#include "base/range_coder.h"

#include <stddef.h>

enum {
	TABLE_NAME_SIZE = 64,
	TABLE_KEYS_MAX = 3,
	TABLES_MAX = 16,
	TABLE_COLUMNS_MAX = 512,
	TABLE_TEXTS_MAX = 64,
	TABLES_CELLS_MAX = 4 << 20, /* of all tables: what a hostile frame can make a reader hold */
};

/* How a frame begins; what a run in a list of rows says; the longest text that is written. */
#define SNAPSHOT_KEY_MARK "Trsn"
#define SNAPSHOT_DELTA_MARK 'd'
enum snapshot_list_step { LIST_END, LIST_KEEP, LIST_DROP, LIST_NEW };
enum { SNAPSHOT_TEXT_MAX = 65535 };

/* What a cell's growth is expected to be. */
enum column_guess {
	GUESS_NOTHING,  /* none */
	GUESS_HISTORY,  /* as lately */
	GUESS_SAME,     /* as the object's own column `guess_column` */
	GUESS_HOST,     /* as the host's column `guess_column` */
	GUESS_CHILDREN, /* as column `guess_column` of the rows of `guess_table` below it whose
	                 * first key is 0, summed */
	GUESS_COUNT,
};

/* Which cell's growth says that it was this cell's turn to be sampled. */
enum column_clock { CLOCK_NONE, CLOCK_OWN, CLOCK_PARENT, CLOCK_HOST, CLOCK_COUNT };

struct column {
	char name[TABLE_NAME_SIZE];
	uint8_t unit, kind, group; /* as in object.h; numbers that are not known there are allowed */
	uint8_t guess, guess_table;
	uint16_t guess_column;
	uint8_t clock;
	uint16_t clock_column;
	int figure, extra;         /* the program's own number of it, or -1 */
	uint64_t step;             /* every growth so far was a multiple; 0: there was none */
	uint64_t changed_frame;    /* the last one in which a cell of it changed */
	bool changed;              /* writing: a cell of it changes in this frame */
	range_odds odds_changed, odds_states, odds_state, odds_step, odds_everyone, odds_first;
};

struct cell {
	int64_t value;
	int64_t growth;  /* in this frame, where the column changed in it */
	int64_t mean;    /* growth expected by history, in sixteenths of a step */
	uint64_t spread; /* how far guesses were wrong lately, in sixteenths of a step */
	range_odds odds; /* that the guess is right */
	uint8_t seen;    /* how often coded, up to 255 */
	uint8_t state;   /* enum figure_state */
	uint8_t next_state;
};

struct row {
	int64_t key[TABLE_KEYS_MAX];
	char name[TABLE_NAME_SIZE];
	uint32_t parent; /* row in the parent's table */
	bool fresh;      /* new in the list that is being made */
	char **text;
	struct cell *cell;
};

struct table {
	char name[TABLE_NAME_SIZE];
	int parent; /* an earlier table, or -1 */
	unsigned key_count;
	bool named;
	struct column *columns;
	size_t column_count;
	char (*text_names)[TABLE_NAME_SIZE];
	int *text_own; /* the program's own number of each text, or -1 */
	size_t text_count;
	struct row **rows, **next, **spare;
	size_t row_count, row_capacity, next_count, next_capacity, spare_count, spare_capacity;
	uint32_t *moved; /* where each row of the list before is now, or ROW_DROPPED */
	size_t moved_capacity;
	bool list_changed;  /* in this frame */
	bool texts_changed; /* reading: a text of a row, in this frame */
};

#define ROW_DROPPED UINT32_MAX

struct tables {
	struct table table[TABLES_MAX]; /* the first: the host, one row */
	size_t count;
	size_t cells;
	uint64_t frame; /* since the key frame, which is 1 */
	int64_t *sums;
	size_t sums_capacity;
	range_odds length[64][64], sign[65], top[65][4], state[16], step_length[64];
};

void tables_init(struct tables *tables);
void tables_done(struct tables *tables);
/* The beginning of a key frame: no rows but the host's, nothing learnt. -ENOMEM. */
int tables_reset(struct tables *tables);
struct table *tables_find(struct tables *tables, const char *name);
/* Room for a schema; both start as zeros. False: no memory. */
bool table_set_shape(struct table *table, size_t column_count, size_t text_count);
int table_find_column(const struct table *table, const char *name);

/*
 * A new list of rows: begin, then keep old ones and insert empty ones in order, then end (what
 * was not kept is dropped) or cancel (nothing has changed). The parent's list goes first: begin
 * makes the old rows point to where their parents are now. False and NULL: no memory, or more
 * than TABLES_CELLS_MAX.
 */
bool table_begin_list(struct tables *tables, struct table *table);
bool table_keep(struct table *table, size_t at);
struct row *table_insert(struct tables *tables, struct table *table);
void table_end_list(struct tables *tables, struct table *table);
void table_cancel_list(struct tables *tables, struct table *table);
/* By parent, keys and name, as the rows of a table are sorted. */
int row_compare(const struct table *table, const struct row *a, const struct row *b);

#endif
