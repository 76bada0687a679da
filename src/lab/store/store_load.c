/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An experiment from its rows. Each table is read by one query and one function a row. */
#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/str.h"
#include "base/varint.h"
#include "base/vec.h"
#include "lab/store/store_read.h"
#include "lab/store/store_sql.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_BEFORE_RESET = 1000 };

struct texts {
	char **items;
	size_t count, capacity;
};

struct load {
	struct store *store;
	struct stored_experiment *experiment;
	struct texts *texts;
	size_t boot_capacity, run_capacity, rows;
	size_t at; /* the run whose members, intervals or samples come */
	bool out_of_memory;
	const char *wrong; /* what is not as documented; NULL: nothing yet */
};

/* -- columns ------------------------------------------------------------------------------------ */

static const char *keep(struct load *load, const char *text)
{
	struct texts *texts = load->texts;
	char *kept;

	if (text == NULL)
		return NULL;
	/* Names of states and figures come again and again. */
	if (texts->count > 0 && strcmp(texts->items[texts->count - 1], text) == 0)
		return texts->items[texts->count - 1];
	kept = strdup(text);
	if (kept == NULL || !VEC_RESERVE(texts->items, texts->capacity, texts->count + 1)) {
		free(kept);
		load->out_of_memory = true;
		return "";
	}
	texts->items[texts->count++] = kept;
	return kept;
}

static const char *text_or_null(struct load *load, sqlite3_stmt *row, int column)
{
	return keep(load, (const char *)sqlite3_column_text(row, column));
}

static const char *text(struct load *load, sqlite3_stmt *row, int column)
{
	const char *found = text_or_null(load, row, column);

	if (found == NULL)
		load->wrong = "a text is missing";
	return found != NULL ? found : "";
}

static int64_t number(struct load *load, sqlite3_stmt *row, int column)
{
	int64_t value = sqlite3_column_int64(row, column);

	if (value >= 0 && value < STORED_NUMBER_MOST)
		return value;
	load->wrong = "a number is negative or has no end";
	return 0;
}

static unsigned small(struct load *load, sqlite3_stmt *row, int column, unsigned below)
{
	int64_t value = number(load, row, column);

	if (value < below)
		return (unsigned)value;
	load->wrong = "a number is too large";
	return 0;
}

/* -- a query, and what is done with each of its rows --------------------------------------------- */

static int refuse(const struct load *load, struct error *err)
{
	return load->out_of_memory ?
		error_errno(err, -ENOMEM, "%s", load->store->path) :
		error_set(err, -EBADMSG, "%s: is damaged, or no file of experiments: %s",
			  load->store->path, load->wrong);
}

static int each_row(struct load *load, const char *query,
		    void (*take)(struct load *load, sqlite3_stmt *row), struct error *err)
{
	CLEANUP_STATEMENT sqlite3_stmt *statement = NULL;
	int r = store_prepare(load->store, query, &statement, err), result;
	unsigned taken = 0;

	if (r < 0)
		return r;
	store_bind(statement, "i", load->experiment->id);
	load->store->read_calls = 0;
	while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
		take(load, statement);
		if (load->wrong != NULL || load->out_of_memory)
			return refuse(load, err);
		/* Rows that come are no endless work: what is bounded is their number. */
		if (++taken % ROWS_BEFORE_RESET == 0)
			load->store->read_calls = 0;
	}
	return result == SQLITE_DONE ? 0 : store_failed(load->store, "cannot be read", err);
}

/* -- experiment, factors, cells ------------------------------------------------------------------- */

static void take_experiment(struct load *load, sqlite3_stmt *row)
{
	struct stored_experiment *experiment = load->experiment;

	experiment->name = text(load, row, 0);
	experiment->spec = text(load, row, 1);
	experiment->spec_hash = (uint64_t)sqlite3_column_int64(row, 2);
	experiment->quick = sqlite3_column_int(row, 3) != 0;
	experiment->seed = (uint64_t)sqlite3_column_int64(row, 4);
	experiment->version = text(load, row, 5);
	experiment->asks = text(load, row, 6);
	experiment->predicts = text_or_null(load, row, 7);
	experiment->platform = text(load, row, 8);
	experiment->scaled = text_or_null(load, row, 9);
	experiment->host = text(load, row, 10);
	experiment->started_usec = number(load, row, 11);
	experiment->ended_usec = number(load, row, 12);
	experiment->state = text(load, row, 13);
	experiment->why = text_or_null(load, row, 14);
}

static void take_factor(struct load *load, sqlite3_stmt *row)
{
	struct stored_experiment *experiment = load->experiment;

	if (experiment->factor_count == STORED_FACTORS_MOST ||
	    number(load, row, 0) != (int64_t)experiment->factor_count)
		load->wrong = "its factors are not numbered from 0 to 15";
	else
		experiment->factors[experiment->factor_count++] = text(load, row, 1);
}

static void take_values(struct load *load, struct stored_cell *cell, const char *json)
{
	json_t *object = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
	size_t i;

	if (!json_is_object(object))
		load->wrong = "a cell's factors are no JSON object";
	for (i = 0; i < load->experiment->factor_count; i++)
		cell->values[i] = keep(load, json_string_value(
			json_object_get(object, load->experiment->factors[i])));
	json_decref(object);
}

static void take_cell(struct load *load, sqlite3_stmt *row)
{
	struct stored_experiment *experiment = load->experiment;
	struct stored_cell *cell;

	if (experiment->cell_count == STORED_CELLS_MOST ||
	    number(load, row, 0) != (int64_t)experiment->cell_count) {
		load->wrong = "its cells are not numbered from 0 on";
		return;
	}
	cell = &experiment->cells[experiment->cell_count++];
	cell->label = text(load, row, 1);
	take_values(load, cell, text(load, row, 2));
	cell->is_baseline = sqlite3_column_int(row, 3) != 0;
	cell->is_aa = sqlite3_column_int(row, 4) != 0;
	cell->compared_with = small(load, row, 5, STORED_CELLS_MOST);
	cell->machine = small(load, row, 6, STORED_CELLS_MOST);
}

static int check_cells(struct load *load, struct error *err)
{
	const struct stored_experiment *experiment = load->experiment;
	size_t i;

	for (i = 0; i < experiment->cell_count; i++)
		if (experiment->cells[i].compared_with >= experiment->cell_count)
			load->wrong = "a cell is compared with one that is not there";
	if (experiment->cell_count == 0)
		load->wrong = "it has no cells";
	return load->wrong != NULL ? refuse(load, err) : 0;
}

/* -- boots and runs --------------------------------------------------------------------------------- */

static void take_boot(struct load *load, sqlite3_stmt *row)
{
	struct stored_experiment *experiment = load->experiment;

	if (experiment->boot_count == STORED_BOOTS_MOST) {
		load->wrong = "it has too many boots";
		return;
	}
	if (!VEC_RESERVE(experiment->boots, load->boot_capacity, experiment->boot_count + 1)) {
		load->out_of_memory = true;
		return;
	}
	experiment->boots[experiment->boot_count++] = (struct stored_boot){
		.id = sqlite3_column_int64(row, 0),
		.ordinal = small(load, row, 1, STORED_BOOTS_MOST),
		.attempt = small(load, row, 2, STORED_BOOTS_MOST),
		.setup = text(load, row, 3), .state = text(load, row, 4),
		.why = text_or_null(load, row, 5),
		.started_usec = number(load, row, 6), .ended_usec = number(load, row, 7),
	};
}

static size_t boot_of(struct load *load, int64_t id)
{
	size_t i = load->experiment->run_count > 0 ?
		load->experiment->runs[load->experiment->run_count - 1].boot : 0;

	for (; i < load->experiment->boot_count; i++)
		if (load->experiment->boots[i].id == id)
			return i;
	load->wrong = "a run is of no boot";
	return 0;
}

static void take_run(struct load *load, sqlite3_stmt *row)
{
	struct stored_experiment *experiment = load->experiment;
	struct stored_run *stored;

	if (experiment->run_count == STORED_RUNS_MOST) {
		load->wrong = "it has too many runs";
		return;
	}
	if (!VEC_RESERVE(experiment->runs, load->run_capacity, experiment->run_count + 1)) {
		load->out_of_memory = true;
		return;
	}
	stored = &experiment->runs[experiment->run_count];
	*stored = (struct stored_run){ .id = sqlite3_column_int64(row, 0),
				       .boot = boot_of(load, sqlite3_column_int64(row, 1)) };
	stored->run.cell = small(load, row, 2, (unsigned)experiment->cell_count);
	stored->run.ordinal = small(load, row, 3, STORED_RUNS_MOST);
	stored->run.started_nsec = number(load, row, 4);
	stored->run.started_usec = number(load, row, 5);
	stored->run.warmup_nsec = (uint64_t)number(load, row, 6);
	stored->run.duration_nsec = (uint64_t)number(load, row, 7);
	stored->run.state = text(load, row, 8);
	stored->run.why = text_or_null(load, row, 9);
	experiment->run_count++;
}

/* -- what is below a run ------------------------------------------------------------------------------ */

/* Rows come in the runs' order: the run of this id is this one or a later one. */
static struct store_run *run_of(struct load *load, int64_t id)
{
	while (load->at < load->experiment->run_count && load->experiment->runs[load->at].id != id)
		load->at++;
	if (load->at < load->experiment->run_count)
		return &load->experiment->runs[load->at].run;
	load->wrong = "a row is of no run";
	return NULL;
}

static int role_of(struct load *load, const char *name)
{
	int i;

	for (i = 0; i < STORE_ROLES; i++)
		if (name != NULL && strcmp(store_role_names[i], name) == 0)
			return i;
	load->wrong = "a VM has an unknown role";
	return 0;
}

static void take_member(struct load *load, sqlite3_stmt *row)
{
	struct store_run *run = run_of(load, sqlite3_column_int64(row, 0));
	const char *results = (const char *)sqlite3_column_text(row, 5);
	struct store_member member = {
		.vm = small(load, row, 1, STORED_VMS_MOST),
		.role = role_of(load, (const char *)sqlite3_column_text(row, 2)),
		.workload = text_or_null(load, row, 3), .unit = text_or_null(load, row, 4),
	};

	if (run == NULL)
		return;
	member.results = results != NULL ? strdup(results) : NULL;
	if ((results == NULL || member.results != NULL) && store_run_add_member(run, &member))
		return;
	free(member.results);
	load->out_of_memory = true;
}

/* Pairs of varints: how far from the last bucket, and how often. */
static size_t take_buckets(struct load *load, sqlite3_stmt *row, struct store_bucket *ret)
{
	const char *bytes = sqlite3_column_blob(row, 9);
	struct cursor at = cursor_over(bytes != NULL ? bytes : "",
				       (size_t)sqlite3_column_bytes(row, 9));
	uint64_t step, added, last = 0;
	size_t count = 0;

	while (!cursor_at_end(&at)) {
		if (!varint_take(&at, &step) || !varint_take(&at, &added) ||
		    step >= HISTOGRAM_BUCKETS || (count > 0 && step == 0) ||
		    last + step >= HISTOGRAM_BUCKETS || added > UINT32_MAX) {
			load->wrong = "a histogram is none";
			return 0;
		}
		last += step;
		ret[count++] = (struct store_bucket){ (uint16_t)last, (uint32_t)added };
	}
	return count;
}

static void take_interval(struct load *load, sqlite3_stmt *row)
{
	struct store_bucket buckets[HISTOGRAM_BUCKETS];
	struct store_run *run = run_of(load, sqlite3_column_int64(row, 0));
	struct store_interval interval = {
		.vm = small(load, row, 1, STORED_VMS_MOST),
		.at_nsec = sqlite3_column_int64(row, 2),
		.length_nsec = (uint64_t)number(load, row, 3),
		.uncertainty_nsec = (uint64_t)number(load, row, 4),
		.operations = (uint64_t)number(load, row, 5), .bytes = (uint64_t)number(load, row, 6),
		.errors = (uint64_t)number(load, row, 7), .lost = (uint64_t)number(load, row, 8),
	};

	if (interval.at_nsec <= -STORED_NUMBER_MOST || interval.at_nsec >= STORED_NUMBER_MOST ||
	    interval.length_nsec == 0)
		load->wrong = "an interval has no time";
	if (++load->rows > STORED_ROWS_MOST)
		load->wrong = "it has too many intervals or samples";
	if (run != NULL && load->wrong == NULL &&
	    !store_run_add_interval(run, &interval, buckets, take_buckets(load, row, buckets)))
		load->out_of_memory = true;
}

static void take_sample(struct load *load, sqlite3_stmt *row)
{
	struct store_run *run = run_of(load, sqlite3_column_int64(row, 0));
	struct store_sample sample = {
		.figure = text(load, row, 2), .at_nsec = sqlite3_column_int64(row, 3),
		.value = sqlite3_column_int64(row, 4),
	};
	const char *source = (const char *)sqlite3_column_text(row, 1);

	if (sample.at_nsec <= -STORED_NUMBER_MOST || sample.at_nsec >= STORED_NUMBER_MOST)
		load->wrong = "a sample has no time";
	if (source == NULL || strlen(source) >= sizeof sample.source)
		load->wrong = "a sample has no source";
	if (++load->rows > STORED_ROWS_MOST)
		load->wrong = "it has too many intervals or samples";
	if (run == NULL || load->wrong != NULL)
		return;
	strcpy(sample.source, source);
	if (!store_run_add_sample(run, &sample))
		load->out_of_memory = true;
}

/* -- all of it ------------------------------------------------------------------------------------------ */

static int read_below_runs(struct load *load, const char *query,
			   void (*take)(struct load *load, sqlite3_stmt *row), struct error *err)
{
	load->at = 0;
	load->rows = 0;
	return each_row(load, query, take, err);
}

static int read_runs(struct load *load, struct error *err)
{
	int r = each_row(load, "select r.id, r.boot, c.ordinal, r.ordinal, r.started_nsec, "
			 "r.started_usec, r.warmup_nsec, r.duration_nsec, r.state, r.why from boot b "
			 "join run r on r.boot = b.id join cell c on c.id = r.cell and "
			 "c.experiment = b.experiment where b.experiment = ? "
			 "order by b.ordinal, b.attempt, b.id, r.ordinal, r.id", take_run, err);

	if (r == 0)
		r = read_below_runs(load, "select x.run, x.vm, x.role, x.workload, x.unit, x.results "
				    "from boot b join run r on r.boot = b.id join member x on x.run = r.id "
				    "where b.experiment = ? order by b.ordinal, b.attempt, b.id, r.ordinal, "
				    "r.id, x.vm", take_member, err);
	if (r == 0)
		r = read_below_runs(load, "select x.run, x.vm, x.at_nsec, x.length_nsec, "
				    "x.uncertainty_nsec, x.operations, x.bytes, x.errors, x.lost, x.latency "
				    "from boot b join run r on r.boot = b.id join interval x on x.run = r.id "
				    "where b.experiment = ? order by b.ordinal, b.attempt, b.id, r.ordinal, "
				    "r.id, x.vm, x.at_nsec", take_interval, err);
	if (r == 0)
		r = read_below_runs(load, "select x.run, x.source, x.figure, x.at_nsec, x.value "
				    "from boot b join run r on r.boot = b.id join sample x on x.run = r.id "
				    "where b.experiment = ? order by b.ordinal, b.attempt, b.id, r.ordinal, "
				    "r.id, x.source, x.figure, x.at_nsec", take_sample, err);
	return r;
}

static int read_all(struct load *load, struct error *err)
{
	struct stored_experiment *experiment = load->experiment;
	int r = each_row(load, "select name, spec, spec_hash, quick, seed, version, asks, predicts, "
			 "platform, scaled, host, started_usec, ended_usec, state, why "
			 "from experiment where id = ?", take_experiment, err);

	if (r == 0)
		r = each_row(load, "select ordinal, path from factor where experiment = ? "
			     "order by ordinal", take_factor, err);
	experiment->cells = calloc(STORED_CELLS_MOST, sizeof *experiment->cells);
	if (experiment->cells == NULL)
		load->out_of_memory = true;
	if (r == 0 && load->out_of_memory)
		return refuse(load, err);
	if (r == 0)
		r = each_row(load, "select ordinal, label, factors, is_baseline, is_aa, compared_with, "
			     "machine from cell where experiment = ? order by ordinal", take_cell, err);
	if (r == 0)
		r = check_cells(load, err);
	if (r == 0)
		r = each_row(load, "select id, ordinal, attempt, setup, state, why, started_usec, "
			     "ended_usec from boot where experiment = ? order by ordinal, attempt, id",
			     take_boot, err);
	return r == 0 ? read_runs(load, err) : r;
}

static void append_ids(struct store *store, struct str *out)
{
	CLEANUP_STATEMENT sqlite3_stmt *statement = NULL;

	if (store_prepare(store, "select id from experiment order by id desc limit 20", &statement,
			  NULL) < 0)
		return;
	while (sqlite3_step(statement) == SQLITE_ROW)
		str_appendf(out, "%s%lld", out->length > 0 ? ", " : "",
			    (long long)sqlite3_column_int64(statement, 0));
}

static int absent(struct store *store, int64_t id, struct error *err)
{
	struct str ids;
	int r;

	str_init(&ids);
	append_ids(store, &ids);
	if (ids.length == 0)
		r = error_set(err, -ENOENT, "%s: has no experiment yet", store->path);
	else
		r = error_set(err, -ENOENT, "%s: has no experiment %lld, but %.200s", store->path,
			      (long long)id, ids.data);
	str_done(&ids);
	return r;
}

static int find(struct store *store, int64_t *id, struct error *err)
{
	CLEANUP_STATEMENT sqlite3_stmt *statement = NULL;
	int64_t asked = *id;
	int r = store_prepare(store, asked == 0 ?
			      "select id from experiment where id <> ? order by id desc limit 1" :
			      "select id from experiment where id = ?", &statement, err);

	if (r < 0)
		return r;
	store_bind(statement, "i", asked);
	r = store_get_int(store, statement, id, err);
	return r == -ENOENT ? absent(store, asked, err) : r;
}

int store_read(struct store *store, int64_t id, struct stored_experiment **ret, struct error *err)
{
	struct load load = { .store = store, .experiment = calloc(1, sizeof *load.experiment),
			     .texts = calloc(1, sizeof *load.texts) };
	int r = 0;

	if (load.experiment == NULL || load.texts == NULL) {
		free(load.experiment);
		free(load.texts);
		return error_errno(err, -ENOMEM, "%s", store->path);
	}
	load.experiment->texts = load.texts;
	/* One moment of a file that may be growing. */
	r = store_execute(store, "begin", err);
	if (r == 0)
		r = find(store, &id, err);
	load.experiment->id = id;
	if (r == 0)
		r = read_all(&load, err);
	sqlite3_exec(store->db, "rollback", NULL, NULL, NULL);
	if (r < 0) {
		stored_experiment_free(load.experiment);
		return r;
	}
	*ret = load.experiment;
	return 0;
}

static void texts_free(struct texts *texts)
{
	size_t i;

	if (texts == NULL)
		return;
	for (i = 0; i < texts->count; i++)
		free(texts->items[i]);
	free(texts->items);
	free(texts);
}

void stored_experiment_free(struct stored_experiment *experiment)
{
	size_t i;

	if (experiment == NULL)
		return;
	for (i = 0; i < experiment->run_count; i++)
		store_run_done(&experiment->runs[i].run);
	free(experiment->runs);
	free(experiment->boots);
	free(experiment->cells);
	texts_free(experiment->texts);
	free(experiment);
}
