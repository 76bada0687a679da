/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/snapshot_bytes.h"

#include "base/str.h"
#include "base/text.h"
#include "base/varint.h"
#include "model/snapshot_cells.h"
#include "model/snapshot_objects.h"
#include "model/snapshot_schema.h"

#include <errno.h>
#include <stdlib.h>

struct snapshot_encoder {
	struct tables tables;
	bool broken; /* the next frame must be a key frame */
};

struct snapshot_encoder *snapshot_encoder_new(void)
{
	struct snapshot_encoder *encoder = calloc(1, sizeof *encoder);

	if (encoder == NULL)
		return NULL;
	encoder->broken = true;
	if (schema_make(&encoder->tables))
		return encoder;
	snapshot_encoder_free(encoder);
	return NULL;
}

void snapshot_encoder_free(struct snapshot_encoder *encoder)
{
	if (encoder == NULL)
		return;
	tables_done(&encoder->tables);
	free(encoder);
}

/* The list of rows: runs of kept, dropped and new ones. A list that stays is one zero byte. */
struct run {
	struct str *out;
	enum snapshot_list_step step;
	uint64_t count;
	bool written;
};

static void run_flush(struct run *run)
{
	if (run->count > 0)
		varint_append(run->out, run->count << 2 | run->step);
	run->written = true;
	run->count = 0;
}

static void run_add(struct run *run, enum snapshot_list_step step)
{
	if (step != run->step && run->count > 0)
		run_flush(run);
	run->step = step;
	run->count++;
}

static void run_end(struct run *run)
{
	if (run->written || run->step != LIST_KEEP)
		run_flush(run);
	varint_append(run->out, LIST_END);
}

static void probe_from_item(struct row *probe, const struct object_item *item)
{
	memcpy(probe->key, item->key, sizeof probe->key);
	probe->parent = item->parent;
	text_copy(probe->name, sizeof probe->name, item->name, strlen(item->name));
}

/* Drops the rows before the item, then keeps its row or inserts one. */
static int list_step(struct tables *tables, struct table *table, const struct row *probe,
		     size_t *at, struct run *run)
{
	struct row *row;

	while (*at < table->row_count && (table->rows[*at]->parent == ROW_DROPPED ||
					  row_compare(table, table->rows[*at], probe) < 0)) {
		run_add(run, LIST_DROP);
		(*at)++;
	}
	if (*at < table->row_count && row_compare(table, table->rows[*at], probe) == 0) {
		run_add(run, LIST_KEEP);
		return table_keep(table, (*at)++) ? 0 : -ENOMEM;
	}
	run_add(run, LIST_NEW);
	row = table_insert(tables, table);
	if (row == NULL)
		return -ENOMEM;
	memcpy(row->key, probe->key, sizeof row->key);
	memcpy(row->name, probe->name, sizeof row->name);
	row->parent = probe->parent;
	return 0;
}

/* What tells a new row from the one above it. */
static void list_append_keys(const struct table *table, struct str *out)
{
	static const struct row first;
	const struct row *above = &first;
	size_t i;
	unsigned j;

	for (i = 0; i < table->next_count; i++) {
		const struct row *row = table->next[i];

		if (row->fresh && table->parent >= 0)
			varint_append(out, row->parent - above->parent);
		for (j = 0; row->fresh && j < table->key_count; j++)
			varint_append(out, varint_fold((int64_t)((uint64_t)row->key[j] -
								 (uint64_t)above->key[j])));
		if (row->fresh && table->named)
			schema_append_name(out, row->name, strlen(row->name));
		above = row;
	}
}

static int list_fill(struct tables *tables, struct table *table, struct object_walk walk,
		     struct run *run)
{
	struct row probe = { .parent = 0 }, last = { .parent = 0 };
	struct object_item item;
	bool first = true;
	size_t at = 0;

	while (object_walk_next(&walk, &item)) {
		int r;

		probe_from_item(&probe, &item);
		if (!first && row_compare(table, &last, &probe) >= 0)
			return -EINVAL;
		r = list_step(tables, table, &probe, &at, run);
		if (r < 0)
			return r;
		last = probe;
		first = false;
	}
	for (; at < table->row_count; at++)
		run_add(run, LIST_DROP);
	return 0;
}

static int list_append(struct tables *tables, enum object_kind kind,
		       const struct snapshot *snapshot, struct str *out)
{
	struct table *table = &tables->table[kind];
	struct run run = { .out = out, .step = LIST_KEEP };
	int r;

	if (!table_begin_list(tables, table))
		return -ENOMEM;
	r = list_fill(tables, table, object_walk_over(snapshot, kind), &run);
	if (r < 0) {
		table_cancel_list(tables, table);
		return r;
	}
	table->list_changed = run.written || run.step != LIST_KEEP;
	run_end(&run);
	list_append_keys(table, out);
	table_end_list(tables, table);
	return 0;
}

/* Texts that changed: how many rows on, which text, its length + 1 (0: none) and its bytes. */
static bool texts_append(const struct table *table, size_t at, const struct object_item *item,
			 size_t *last, struct str *out)
{
	struct row *row = table->rows[at];
	size_t i;

	for (i = 0; i < table->text_count; i++) {
		const char *text = item->view.text[i];
		size_t length = text != NULL ? strlen(text) : 0;

		if (text == row->text[i] ||
		    (text != NULL && row->text[i] != NULL && strcmp(text, row->text[i]) == 0))
			continue;
		varint_append(out, at - *last + 1);
		varint_append(out, i);
		*last = at;
		if (text == NULL) {
			varint_append(out, 0);
			free(row->text[i]);
			row->text[i] = NULL;
			continue;
		}
		if (!text_set(&row->text[i], text, length))
			return false;
		length = length < SNAPSHOT_TEXT_MAX ? length : SNAPSHOT_TEXT_MAX;
		varint_append(out, length + 1);
		str_append_bytes(out, text, length);
	}
	return true;
}

static void cell_load(struct column *column, struct cell *cell, int64_t value, uint8_t state)
{
	cell->next_state = state & 15;
	cell->growth = state == FIGURE_PRESENT ?
		       (int64_t)((uint64_t)value - (uint64_t)cell->value) : 0;
	column->changed |= cell->growth != 0 || cell->state != cell->next_state;
}

static void row_load(const struct table *table, struct row *row, const struct object_item *item)
{
	size_t extras = table->column_count - item->view.info->figure_count, i;

	for (i = 0; i < extras; i++)
		cell_load(&table->columns[i], &row->cell[i], item->extra[i], FIGURE_PRESENT);
	for (i = 0; i < item->view.info->figure_count; i++)
		cell_load(&table->columns[extras + i], &row->cell[extras + i],
			  item->view.value[i], item->view.state[i]);
}

/* Puts the snapshot's values beside the rows, and writes the texts that differ. */
static bool objects_load(struct table *table, struct object_walk walk, struct str *out)
{
	struct object_item item;
	size_t at, last = 0, i;

	for (i = 0; i < table->column_count; i++)
		table->columns[i].changed = false;
	for (at = 0; object_walk_next(&walk, &item); at++) {
		row_load(table, table->rows[at], &item);
		if (!texts_append(table, at, &item, &last, out))
			return false;
	}
	varint_append(out, 0);
	return true;
}

static void events_append(const struct snapshot *snapshot, struct str *out)
{
	uint64_t before = 0;
	size_t i;

	varint_append(out, snapshot->event_count);
	for (i = 0; i < snapshot->event_count; i++) {
		const struct event *event = &snapshot->events[i];

		varint_append(out, event->kind);
		varint_append(out, varint_fold((int64_t)(event->realtime_usec - before)));
		varint_append(out, varint_fold(event->identity.pid));
		varint_append(out, event->identity.start_ticks);
		varint_append(out, event->identity.ordinal);
		schema_append_name(out, event->name, strnlen(event->name, sizeof event->name - 1));
		schema_append_name(out, event->detail,
				   strnlen(event->detail, sizeof event->detail - 1));
		before = event->realtime_usec;
	}
}

static int frame_append_head(struct tables *tables, bool key, struct str *out)
{
	if (!key) {
		tables->frame++;
		str_append_char(out, SNAPSHOT_DELTA_MARK);
		varint_append(out, tables->frame);
		return 0;
	}
	str_append(out, SNAPSHOT_KEY_MARK);
	varint_append(out, SNAPSHOT_BYTES_VERSION);
	schema_append(tables, out);
	return tables_reset(tables);
}

static int frame_append(struct snapshot_encoder *encoder, const struct snapshot *snapshot,
			bool key, struct str *out)
{
	struct tables *tables = &encoder->tables;
	struct range_coder coder;
	unsigned kind;
	int r = frame_append_head(tables, key, out);

	for (kind = OBJECT_HOST + 1; kind < OBJECT_KIND_COUNT && r == 0; kind++)
		r = list_append(tables, (enum object_kind)kind, snapshot, out);
	if (r < 0)
		return r;
	for (kind = 0; kind < OBJECT_KIND_COUNT; kind++)
		if (!objects_load(&tables->table[kind],
				  object_walk_over(snapshot, (enum object_kind)kind), out))
			return -ENOMEM;
	events_append(snapshot, out);
	range_coder_write(&coder, out);
	if (!tables_code(tables, &coder))
		return -ENOMEM;
	range_coder_end(&coder);
	return out->failed ? -ENOMEM : 0;
}

int snapshot_encode(struct snapshot_encoder *encoder, const struct snapshot *snapshot, bool key,
		    struct str *out)
{
	size_t length = out->length;
	int r = frame_append(encoder, snapshot, key || encoder->broken, out);

	encoder->broken = r < 0;
	if (r < 0 && !out->failed && out->data != NULL) {
		out->length = length;
		out->data[length] = '\0';
	}
	return r;
}
