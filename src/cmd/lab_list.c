/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truce lab list: which experiments were run here. */
#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"
#include "cmd/lab.h"
#include "cmd/lab_place.h"
#include "cmd/verb.h"
#include "lab/store/store.h"
#include "lab/store/store_read.h"
#include "report/json.h"
#include "report/table.h"
#include "report/units.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

struct lab_list_settings {
	bool json;
};

static const struct option_info options[] = {
	OPTION_JSON(struct lab_list_settings, json),
	OPTIONS_END,
};

struct lister {
	const struct verb *verb;
	char **names; /* of files, sorted */
	size_t name_count, name_capacity;
	struct table table;
	struct json json;
	bool as_json, partly;
};

static const struct table_column columns[] = {
	{ "experiment", true, false }, { "started", true, false }, { "state", true, false },
	{ "boots", false, false },     { "runs", false, false },   { "platform", true, false },
	{ "asks", true, true },
};

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int names_read(struct lister *lister, const char *directory, struct error *err)
{
	CLEANUP_CLOSEDIR DIR *dir = opendir(directory);
	struct dirent *entry;
	char *name;

	if (dir == NULL)
		return errno == ENOENT ? 0 : error_errno(err, -errno, "%s", directory);
	while ((entry = readdir(dir)) != NULL) {
		if (!text_ends_with(entry->d_name, ".sqlite"))
			continue;
		name = strdup(entry->d_name);
		if (name == NULL ||
		    !VEC_RESERVE(lister->names, lister->name_capacity, lister->name_count + 1)) {
			free(name);
			return error_errno(err, -ENOMEM, "%s", directory);
		}
		lister->names[lister->name_count++] = name;
	}
	if (lister->name_count > 1)
		qsort(lister->names, lister->name_count, sizeof *lister->names, by_name);
	return 0;
}

/* -- one experiment ----------------------------------------------------------------------------------- */

static void add_text(struct table *table, const char *text)
{
	struct str cell;

	str_init(&cell);
	text_append_safe(&cell, text, strlen(text));
	table_add(table, &cell);
}

static void add_number(struct table *table, size_t number)
{
	struct str cell;

	str_init(&cell);
	str_appendf(&cell, "%zu", number);
	table_add(table, &cell);
}

static void add_row(struct lister *lister, const char *name, const struct stored_summary *one)
{
	struct str cell;

	str_init(&cell);
	text_append_safe(&cell, name, strlen(name));
	str_appendf(&cell, ":%lld", (long long)one->id);
	table_add(&lister->table, &cell);
	units_append_time(&cell, (uint64_t)one->started_usec);
	str_resize(&cell, cell.length > 7 ? cell.length - 7 : 0); /* without the seconds */
	table_add(&lister->table, &cell);
	add_text(&lister->table, one->state);
	add_number(&lister->table, one->boots);
	add_number(&lister->table, one->runs);
	str_appendf(&cell, "%s%s", one->platform, one->quick ? ", quick" : "");
	add_text(&lister->table, cell.data != NULL ? cell.data : "");
	str_done(&cell);
	add_text(&lister->table, one->asks);
}

static void add_json(struct lister *lister, const char *name, const struct stored_summary *one)
{
	struct json *json = &lister->json;

	json_object_begin(json);
	json_key(json, "name");
	json_text(json, name);
	json_key(json, "id");
	json_int(json, one->id);
	json_key(json, "started");
	json_time(json, (uint64_t)one->started_usec);
	json_key(json, "ended");
	if (one->ended_usec > 0)
		json_time(json, (uint64_t)one->ended_usec);
	else
		json_nothing(json);
	json_key(json, "state");
	json_text(json, one->state);
	json_key(json, "quick");
	json_bool(json, one->quick);
	json_key(json, "seed");
	json_uint(json, one->seed);
	json_key(json, "platform");
	json_text(json, one->platform);
	json_key(json, "boots");
	json_uint(json, one->boots);
	json_key(json, "runs");
	json_uint(json, one->runs);
	json_key(json, "asks");
	json_text(json, one->asks);
	json_object_end(json);
}

/* -- all of them ------------------------------------------------------------------------------------------ */

static int list_file(struct lister *lister, const char *directory, const char *file,
		     struct error *err)
{
	struct stored_summary *all = NULL;
	char path[PATH_MAX], name[NAME_MAX + 1];
	struct store *store = NULL;
	size_t count = 0, i;
	int r;

	if (snprintf(path, sizeof path, "%s/%s", directory, file) >= (int)sizeof path)
		return error_set(err, -ENAMETOOLONG, "the path %s is too long", directory);
	snprintf(name, sizeof name, "%.*s", (int)(strlen(file) - strlen(".sqlite")), file);
	r = store_open_read(path, &store, err);
	if (r == 0)
		r = store_list(store, &all, &count, err);
	store_close(store);
	for (i = 0; r == 0 && i < count; i++) {
		if (lister->as_json)
			add_json(lister, name, &all[i]);
		else
			add_row(lister, name, &all[i]);
	}
	if (r == 0)
		stored_summaries_free(all, count);
	return r;
}

static int print_all(struct lister *lister, const char *directory)
{
	struct error err = { 0 };
	struct str text;
	size_t i;
	int code;

	str_init(&text);
	json_begin(&lister->json, &text);
	table_init(&lister->table, columns, ARRAY_SIZE(columns));
	if (lister->as_json) {
		json_object_begin(&lister->json);
		json_key(&lister->json, "schema");
		json_text(&lister->json, "truce.lab-list/1");
		json_key(&lister->json, "experiments");
		json_array_begin(&lister->json);
	}
	for (i = 0; i < lister->name_count; i++)
		if (list_file(lister, directory, lister->names[i], &err) < 0) {
			verb_warn(lister->verb, "%s", err.text);
			lister->partly = true;
		}
	if (lister->as_json) {
		json_array_end(&lister->json);
		json_object_end(&lister->json);
		str_append_char(&text, '\n');
	} else if (lister->table.cell_count > 0) {
		table_append(&lister->table, 0, true, &text);
	} else {
		str_append(&text, "no experiment was run here yet; truce lab run EXPERIMENT.lua runs one\n");
	}
	code = verb_print(lister->verb, &text);
	table_done(&lister->table);
	str_done(&text);
	return code == VERB_FINE && lister->partly ? VERB_PARTLY : code;
}

static int lab_list_run(const struct verb *verb, const void *pointer, char **operands)
{
	const struct lab_list_settings *settings = pointer;
	struct lister lister = { .verb = verb, .as_json = settings->json };
	struct lab_place place;
	struct error err = { 0 };
	size_t i;
	int code, r = lab_place_find(NULL, &place, &err);

	(void)operands;
	if (r == 0)
		r = names_read(&lister, place.directory, &err);
	code = r == 0 ? print_all(&lister, place.directory) : verb_fail(verb, &err);
	for (i = 0; i < lister.name_count; i++)
		free(lister.names[i]);
	free(lister.names);
	lab_place_done(&place);
	return code;
}

const struct verb lab_list_verb = {
	.name = "lab list",
	.summary = "which experiments were run here",
	.notes = "Those in $TRUCE_LAB_DIR, else in /var/lib/truce/lab (for root) or ~/.local/share/truce/lab.\n"
		 "Boots and runs are those that were done.",
	.options = options,
	.settings_size = sizeof(struct lab_list_settings),
	.run = lab_list_run,
};
