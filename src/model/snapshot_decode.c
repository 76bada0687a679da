/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/snapshot_bytes.h"

#include "base/error.h"
#include "base/varint.h"
#include "model/snapshot.h"
#include "model/snapshot_cells.h"
#include "model/snapshot_fill.h"
#include "model/snapshot_schema.h"

#include <errno.h>
#include <stdlib.h>

/* Bytes of text that one stream may make a reader hold. */
#define TEXTS_LARGEST ((size_t)64 << 20)

struct snapshot_decoder {
	struct tables tables;
	struct snapshot snapshot;
	size_t text_bytes;
	bool broken; /* only a key frame is taken */
};

struct snapshot_decoder *snapshot_decoder_new(void)
{
	struct snapshot_decoder *decoder = calloc(1, sizeof *decoder);

	if (decoder == NULL)
		return NULL;
	decoder->broken = true;
	snapshot_init(&decoder->snapshot);
	tables_init(&decoder->tables);
	return decoder;
}

void snapshot_decoder_free(struct snapshot_decoder *decoder)
{
	if (decoder == NULL)
		return;
	tables_done(&decoder->tables);
	snapshot_done(&decoder->snapshot);
	free(decoder);
}

bool snapshot_bytes_is_key(const char *bytes, size_t size)
{
	size_t mark = strlen(SNAPSHOT_KEY_MARK);

	return size >= mark && memcmp(bytes, SNAPSHOT_KEY_MARK, mark) == 0;
}

/* Lists. All of these are false where the bytes are wrong. */
static bool list_take_key(const struct table *table, const struct row *above, struct row *row,
			  struct cursor *bytes)
{
	uint64_t number;
	unsigned i;

	if (table->parent >= 0) {
		if (!varint_take(bytes, &number) || number > UINT32_MAX - above->parent)
			return false;
		row->parent = above->parent + (uint32_t)number;
	}
	for (i = 0; i < table->key_count; i++) {
		if (!varint_take(bytes, &number))
			return false;
		row->key[i] = (int64_t)((uint64_t)above->key[i] +
					(uint64_t)varint_unfold(number));
	}
	return !table->named || schema_take_name(bytes, row->name, sizeof row->name);
}

/* Takes the keys of the new rows; the whole list must then be sorted below known parents. */
static bool list_take_keys(const struct tables *tables, struct table *table, struct cursor *bytes)
{
	static const struct row first;
	const struct row *above = &first;
	size_t parents = table->parent >= 0 ? tables->table[table->parent].row_count : 1;
	size_t i;

	for (i = 0; i < table->next_count; i++) {
		struct row *row = table->next[i];

		if (row->fresh && !list_take_key(table, above, row, bytes))
			return false;
		if (row->parent >= parents || (i > 0 && row_compare(table, above, row) >= 0))
			return false;
		above = row;
	}
	return true;
}

static bool list_keep(struct table *table, size_t *at, uint64_t count)
{
	if (count > table->row_count - *at)
		return false;
	while (count-- > 0)
		if (!table_keep(table, (*at)++))
			return false;
	return true;
}

static bool list_insert(struct tables *tables, struct table *table, const struct cursor *bytes,
			uint64_t count)
{
	if (count > cursor_left(bytes))
		return false;
	while (count-- > 0)
		if (table_insert(tables, table) == NULL)
			return false;
	return true;
}

static bool list_take_runs(struct tables *tables, struct table *table, struct cursor *bytes)
{
	size_t at = 0;
	uint64_t run;

	if (!varint_take(bytes, &run))
		return false;
	table->list_changed = run != LIST_END;
	if (run == LIST_END)
		return list_keep(table, &at, table->row_count);
	while (run != LIST_END) {
		uint64_t count = run >> 2;
		bool good = false;

		if ((run & 3) == LIST_KEEP) {
			good = list_keep(table, &at, count);
		} else if ((run & 3) == LIST_DROP) {
			good = count <= table->row_count - at;
			at += good ? count : 0;
		} else if ((run & 3) == LIST_NEW) {
			good = list_insert(tables, table, bytes, count);
		}
		if (!good || !varint_take(bytes, &run))
			return false;
	}
	return at == table->row_count;
}

static void row_count_texts(const struct table *table, const struct row *row, size_t *bytes)
{
	size_t i;

	for (i = 0; i < table->text_count; i++)
		*bytes -= row->text[i] != NULL ? strlen(row->text[i]) + 1 : 0;
}

static bool list_take(struct snapshot_decoder *decoder, struct table *table, struct cursor *bytes)
{
	size_t i;

	if (!table_begin_list(&decoder->tables, table))
		return false;
	if (!list_take_runs(&decoder->tables, table, bytes) ||
	    !list_take_keys(&decoder->tables, table, bytes)) {
		table_cancel_list(&decoder->tables, table);
		return false;
	}
	for (i = 0; i < table->row_count; i++)
		if (table->moved[i] == ROW_DROPPED)
			row_count_texts(table, table->rows[i], &decoder->text_bytes);
	table_end_list(&decoder->tables, table);
	return true;
}

static bool text_take(struct snapshot_decoder *decoder, char **text, struct cursor *bytes)
{
	size_t before = *text != NULL ? strlen(*text) + 1 : 0;
	uint64_t length;
	bool good;

	if (!varint_take(bytes, &length) || length > SNAPSHOT_TEXT_MAX + 1)
		return false;
	if (length == 0) {
		free(*text);
		*text = NULL;
		decoder->text_bytes -= before;
		return true;
	}
	if (length - 1 > cursor_left(bytes) || memchr(bytes->at, '\0', length - 1) != NULL ||
	    decoder->text_bytes + length > TEXTS_LARGEST)
		return false;
	good = text_set(text, bytes->at, length - 1);
	decoder->text_bytes += good ? length - before : 0;
	bytes->at += length - 1;
	return good;
}

static bool texts_take(struct snapshot_decoder *decoder, struct table *table,
		       struct cursor *bytes)
{
	uint64_t skip, text;
	size_t at = 0;

	for (;;) {
		if (!varint_take(bytes, &skip))
			return false;
		if (skip == 0)
			return true;
		if (skip - 1 >= table->row_count - at || !varint_take(bytes, &text) ||
		    text >= table->text_count)
			return false;
		at += skip - 1;
		if (!text_take(decoder, &table->rows[at]->text[text], bytes))
			return false;
		table->texts_changed = true;
	}
}

static bool event_take(struct event *event, uint64_t *realtime, struct cursor *bytes)
{
	uint64_t kind, time, pid, ticks, ordinal;

	memset(event, 0, sizeof *event);
	if (!varint_take(bytes, &kind) || !varint_take(bytes, &time) ||
	    !varint_take(bytes, &pid) || !varint_take(bytes, &ticks) ||
	    !varint_take(bytes, &ordinal) ||
	    !schema_take_name(bytes, event->name, sizeof event->name) ||
	    !schema_take_name(bytes, event->detail, sizeof event->detail))
		return false;
	*realtime += (uint64_t)varint_unfold(time);
	event->kind = kind < EVENT_KIND_COUNT ? (enum event_kind)kind : EVENT_KIND_COUNT;
	event->realtime_usec = *realtime;
	event->identity.pid = (pid_t)varint_unfold(pid);
	event->identity.start_ticks = ticks;
	event->identity.ordinal = (uint32_t)ordinal;
	return true;
}

/* Events of kinds that this program does not know are left out. */
static bool events_take(struct snapshot *snapshot, struct cursor *bytes)
{
	uint64_t count, realtime = 0;

	snapshot->event_count = 0;
	if (!varint_take(bytes, &count) || count > cursor_left(bytes))
		return false;
	while (count-- > 0) {
		struct event *event = snapshot_add_event(snapshot, EVENT_LOST);

		if (event == NULL || !event_take(event, &realtime, bytes))
			return false;
		if (event->kind == EVENT_KIND_COUNT)
			snapshot->event_count--;
	}
	return true;
}

/* A stream begins: other tables, an empty snapshot. */
static int key_take(struct snapshot_decoder *decoder, struct cursor *bytes, struct error *err)
{
	uint64_t version;
	int r;

	bytes->at += strlen(SNAPSHOT_KEY_MARK);
	if (!varint_take(bytes, &version))
		return error_set(err, -EBADMSG, "a damaged frame: it has no version");
	if (version != SNAPSHOT_BYTES_VERSION)
		return error_set(err, -EPROTONOSUPPORT,
				 "snapshots of version %llu; this Truce reads version %d: use the "
				 "Truce that wrote them, or a newer one",
				 (unsigned long long)version, SNAPSHOT_BYTES_VERSION);
	tables_done(&decoder->tables);
	snapshot_done(&decoder->snapshot);
	decoder->text_bytes = 0;
	r = schema_take(&decoder->tables, bytes, err);
	if (r < 0)
		return r;
	if (tables_reset(&decoder->tables) < 0)
		return error_errno(err, -ENOMEM, "cannot read a frame");
	return 0;
}

static int head_take(struct snapshot_decoder *decoder, struct cursor *bytes, struct error *err)
{
	uint64_t number;

	if (snapshot_bytes_is_key(bytes->at, cursor_left(bytes)))
		return key_take(decoder, bytes, err);
	if (cursor_at_end(bytes) || *bytes->at != SNAPSHOT_DELTA_MARK)
		return error_set(err, -EBADMSG, "these bytes are no frame of a snapshot");
	bytes->at++;
	if (decoder->broken)
		return error_set(err, -EBADMSG, "this frame needs the one before it, which is missing");
	if (!varint_take(bytes, &number) || number != decoder->tables.frame + 1)
		return error_set(err, -EBADMSG, "a frame is missing before this one");
	decoder->tables.frame = number;
	return 0;
}

static bool body_take(struct snapshot_decoder *decoder, struct cursor *bytes)
{
	struct tables *tables = &decoder->tables;
	struct range_coder coder;
	size_t i;

	for (i = 1; i < tables->count; i++)
		if (!list_take(decoder, &tables->table[i], bytes))
			return false;
	for (i = 0; i < tables->count; i++) {
		tables->table[i].texts_changed = false;
		if (!texts_take(decoder, &tables->table[i], bytes))
			return false;
	}
	if (!events_take(&decoder->snapshot, bytes))
		return false;
	range_coder_read(&coder, bytes->at, cursor_left(bytes));
	return tables_code(tables, &coder) && range_coder_end(&coder) &&
	       snapshot_fill(&decoder->snapshot, tables);
}

int snapshot_decode(struct snapshot_decoder *decoder, const char *bytes, size_t size,
		    const struct snapshot **ret, struct error *err)
{
	struct cursor cursor = cursor_over(bytes, size);
	int r = head_take(decoder, &cursor, err);

	if (r == 0 && !body_take(decoder, &cursor))
		r = error_set(err, -EBADMSG, "a damaged frame of a snapshot");
	decoder->broken = r < 0;
	if (r == 0)
		*ret = &decoder->snapshot;
	return r;
}
