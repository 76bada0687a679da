/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/error.h"
#include "lab/store/store.h"
#include "lab/store/store_read.h"
#include "lab/store/store_sql.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define OF_EXPERIMENT " where experiment = ? order by 1, 2"
#define OF_RUNS \
	" x join run r on x.run = r.id join boot b on r.boot = b.id where b.experiment = ? order by 1"

static const struct {
	const char *table, *rows;
} tables[] = {
	{ "experiment", " x where id = ?" },
	{ "factor", " x" OF_EXPERIMENT },
	{ "cell", " x" OF_EXPERIMENT },
	{ "boot", " x" OF_EXPERIMENT },
	{ "run", " x join boot b on x.boot = b.id where b.experiment = ? order by x.id" },
	{ "member", OF_RUNS ", x.vm" },
	{ "interval", OF_RUNS ", x.vm, x.at_nsec" },
	{ "sample", OF_RUNS ", x.source, x.figure, x.at_nsec" },
};

static int insert_prepare(struct store *to, const char *table, int columns, sqlite3_stmt **ret,
			  struct error *err)
{
	char sql[200];
	int i, size = snprintf(sql, sizeof sql, "insert into %s values (?", table);

	for (i = 1; i < columns && size < 150; i++)
		size += snprintf(sql + size, sizeof sql - (size_t)size, ", ?");
	snprintf(sql + size, sizeof sql - (size_t)size, ")");
	return store_prepare(to, sql, ret, err);
}

static int copy_row(sqlite3_stmt *row, sqlite3_stmt *insert, struct store *to, struct error *err)
{
	int i, columns = sqlite3_column_count(row);

	for (i = 0; i < columns; i++)
		sqlite3_bind_value(insert, i + 1, sqlite3_column_value(row, i));
	return store_step(to, insert, err);
}

static int copy_table(struct store *from, struct store *to, size_t table, int64_t id,
		      struct error *err)
{
	sqlite3_stmt *select = NULL, *insert = NULL;
	char sql[300];
	int r, result = SQLITE_DONE;

	snprintf(sql, sizeof sql, "select x.* from %s%s", tables[table].table, tables[table].rows);
	r = store_prepare(from, sql, &select, err);
	if (r == 0)
		r = insert_prepare(to, tables[table].table, sqlite3_column_count(select), &insert, err);
	if (r == 0)
		store_bind(select, "i", id);
	while (r == 0 && (result = sqlite3_step(select)) == SQLITE_ROW) {
		from->read_calls = 0;
		r = copy_row(select, insert, to, err);
	}
	if (r == 0 && result != SQLITE_DONE)
		r = store_failed(from, "cannot be read", err);
	sqlite3_finalize(select);
	sqlite3_finalize(insert);
	return r;
}

int store_copy(struct store *store, int64_t id, const char *path, struct error *err)
{
	struct store *made;
	size_t i;
	int r;

	if (access(path, F_OK) == 0)
		return error_set(err, -EEXIST, "%s: is there already", path);
	r = store_open(path, &made, err);
	if (r < 0)
		return r;
	r = store_execute(made, "begin immediate", err);
	for (i = 0; r == 0 && i < sizeof tables / sizeof tables[0]; i++)
		r = copy_table(store, made, i, id, err);
	if (r == 0)
		r = store_execute(made, "commit", err);
	store_close(made);
	if (r < 0)
		unlink(path);
	return r;
}
