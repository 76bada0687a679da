/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/store/store_sql.h"

#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>

static int code_of(int result)
{
	switch (result & 0xff) {
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_PERM:
	case SQLITE_AUTH:
	case SQLITE_CANTOPEN:
		return -EACCES;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EBADMSG;
	default:
		return -EIO;
	}
}

int store_failed(const struct store *store, const char *what, struct error *err)
{
	/* Who only reads must not undo it. */
	if (sqlite3_extended_errcode(store->db) == SQLITE_READONLY_ROLLBACK)
		return error_set(err, -EBUSY, "%s: its writer was killed while it wrote: the next truce lab "
				 "run of this experiment puts it right", store->path);
	return error_set(err, code_of(sqlite3_errcode(store->db)), "%s: %s: %s", store->path, what,
			 sqlite3_errmsg(store->db));
}

int store_execute(struct store *store, const char *sql, struct error *err)
{
	if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return store_failed(store, "cannot be written", err);
	return 0;
}

int store_prepare(struct store *store, const char *sql, sqlite3_stmt **ret, struct error *err)
{
	if (sqlite3_prepare_v2(store->db, sql, -1, ret, NULL) != SQLITE_OK)
		return store_failed(store, "is no file of experiments", err);
	return 0;
}

void store_bind(sqlite3_stmt *statement, const char *kinds, ...)
{
	va_list values;
	int at;

	va_start(values, kinds);
	for (at = 1; kinds[at - 1] != '\0'; at++) {
		if (kinds[at - 1] == 'i')
			sqlite3_bind_int64(statement, at, va_arg(values, int64_t));
		else if (kinds[at - 1] == 'd')
			sqlite3_bind_double(statement, at, va_arg(values, double));
		else
			sqlite3_bind_text(statement, at, va_arg(values, const char *), -1,
					  SQLITE_TRANSIENT);
	}
	va_end(values);
}

int store_step(struct store *store, sqlite3_stmt *statement, struct error *err)
{
	int result = sqlite3_step(statement), r = 0;

	while (result == SQLITE_ROW)
		result = sqlite3_step(statement);
	if (result != SQLITE_DONE)
		r = store_failed(store, "cannot be written", err);
	sqlite3_reset(statement);
	return r;
}

int store_get_int(struct store *store, sqlite3_stmt *statement, int64_t *ret, struct error *err)
{
	int result = sqlite3_step(statement), r = 0;

	if (result == SQLITE_ROW)
		*ret = sqlite3_column_int64(statement, 0);
	else if (result == SQLITE_DONE)
		r = -ENOENT;
	else
		r = store_failed(store, "cannot be read", err);
	sqlite3_reset(statement);
	return r;
}
