/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/store/store.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "base/varint.h"
#include "lab/spec/spec.h"
#include "lab/store/store_sql.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { BUSY_MSEC = 5000 };

/* -- opening ------------------------------------------------------------------------------------ */

static int make_tables(struct store *store, struct error *err)
{
	char version[64];
	int r = store_execute(store, "begin immediate", err);

	snprintf(version, sizeof version, "pragma user_version = %d; pragma application_id = %d",
		 STORE_VERSION, 0x54727563);
	if (r == 0)
		r = store_execute(store, store_schema, err);
	if (r == 0)
		r = store_execute(store, version, err);
	return r == 0 ? store_execute(store, "commit", err) : r;
}

/* A file that is empty is ours to fill; another program's database is not. */
static int check_empty(struct store *store, struct error *err)
{
	CLEANUP_STATEMENT sqlite3_stmt *statement = NULL;
	int64_t count = 0;
	int r = store_prepare(store, "select count(*) from sqlite_schema", &statement, err);

	if (r == 0)
		r = store_get_int(store, statement, &count, err);
	if (r == 0 && count > 0)
		r = error_set(err, -EBADMSG, "%s: is a database of something else, and stays as it is: give "
			      "the experiment another name", store->path);
	return r;
}

static int check_version(struct store *store, struct error *err)
{
	CLEANUP_STATEMENT sqlite3_stmt *statement = NULL;
	int64_t version = 0;
	int r = store_prepare(store, "pragma user_version", &statement, err);

	if (r == 0)
		r = store_get_int(store, statement, &version, err);
	if (r < 0)
		return r;
	if (version == 0) {
		r = check_empty(store, err);
		return r == 0 ? make_tables(store, err) : r;
	}
	if (version != STORE_VERSION)
		return error_set(err, -EPROTO, "%s: is of version %lld of experiments' files, this "
				 "program writes %d", store->path, (long long)version, STORE_VERSION);
	return 0;
}

int store_open(const char *path, struct store **ret, struct error *err)
{
	struct store *store = calloc(1, sizeof *store);
	int r = 0;

	if (store == NULL || (store->path = strdup(path)) == NULL) {
		free(store);
		return error_errno(err, -ENOMEM, "%s", path);
	}
	if (sqlite3_open_v2(path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) !=
	    SQLITE_OK)
		r = store_failed(store, "cannot be opened", err);
	if (r == 0) {
		sqlite3_busy_timeout(store->db, BUSY_MSEC);
		r = store_execute(store, "pragma foreign_keys = on; pragma synchronous = normal", err);
	}
	if (r == 0)
		r = check_version(store, err);
	if (r < 0) {
		store_close(store);
		return r;
	}
	*ret = store;
	return 0;
}

void store_close(struct store *store)
{
	if (store == NULL)
		return;
	sqlite3_close(store->db);
	free(store->path);
	free(store);
}

/* -- experiments --------------------------------------------------------------------------------- */

/* FNV-1a, of 64 bits. */
uint64_t store_spec_hash(const struct spec *spec, bool quick)
{
	uint64_t hash = 0xcbf29ce484222325u;
	size_t i;

	for (i = 0; i < spec->size; i++)
		hash = (hash ^ (unsigned char)spec->bytes[i]) * 0x100000001b3u;
	return (hash ^ quick) * 0x100000001b3u;
}

static char *factors_json(const struct spec *spec, const struct spec_cell *cell)
{
	json_t *object = json_object();
	char *text;
	size_t i;

	for (i = 0; i < spec->factor_count; i++)
		json_object_set_new(object, spec->factors[i].path,
				    json_string(spec->factors[i].values[cell->values[i]]));
	text = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	return text;
}

static int add_cells(struct store *store, const struct spec *spec, int64_t id, struct error *err)
{
	CLEANUP_STATEMENT sqlite3_stmt *statement = NULL;
	int r = store_prepare(store, "insert into cell (experiment, ordinal, label, factors, "
			      "is_baseline, is_aa, compared_with, machine) values (?, ?, ?, ?, ?, ?, ?, ?)",
			      &statement, err);
	size_t i;

	for (i = 0; r == 0 && i < spec->cell_count; i++) {
		const struct spec_cell *cell = &spec->cells[i];
		CLEANUP_FREE char *factors = factors_json(spec, cell);

		store_bind(statement, "iittiiii", id, (int64_t)i, cell->label, factors,
			   (int64_t)cell->is_baseline, (int64_t)cell->is_aa,
			   (int64_t)cell->compared_with, (int64_t)cell->machine);
		r = store_step(store, statement, err);
	}
	return r;
}

static int add_factors(struct store *store, const struct spec *spec, int64_t id, struct error *err)
{
	CLEANUP_STATEMENT sqlite3_stmt *statement = NULL;
	int r = store_prepare(store, "insert into factor values (?, ?, ?, ?)", &statement, err);
	size_t i;

	for (i = 0; r == 0 && i < spec->factor_count; i++) {
		store_bind(statement, "iiti", id, (int64_t)i, spec->factors[i].path,
			   (int64_t)spec->factors[i].needs_boot);
		r = store_step(store, statement, err);
	}
	return r;
}

static int add_experiment(struct store *store, const struct store_experiment *experiment,
			  int64_t *ret_id, struct error *err)
{
	const struct spec *spec = experiment->spec;
	CLEANUP_STATEMENT sqlite3_stmt *statement = NULL;
	int r = store_prepare(store, "insert into experiment (name, spec, spec_hash, quick, seed, "
			      "version, asks, predicts, platform, scaled, host, started_usec, state) "
			      "values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'running')", &statement, err);

	if (r < 0)
		return r;
	store_bind(statement, "ttiiitttttti", spec->name, spec->bytes,
		   (int64_t)store_spec_hash(spec, experiment->quick), (int64_t)experiment->quick,
		   (int64_t)experiment->seed, experiment->version, spec->asks, spec->predicts,
		   experiment->platform, experiment->scaled, experiment->host,
		   (int64_t)clock_realtime_usec());
	r = store_step(store, statement, err);
	*ret_id = sqlite3_last_insert_rowid(store->db);
	if (r == 0)
		r = add_factors(store, spec, *ret_id, err);
	return r == 0 ? add_cells(store, spec, *ret_id, err) : r;
}

/* All or nothing. */
static int end_transaction(struct store *store, int r, struct error *err)
{
	if (r == 0)
		r = store_execute(store, "commit", err);
	if (r < 0)
		sqlite3_exec(store->db, "rollback", NULL, NULL, NULL);
	return r;
}

int store_add_experiment(struct store *store, const struct store_experiment *experiment,
			 int64_t *ret_id, struct error *err)
{
	int64_t id = 0;
	int r = store_execute(store, "begin immediate", err);

	if (r < 0)
		return r;
	r = end_transaction(store, add_experiment(store, experiment, &id, err), err);
	if (r == 0)
		*ret_id = id;
	return r;
}

int store_find_unfinished(struct store *store, uint64_t spec_hash, int64_t *ret_id,
			  uint64_t *ret_seed, struct error *err)
{
	CLEANUP_STATEMENT sqlite3_stmt *statement = NULL;
	int r = store_prepare(store, "select id, seed from experiment where spec_hash = ? and "
			      "state <> 'finished' order by id desc limit 1", &statement, err), result;

	if (r < 0)
		return r;
	store_bind(statement, "i", (int64_t)spec_hash);
	result = sqlite3_step(statement);
	if (result == SQLITE_DONE)
		return -ENOENT;
	if (result != SQLITE_ROW)
		return store_failed(store, "cannot be read", err);
	*ret_id = sqlite3_column_int64(statement, 0);
	*ret_seed = (uint64_t)sqlite3_column_int64(statement, 1);
	return 0;
}

int store_end_experiment(struct store *store, int64_t id, const char *state, const char *why,
			 struct error *err)
{
	CLEANUP_STATEMENT sqlite3_stmt *statement = NULL;
	int r = store_prepare(store, "update experiment set state = ?, why = ?, ended_usec = ? "
			      "where id = ?", &statement, err);

	if (r < 0)
		return r;
	store_bind(statement, "ttii", state, why, (int64_t)clock_realtime_usec(), id);
	return store_step(store, statement, err);
}

/* -- boots --------------------------------------------------------------------------------------- */

int store_boot_state(struct store *store, int64_t experiment, unsigned ordinal, bool *ret_done,
		     unsigned *ret_attempts, struct error *err)
{
	CLEANUP_STATEMENT sqlite3_stmt *statement = NULL;
	int r = store_prepare(store, "select count(*), sum(state = 'done') from boot "
			      "where experiment = ? and ordinal = ?", &statement, err);

	if (r < 0)
		return r;
	store_bind(statement, "ii", experiment, (int64_t)ordinal);
	if (sqlite3_step(statement) != SQLITE_ROW)
		return store_failed(store, "cannot be read", err);
	*ret_attempts = (unsigned)sqlite3_column_int(statement, 0);
	*ret_done = sqlite3_column_int(statement, 1) > 0;
	return 0;
}

int store_add_boot(struct store *store, int64_t experiment, unsigned ordinal, unsigned attempt,
		   const char *setup, int64_t *ret_id, struct error *err)
{
	CLEANUP_STATEMENT sqlite3_stmt *statement = NULL;
	int r = store_prepare(store, "insert into boot (experiment, ordinal, attempt, setup, "
			      "started_usec, state) values (?, ?, ?, ?, ?, 'running')", &statement, err);

	if (r < 0)
		return r;
	store_bind(statement, "iiiti", experiment, (int64_t)ordinal, (int64_t)attempt, setup,
		   (int64_t)clock_realtime_usec());
	r = store_step(store, statement, err);
	*ret_id = sqlite3_last_insert_rowid(store->db);
	return r;
}

int store_end_boot(struct store *store, int64_t id, const char *state, const char *why,
		   struct error *err)
{
	CLEANUP_STATEMENT sqlite3_stmt *statement = NULL;
	int r = store_prepare(store, "update boot set state = ?, why = ?, ended_usec = ? where id = ?",
			      &statement, err);

	if (r < 0)
		return r;
	store_bind(statement, "ttii", state, why, (int64_t)clock_realtime_usec(), id);
	return store_step(store, statement, err);
}

/* -- runs ---------------------------------------------------------------------------------------- */

static int add_members(struct store *store, const struct store_run *run, int64_t id,
		       struct error *err)
{
	CLEANUP_STATEMENT sqlite3_stmt *statement = NULL;
	int r = store_prepare(store, "insert into member values (?, ?, ?, ?, ?, ?)", &statement, err);
	size_t i;

	for (i = 0; r == 0 && i < run->member_count; i++) {
		const struct store_member *member = &run->members[i];

		store_bind(statement, "iitttt", id, (int64_t)member->vm, store_role_names[member->role],
			   member->workload, member->unit, member->results);
		r = store_step(store, statement, err);
	}
	return r;
}

/* Pairs of varints: how far from the last bucket, and how often. */
static void append_latency(struct str *blob, const struct store_bucket *buckets, size_t count)
{
	unsigned last = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		varint_append(blob, buckets[i].index - last);
		varint_append(blob, buckets[i].added);
		last = buckets[i].index;
	}
}

static int add_intervals(struct store *store, const struct store_run *run, int64_t id,
			 struct error *err)
{
	CLEANUP_STATEMENT sqlite3_stmt *statement = NULL;
	struct str blob;
	int r = store_prepare(store, "insert into interval values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			      &statement, err);
	size_t i;

	str_init(&blob);
	for (i = 0; r == 0 && i < run->interval_count; i++) {
		const struct store_interval *interval = &run->intervals[i];

		store_bind(statement, "iiiiiiiii", id, (int64_t)interval->vm, interval->at_nsec,
			   (int64_t)interval->length_nsec, (int64_t)interval->uncertainty_nsec,
			   (int64_t)interval->operations, (int64_t)interval->bytes,
			   (int64_t)interval->errors, (int64_t)interval->lost);
		str_clear(&blob);
		append_latency(&blob, run->buckets + interval->first_bucket, interval->bucket_count);
		if (blob.length > 0)
			sqlite3_bind_blob(statement, 10, blob.data, (int)blob.length, SQLITE_TRANSIENT);
		else
			sqlite3_bind_null(statement, 10);
		r = blob.failed ? error_errno(err, -ENOMEM, "%s", store->path) :
				  store_step(store, statement, err);
	}
	str_done(&blob);
	return r;
}

static int add_samples(struct store *store, const struct store_run *run, int64_t id,
		       struct error *err)
{
	CLEANUP_STATEMENT sqlite3_stmt *statement = NULL;
	int r = store_prepare(store, "insert or replace into sample values (?, ?, ?, ?, ?)", &statement,
			      err);
	size_t i;

	for (i = 0; r == 0 && i < run->sample_count; i++) {
		const struct store_sample *sample = &run->samples[i];

		store_bind(statement, "ittii", id, sample->source, sample->figure, sample->at_nsec,
			   sample->value);
		r = store_step(store, statement, err);
	}
	return r;
}

static int add_run(struct store *store, int64_t experiment, int64_t boot,
		   const struct store_run *run, struct error *err)
{
	CLEANUP_STATEMENT sqlite3_stmt *statement = NULL;
	int64_t id;
	int r = store_prepare(store, "insert into run (boot, cell, ordinal, started_nsec, started_usec, "
			      "warmup_nsec, duration_nsec, state, why) select ?, id, ?, ?, ?, ?, ?, ?, ? "
			      "from cell where experiment = ? and ordinal = ?", &statement, err);

	if (r < 0)
		return r;
	store_bind(statement, "iiiiiittii", boot, (int64_t)run->ordinal, run->started_nsec,
		   run->started_usec, (int64_t)run->warmup_nsec, (int64_t)run->duration_nsec,
		   run->state, run->why, experiment, (int64_t)run->cell);
	r = store_step(store, statement, err);
	id = sqlite3_last_insert_rowid(store->db);
	if (r == 0)
		r = add_members(store, run, id, err);
	if (r == 0)
		r = add_intervals(store, run, id, err);
	return r == 0 ? add_samples(store, run, id, err) : r;
}

int store_add_run(struct store *store, int64_t experiment, int64_t boot,
		  const struct store_run *run, struct error *err)
{
	int r = store_execute(store, "begin immediate", err);

	return r == 0 ? end_transaction(store, add_run(store, experiment, boot, run, err), err) : r;
}
