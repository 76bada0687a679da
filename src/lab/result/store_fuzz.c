/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stranger's file of experiments: read whole or refused with a sentence; and what was read is
 * computed and told. Two kinds of input: what begins as SQLite's files do is a file; all else are
 * changes to a good one (the first byte says to which of two), so that values are searched, too,
 * that no flipped bit of a file gives:
 *
 *     column (its place in `columns`, modulo), row (of its table, modulo), kind, value
 *
 * where kind 0 is null, 1 a number of eight bytes, 2 a text and 3 a blob, whose size comes first.
 */
#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/str.h"
#include "lab/result/made.h"
#include "lab/result/plots.h"
#include "lab/result/raw.h"
#include "lab/result/result_json.h"
#include "lab/result/result_page.h"
#include "lab/result/result_text.h"
#include "lab/store/store.h"
#include "lab/store/store_read.h"

#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CHANGES_MOST = 16, TEXT_MOST = 64 };

static const struct {
	const char *table, *name;
} columns[] = {
	{ "experiment", "spec" }, { "experiment", "spec_hash" }, { "experiment", "quick" },
	{ "experiment", "seed" }, { "experiment", "platform" }, { "experiment", "host" },
	{ "experiment", "scaled" }, { "experiment", "started_usec" }, { "experiment", "state" },
	{ "factor", "ordinal" }, { "factor", "path" },
	{ "cell", "ordinal" }, { "cell", "label" }, { "cell", "factors" }, { "cell", "is_baseline" },
	{ "cell", "is_aa" }, { "cell", "compared_with" }, { "cell", "machine" },
	{ "boot", "ordinal" }, { "boot", "attempt" }, { "boot", "setup" }, { "boot", "state" },
	{ "run", "boot" }, { "run", "cell" }, { "run", "ordinal" }, { "run", "started_nsec" },
	{ "run", "warmup_nsec" }, { "run", "duration_nsec" }, { "run", "state" },
	{ "member", "vm" }, { "member", "role" }, { "member", "workload" }, { "member", "unit" },
	{ "member", "results" },
	{ "interval", "vm" }, { "interval", "at_nsec" }, { "interval", "length_nsec" },
	{ "interval", "operations" }, { "interval", "bytes" }, { "interval", "errors" },
	{ "interval", "lost" }, { "interval", "latency" },
	{ "sample", "source" }, { "sample", "figure" }, { "sample", "at_nsec" }, { "sample", "value" },
};

/* In memory where that can be: each input is written and read. */
static char directory[32], path[64], copied[64];
static struct good {
	uint8_t bytes[1 << 20];
	size_t size;
} alone, duet;

static void remove_raw(void)
{
	static const char *const names[] = { "cells", "boots", "runs", "members", "intervals", "samples" };
	char name[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(name, sizeof name, "%s/%s.tsv", directory, names[i]);
		unlink(name);
	}
}

static void clean_up(void)
{
	unlink(path);
	unlink(copied);
	rmdir(directory);
}

static void good_make(struct good *good, const char *spec)
{
	const struct made made = { .spec = spec, .per_vm = 0.9, .seed = 5, .boots = 2,
				   .platform = "tcg", .accel = "tcg" };
	struct error err = { 0 };
	FILE *file;

	if (made_store(&made, path, &err) < 0 || (file = fopen(path, "rb")) == NULL) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
	good->size = fread(good->bytes, 1, sizeof good->bytes, file);
	fclose(file);
	unlink(path);
}

static void prepare(void)
{
	if (directory[0] != '\0')
		return;
	strcpy(directory, access("/dev/shm", W_OK) == 0 ? "/dev/shm/truce-fuzz.XXXXXX" : "/tmp/truce-fuzz.XXXXXX");
	if (mkdtemp(directory) == NULL)
		abort();
	atexit(clean_up);
	snprintf(path, sizeof path, "%s/one.sqlite", directory);
	snprintf(copied, sizeof copied, "%s/two.sqlite", directory);
	good_make(&alone, made_short_spec);
	good_make(&duet, made_short_duet_spec);
}

static void write_file(const void *bytes, size_t size)
{
	FILE *file = fopen(path, "wb");

	if (file == NULL || fwrite(bytes, 1, size, file) != size || fclose(file) != 0)
		abort();
}

/* -- changes to a good file ------------------------------------------------------------------------- */

static bool take(struct cursor *at, void *ret, size_t size)
{
	if (cursor_left(at) < size)
		return false;
	memcpy(ret, at->at, size);
	at->at += size;
	return true;
}

static bool bind_value(struct cursor *at, sqlite3_stmt *statement, unsigned kind)
{
	char text[TEXT_MOST];
	uint8_t length;
	int64_t number;

	if (kind == 0)
		return sqlite3_bind_null(statement, 1) == SQLITE_OK;
	if (kind == 1)
		return take(at, &number, sizeof number) &&
		       sqlite3_bind_int64(statement, 1, number) == SQLITE_OK;
	if (!take(at, &length, 1) || !take(at, text, length % TEXT_MOST))
		return false;
	return kind == 2 ?
		sqlite3_bind_text(statement, 1, text, length % TEXT_MOST, SQLITE_TRANSIENT) == SQLITE_OK :
		sqlite3_bind_blob(statement, 1, text, length % TEXT_MOST, SQLITE_TRANSIENT) == SQLITE_OK;
}

/* Tables without rowids have a row by its place, too. False: the input is at its end. */
static bool change_one(sqlite3 *db, struct cursor *at)
{
	sqlite3_stmt *statement = NULL;
	uint8_t column, row, kind;
	char sql[400];
	bool more;

	if (!take(at, &column, 1) || !take(at, &row, 1) ||
	    !take(at, &kind, 1))
		return false;
	column %= sizeof columns / sizeof columns[0];
	snprintf(sql, sizeof sql, "update or ignore %s set %s = ?1 where %s",
		 columns[column].table, columns[column].name,
		 strcmp(columns[column].table, "member") == 0 ?
			"(run, vm) in (select run, vm from member limit 1 offset ?2)" :
		 strcmp(columns[column].table, "interval") == 0 ?
			"(run, vm, at_nsec) in (select run, vm, at_nsec from interval limit 1 offset ?2)" :
		 strcmp(columns[column].table, "sample") == 0 ?
			"(run, source, figure, at_nsec) in "
			"(select run, source, figure, at_nsec from sample limit 1 offset ?2)" :
			"rowid % 7 = ?2 % 7");
	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
		abort();
	more = bind_value(at, statement, kind % 4);
	if (more) {
		sqlite3_bind_int(statement, 2, row);
		sqlite3_step(statement);
	}
	sqlite3_finalize(statement);
	return more;
}

static void change(const uint8_t *data, size_t size)
{
	struct cursor at = cursor_over((const char *)data, size);
	sqlite3 *db = NULL;
	unsigned i = 0;

	if (sqlite3_open(path, &db) != SQLITE_OK)
		abort();
	sqlite3_exec(db, "pragma synchronous = off; pragma journal_mode = memory; begin", NULL, NULL, NULL);
	while (i++ < CHANGES_MOST && change_one(db, &at))
		;
	sqlite3_exec(db, "commit", NULL, NULL, NULL);
	sqlite3_close(db);
}

/* -- what a reader does ------------------------------------------------------------------------------ */

static void tell(const struct result *result)
{
	struct error err = { 0 };
	struct plots plots;
	struct str text;

	str_init(&text);
	if (plots_make(result, &plots, &err) == 0) {
		result_append_page(result, &plots, &text);
		plots_done(&plots);
	}
	if (!result_append_text(result, 80, &text))
		abort();
	result_append_json(result, &text);
	if (text.failed)
		abort();
	str_done(&text);
}

static void use(void)
{
	struct stored_experiment *experiment = NULL;
	struct stored_summary *summaries = NULL;
	struct result *result = NULL;
	struct store *store = NULL;
	struct error err = { 0 };
	size_t count = 0;
	int r = store_open_read(path, &store, &err);

	if (r == 0 && store_list(store, &summaries, &count, NULL) == 0)
		stored_summaries_free(summaries, count);
	if (r == 0)
		r = store_read(store, 0, &experiment, &err);
	if (r == 0 && store_copy(store, experiment->id, copied, NULL) == 0)
		unlink(copied);
	if (r == 0)
		r = result_new(experiment, &result, &err);
	if (r == 0)
		tell(result);
	if (r == 0)
		r = raw_write(result, directory, &err);
	remove_raw();
	/* Whoever is refused must be told why. */
	if (r < 0 && err.text[0] == '\0')
		abort();
	result_free(result);
	stored_experiment_free(experiment);
	store_close(store);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char magic[] = "SQLite format 3";
	const struct good *good = size > 0 && data[0] % 2 == 1 ? &duet : &alone;

	prepare();
	if (size >= sizeof magic && memcmp(data, magic, sizeof magic) == 0) {
		write_file(data, size);
	} else {
		write_file(good->bytes, good->size);
		change(data + (size > 0), size - (size > 0));
	}
	use();
	return 0;
}
