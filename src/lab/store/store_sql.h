/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SQLite as this room uses it: a failure becomes an errno and a sentence with the file's name. */
#ifndef LAB_STORE_STORE_SQL_H
#define LAB_STORE_STORE_SQL_H

#include "base/cleanup.h"

#include <sqlite3.h>
#include <stdint.h>

struct error;

struct store {
	sqlite3 *db;
	char *path;
	unsigned read_calls; /* of a stranger's file: how much SQLite has worked for one question */
};

/* -ENOSPC, -EROFS, -EBUSY, -EIO, ... by what SQLite says; `what` begins the sentence. */
int store_failed(const struct store *store, const char *what, struct error *err);
int store_execute(struct store *store, const char *sql, struct error *err);
int store_prepare(struct store *store, const char *sql, sqlite3_stmt **ret, struct error *err);
/* Runs it to its end and makes it ready for the next time. */
int store_step(struct store *store, sqlite3_stmt *statement, struct error *err);
/* The first column of its first row; -ENOENT where there is none. */
int store_get_int(struct store *store, sqlite3_stmt *statement, int64_t *ret, struct error *err);
/* Binds by kind: i int64_t, t const char * (NULL: null), d double. */
void store_bind(sqlite3_stmt *statement, const char *kinds, ...);

static inline void cleanup_statement(sqlite3_stmt **statement)
{
	sqlite3_finalize(*statement);
}

#define CLEANUP_STATEMENT CLEANUP(cleanup_statement)

extern const char store_schema[];
#define STORE_VERSION 1

#endif
