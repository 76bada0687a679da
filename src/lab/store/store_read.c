/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/store/store_read.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "base/vec.h"
#include "lab/store/store.h"
#include "lab/store/store_sql.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	BUSY_MSEC = 5000,
	VALUE_BYTES_MOST = 4 << 20,
	/* Of SQLite's virtual machine. A full experiment takes a thousandth of it; a file whose
	 * tables are made to never end takes some ten seconds and is refused. */
	STEPS_A_CALL = 10000,
	CALLS_MOST = 100000,
};

/* -- opening ------------------------------------------------------------------------------------ */

static int count_steps(void *pointer)
{
	unsigned *calls = pointer;

	return ++*calls > CALLS_MOST;
}

/* A database may hold programs: views, triggers, functions in its schema. None of them runs. */
static int harden(struct store *store, struct error *err)
{
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)NULL);
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, (int *)NULL);
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, (int *)NULL);
	sqlite3_limit(store->db, SQLITE_LIMIT_LENGTH, VALUE_BYTES_MOST);
	sqlite3_limit(store->db, SQLITE_LIMIT_ATTACHED, 1);
	sqlite3_busy_timeout(store->db, BUSY_MSEC);
	sqlite3_progress_handler(store->db, STEPS_A_CALL, count_steps, &store->read_calls);
	return store_execute(store, "pragma query_only = on; pragma cell_size_check = on; "
			     "pragma mmap_size = 0", err);
}

static int check_version(struct store *store, struct error *err)
{
	CLEANUP_STATEMENT sqlite3_stmt *statement = NULL;
	int64_t version = 0;
	int r = store_prepare(store, "pragma user_version", &statement, err);

	if (r == 0)
		r = store_get_int(store, statement, &version, err);
	if (r == 0 && version != STORE_VERSION)
		r = error_set(err, version == 0 ? -EBADMSG : -EPROTO,
			      version == 0 ? "%s: is no file of experiments" :
			      "%s: is of version %lld of experiments' files, this program reads %d",
			      store->path, (long long)version, STORE_VERSION);
	return r;
}

/* Eight tables, and nothing in the place of one. */
static int check_tables(struct store *store, struct error *err)
{
	CLEANUP_STATEMENT sqlite3_stmt *statement = NULL;
	int64_t count = 0;
	int r = store_prepare(store, "select count(*) from sqlite_schema where type = 'table' and "
			      "sql like 'create table%' and name in ('experiment', 'factor', 'cell', "
			      "'boot', 'run', 'member', 'interval', 'sample')", &statement, err);

	if (r == 0)
		r = store_get_int(store, statement, &count, err);
	if (r == 0 && count != 8)
		r = error_set(err, -EBADMSG, "%s: is no file of experiments", store->path);
	return r;
}

/* A pipe of that name would keep us waiting for ever. */
static int check_file(const char *path, struct error *err)
{
	struct stat status;

	if (access(path, R_OK) < 0 || stat(path, &status) < 0)
		return error_errno(err, -errno, "%s", path);
	if (!S_ISREG(status.st_mode))
		return error_set(err, -EBADMSG, "%s: is no file of experiments, nor a file at all", path);
	return 0;
}

int store_open_read(const char *path, struct store **ret, struct error *err)
{
	struct store *store = calloc(1, sizeof *store);
	int r = 0;

	if (store == NULL || (store->path = strdup(path)) == NULL) {
		free(store);
		return error_errno(err, -ENOMEM, "%s", path);
	}
	r = check_file(path, err);
	if (r == 0 && sqlite3_open_v2(path, &store->db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
		r = store_failed(store, "cannot be opened", err);
	if (r == 0)
		r = harden(store, err);
	if (r == 0)
		r = check_version(store, err);
	if (r == 0)
		r = check_tables(store, err);
	if (r < 0) {
		store_close(store);
		return r;
	}
	*ret = store;
	return 0;
}

/* -- which there are ---------------------------------------------------------------------------- */

static char *column_copy(sqlite3_stmt *statement, int column)
{
	const char *text = (const char *)sqlite3_column_text(statement, column);

	return strdup(text != NULL ? text : "");
}

static bool summary_fill(struct stored_summary *summary, sqlite3_stmt *row)
{
	*summary = (struct stored_summary){
		.id = sqlite3_column_int64(row, 0),
		.started_usec = sqlite3_column_int64(row, 1),
		.ended_usec = sqlite3_column_int64(row, 2),
		.quick = sqlite3_column_int(row, 3) != 0,
		.seed = (uint64_t)sqlite3_column_int64(row, 4),
		.boots = (size_t)sqlite3_column_int(row, 5),
		.runs = (size_t)sqlite3_column_int(row, 6),
		.name = column_copy(row, 7), .asks = column_copy(row, 8),
		.state = column_copy(row, 9), .platform = column_copy(row, 10),
	};
	return summary->name != NULL && summary->asks != NULL && summary->state != NULL &&
	       summary->platform != NULL;
}

void stored_summaries_free(struct stored_summary *summaries, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		free(summaries[i].name);
		free(summaries[i].asks);
		free(summaries[i].state);
		free(summaries[i].platform);
	}
	free(summaries);
}

static const char list_query[] =
	"select e.id, e.started_usec, e.ended_usec, e.quick, e.seed,"
	" (select count(*) from boot b where b.experiment = e.id and b.state = 'done'),"
	" (select count(*) from run r join boot b on r.boot = b.id where b.experiment = e.id"
	"  and b.state = 'done' and r.state = 'done'),"
	" e.name, e.asks, e.state, e.platform from experiment e order by e.id";

int store_list(struct store *store, struct stored_summary **ret, size_t *ret_count,
	       struct error *err)
{
	CLEANUP_STATEMENT sqlite3_stmt *statement = NULL;
	struct stored_summary *all = NULL;
	size_t count = 0, capacity = 0;
	int r = store_prepare(store, list_query, &statement, err), result;

	if (r < 0)
		return r;
	store->read_calls = 0;
	while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
		if (!VEC_RESERVE(all, capacity, count + 1) || !summary_fill(&all[count++], statement)) {
			stored_summaries_free(all, count);
			return error_errno(err, -ENOMEM, "%s", store->path);
		}
	}
	if (result != SQLITE_DONE) {
		stored_summaries_free(all, count);
		return store_failed(store, "cannot be read", err);
	}
	*ret = all;
	*ret_count = count;
	return 0;
}
