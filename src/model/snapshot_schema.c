/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/snapshot_schema.h"

#include "base/error.h"
#include "base/text.h"
#include "base/varint.h"
#include "model/snapshot_objects.h"

#include <errno.h>

void schema_append_name(struct str *out, const char *name, size_t size)
{
	varint_append(out, size);
	str_append_bytes(out, name, size);
}

bool schema_take_name(struct cursor *bytes, char *ret, size_t size)
{
	uint64_t length;

	if (!varint_take(bytes, &length) || length >= size || length > cursor_left(bytes) ||
	    memchr(bytes->at, '\0', length) != NULL)
		return false;
	memcpy(ret, bytes->at, length);
	ret[length] = '\0';
	bytes->at += length;
	return true;
}

/* Making: what a figure's growth goes with. All are guesses; a wrong one costs only bytes. */
static const struct {
	enum object_kind kind;
	const char *figure;
	enum column_guess guess;
	enum object_kind other_kind;
	const char *other;
} guesses[] = {
	{ OBJECT_HOST, "@monotonic_usec", GUESS_SAME, OBJECT_HOST, "@realtime_usec" },
	{ OBJECT_HOST, "@sampled_hot_usec", GUESS_SAME, OBJECT_HOST, "@monotonic_usec" },
	{ OBJECT_VM, "@sampled_hot_usec", GUESS_HOST, OBJECT_HOST, "@sampled_hot_usec" },
	/* Each VM has its own tick for them, and they are as far apart as the last ones were. */
	{ OBJECT_VM, "@sampled_cold_usec", GUESS_SAME, OBJECT_VM, "@sampled_pressure_usec" },
	{ OBJECT_VM, "run_usec", GUESS_CHILDREN, OBJECT_THREAD, "run_usec" },
	{ OBJECT_VM, "run_delay_usec", GUESS_CHILDREN, OBJECT_THREAD, "run_delay_usec" },
	{ OBJECT_VM, "waiting_usec", GUESS_SAME, OBJECT_VM, "run_delay_usec" },
	{ OBJECT_VM, "guest_usec", GUESS_SAME, OBJECT_VM, "user_usec" },
	{ OBJECT_THREAD, "waiting_usec", GUESS_SAME, OBJECT_THREAD, "run_delay_usec" },
	{ OBJECT_THREAD, "guest_usec", GUESS_SAME, OBJECT_THREAD, "user_usec" },
};

static void schema_make_guesses(struct tables *tables)
{
	size_t i;

	for (i = 0; i < sizeof guesses / sizeof guesses[0]; i++) {
		struct table *table = &tables->table[guesses[i].kind];
		const struct table *other = &tables->table[guesses[i].other_kind];
		int at = table_find_column(table, guesses[i].figure);
		int other_at = table_find_column(other, guesses[i].other);

		if (at < 0 || other_at < 0)
			continue;
		table->columns[at].guess = (uint8_t)guesses[i].guess;
		table->columns[at].guess_table = (uint8_t)guesses[i].other_kind;
		table->columns[at].guess_column = (uint16_t)other_at;
	}
}

/* Where the times of sampling of such an object are. */
static enum column_clock shape_clock(enum object_kind kind, int *ret_extra)
{
	const struct object_shape *shape = object_shape(kind);
	enum column_clock clock = CLOCK_OWN;

	if (!shape->sampled && shape->parent >= 0) {
		shape = object_shape((enum object_kind)shape->parent);
		clock = CLOCK_PARENT;
	}
	if (!shape->sampled) {
		shape = object_shape(OBJECT_HOST);
		clock = CLOCK_HOST;
	}
	*ret_extra = (int)shape->time_count;
	return clock;
}

static void column_make_figure(struct column *column, const struct figure_info *info, int figure,
			       enum object_kind kind)
{
	int extra;

	text_copy(column->name, sizeof column->name, info->name, strlen(info->name));
	column->unit = (uint8_t)info->unit;
	column->kind = (uint8_t)info->kind;
	column->group = (uint8_t)info->group;
	column->guess = info->kind == KIND_COUNTER ? GUESS_HISTORY : GUESS_NOTHING;
	column->clock = (uint8_t)shape_clock(kind, &extra);
	column->clock_column = (uint16_t)(extra + (int)info->group);
	column->figure = figure;
	column->extra = -1;
}

static void column_make_extra(struct column *column, enum object_kind kind, unsigned extra)
{
	object_extra_name(kind, extra, column->name);
	column->unit = UNIT_USEC;
	column->kind = KIND_COUNTER;
	column->guess = GUESS_HISTORY;
	column->figure = -1;
	column->extra = (int)extra;
}

static bool table_make(struct table *table, enum object_kind kind)
{
	const struct object_shape *shape = object_shape(kind);
	const struct object_info *info = shape->info;
	size_t extras = object_extra_count(kind), i;

	text_copy(table->name, sizeof table->name, info->name, strlen(info->name));
	table->parent = shape->parent;
	table->key_count = shape->key_count;
	table->named = shape->named;
	if (!table_set_shape(table, extras + info->figure_count, info->text_count))
		return false;
	for (i = 0; i < extras; i++)
		column_make_extra(&table->columns[i], kind, (unsigned)i);
	for (i = 0; i < info->figure_count; i++)
		column_make_figure(&table->columns[extras + i], &info->figures[i], (int)i, kind);
	for (i = 0; i < info->text_count; i++) {
		text_copy(table->text_names[i], TABLE_NAME_SIZE, info->texts[i].name,
			  strlen(info->texts[i].name));
		table->text_own[i] = (int)i;
	}
	return true;
}

bool schema_make(struct tables *tables)
{
	unsigned kind;

	for (kind = 0; kind < OBJECT_KIND_COUNT; kind++) {
		tables->count = kind + 1;
		if (!table_make(&tables->table[kind], (enum object_kind)kind))
			return false;
	}
	schema_make_guesses(tables);
	return true;
}

static void schema_append_column(const struct column *column, struct str *out)
{
	schema_append_name(out, column->name, strlen(column->name));
	varint_append(out, column->unit);
	varint_append(out, column->kind);
	varint_append(out, column->group);
	varint_append(out, column->guess);
	varint_append(out, column->guess_table);
	varint_append(out, column->guess_column);
	varint_append(out, column->clock);
	varint_append(out, column->clock_column);
}

void schema_append(const struct tables *tables, struct str *out)
{
	size_t i, j;

	varint_append(out, tables->count);
	for (i = 0; i < tables->count; i++) {
		const struct table *table = &tables->table[i];

		schema_append_name(out, table->name, strlen(table->name));
		varint_append(out, (uint64_t)(table->parent + 1));
		varint_append(out, table->key_count);
		varint_append(out, table->named);
		varint_append(out, table->column_count);
		for (j = 0; j < table->column_count; j++)
			schema_append_column(&table->columns[j], out);
		varint_append(out, table->text_count);
		for (j = 0; j < table->text_count; j++)
			schema_append_name(out, table->text_names[j],
					   strlen(table->text_names[j]));
	}
}

/* Taking. A number that must be below `limit`. */
static bool take_below(struct cursor *bytes, uint64_t limit, uint64_t *ret)
{
	return varint_take(bytes, ret) && *ret < limit;
}

static bool schema_take_column(struct column *column, struct cursor *bytes)
{
	uint64_t unit, kind, group, guess, guess_table, guess_column, clock, clock_column;

	if (!schema_take_name(bytes, column->name, sizeof column->name) ||
	    !take_below(bytes, 256, &unit) || !take_below(bytes, 256, &kind) ||
	    !take_below(bytes, 256, &group) || !take_below(bytes, GUESS_COUNT, &guess) ||
	    !take_below(bytes, TABLES_MAX, &guess_table) ||
	    !take_below(bytes, TABLE_COLUMNS_MAX, &guess_column) ||
	    !take_below(bytes, CLOCK_COUNT, &clock) ||
	    !take_below(bytes, TABLE_COLUMNS_MAX, &clock_column))
		return false;
	column->unit = (uint8_t)unit;
	column->kind = (uint8_t)kind;
	column->group = (uint8_t)group;
	column->guess = (uint8_t)guess;
	column->guess_table = (uint8_t)guess_table;
	column->guess_column = (uint16_t)guess_column;
	column->clock = (uint8_t)clock;
	column->clock_column = (uint16_t)clock_column;
	column->figure = column->extra = -1;
	return true;
}

/* A table below another has its parent before it; all but the host's have something to tell
 * rows apart by, so that each new row takes a byte at least. */
static int schema_take_table(struct tables *tables, struct cursor *bytes)
{
	struct table *table = &tables->table[tables->count];
	uint64_t parent, key_count, named, column_count, text_count;
	size_t i;

	if (!schema_take_name(bytes, table->name, sizeof table->name) ||
	    !take_below(bytes, tables->count + 1, &parent) ||
	    !take_below(bytes, TABLE_KEYS_MAX + 1, &key_count) || !take_below(bytes, 2, &named) ||
	    !take_below(bytes, TABLE_COLUMNS_MAX + 1, &column_count) ||
	    column_count > cursor_left(bytes))
		return -EBADMSG;
	if ((tables->count == 0) != (key_count == 0 && named == 0))
		return -EBADMSG;
	table->parent = (int)parent - 1;
	table->key_count = (unsigned)key_count;
	table->named = named != 0;
	tables->count++;
	if (!table_set_shape(table, column_count, TABLE_TEXTS_MAX))
		return -ENOMEM;
	for (i = 0; i < column_count; i++)
		if (!schema_take_column(&table->columns[i], bytes))
			return -EBADMSG;
	if (!take_below(bytes, TABLE_TEXTS_MAX + 1, &text_count))
		return -EBADMSG;
	table->text_count = text_count;
	for (i = 0; i < text_count; i++)
		if (!schema_take_name(bytes, table->text_names[i], TABLE_NAME_SIZE))
			return -EBADMSG;
	return 0;
}

static bool guess_is_sound(const struct tables *tables, const struct table *table,
			   const struct column *column)
{
	const struct table *other = &tables->table[column->guess_table];

	switch (column->guess) {
	case GUESS_SAME:
		return column->guess_column < table->column_count;
	case GUESS_HOST:
		return column->guess_column < tables->table[0].column_count;
	case GUESS_CHILDREN:
		return column->guess_table < tables->count && other->parent >= 0 &&
		       &tables->table[other->parent] == table &&
		       column->guess_column < other->column_count;
	default:
		return true;
	}
}

static bool clock_is_sound(const struct tables *tables, const struct table *table,
			   const struct column *column)
{
	switch (column->clock) {
	case CLOCK_OWN:
		return column->clock_column < table->column_count;
	case CLOCK_PARENT:
		return table->parent >= 0 &&
		       column->clock_column < tables->table[table->parent].column_count;
	case CLOCK_HOST:
		return column->clock_column < tables->table[0].column_count;
	default:
		return true;
	}
}

static bool schema_is_sound(const struct tables *tables)
{
	size_t i, j;

	for (i = 0; i < tables->count; i++) {
		const struct table *table = &tables->table[i];

		for (j = 0; j < table->column_count; j++)
			if (!guess_is_sound(tables, table, &table->columns[j]) ||
			    !clock_is_sound(tables, table, &table->columns[j]))
				return false;
	}
	return tables->count > 0;
}

static void table_match_extras(struct table *table, enum object_kind kind)
{
	char name[OBJECT_EXTRA_NAME_SIZE];
	unsigned i;

	for (i = 0; i < object_extra_count(kind); i++) {
		int at;

		object_extra_name(kind, i, name);
		at = table_find_column(table, name);
		if (at >= 0)
			table->columns[at].extra = (int)i;
	}
}

/* A figure is the same when its name, unit and kind are. */
static void table_match_figures(struct table *table, const struct object_info *info)
{
	size_t i;

	for (i = 0; i < table->column_count; i++) {
		struct column *column = &table->columns[i];
		int figure = object_find_figure(info, column->name);

		if (figure >= 0 && info->figures[figure].unit == column->unit &&
		    info->figures[figure].kind == column->kind)
			column->figure = figure;
	}
}

static void table_match_texts(struct table *table, const struct object_info *info)
{
	size_t i, j;

	for (i = 0; i < table->text_count; i++) {
		table->text_own[i] = -1;
		for (j = 0; j < info->text_count; j++)
			if (strcmp(info->texts[j].name, table->text_names[i]) == 0)
				table->text_own[i] = (int)j;
	}
}

static void schema_match(struct tables *tables)
{
	unsigned kind;

	for (kind = 0; kind < OBJECT_KIND_COUNT; kind++) {
		const struct object_shape *shape = object_shape((enum object_kind)kind);
		struct table *table = tables_find(tables, shape->info->name);

		if (table == NULL)
			continue;
		table_match_extras(table, (enum object_kind)kind);
		table_match_figures(table, shape->info);
		table_match_texts(table, shape->info);
	}
}

int schema_take(struct tables *tables, struct cursor *bytes, struct error *err)
{
	uint64_t count, i;
	int r = 0;

	if (!take_below(bytes, TABLES_MAX + 1, &count))
		return error_set(err, -EBADMSG, "a damaged frame: it has no schema");
	for (i = 0; i < count && r == 0; i++)
		r = schema_take_table(tables, bytes);
	if (r == -ENOMEM)
		return error_errno(err, r, "cannot read a frame");
	if (r < 0 || !schema_is_sound(tables))
		return error_set(err, -EBADMSG, "a damaged frame: its schema is not sound");
	schema_match(tables);
	return 0;
}
