/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truce ksm match: which host's memory has most of what a VM has, by sketches. */
#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/keep_file.h"
#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"
#include "cmd/ksm.h"
#include "cmd/terminal.h"
#include "cmd/verb.h"
#include "ksm/sketch.h"
#include "report/json.h"
#include "report/table.h"
#include "report/units.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_MOST (1u << 30)

struct match_settings {
	bool json;
};

/* A file of sketches: the VMs of a host. */
struct shelf {
	const char *path;
	dev_t device;
	ino_t inode;
	struct sketch *sketches;
	size_t count, capacity;
};

struct host {
	struct shelf shelf;
	size_t vm_count; /* without the VM itself */
	double memory, common, error; /* bytes */
};

struct match {
	struct shelf home;
	const struct sketch *vm; /* in home */
	struct host *hosts;
	size_t host_count;
};

/* -- files ------------------------------------------------------------------------------------------ */

static void shelf_done(struct shelf *shelf)
{
	size_t i;

	for (i = 0; i < shelf->count; i++)
		sketch_done(&shelf->sketches[i]);
	free(shelf->sketches);
}

static int take_all(struct shelf *shelf, struct cursor *from, struct error *err)
{
	while (!cursor_at_end(from)) {
		int r;

		if (!VEC_RESERVE(shelf->sketches, shelf->capacity, shelf->count + 1))
			return error_errno(err, -ENOMEM, "cannot read it");
		r = sketch_take(from, &shelf->sketches[shelf->count], err);
		if (r < 0)
			return r;
		shelf->count++;
	}
	return shelf->count > 0 ? 0 : error_set(err, -EINVAL, "there is no sketch in it");
}

static int shelf_read(struct shelf *shelf, const char *path, struct error *err)
{
	CLEANUP_FREE char *bytes = NULL;
	struct cursor from;
	struct stat status;
	size_t size = 0;
	int r = keep_file_read(path, FILE_MOST, &bytes, &size, err);

	shelf->path = path;
	if (r < 0)
		return r == -ENOENT ? error_errno(err, r, "%s", path) : r;
	if (stat(path, &status) == 0) {
		shelf->device = status.st_dev;
		shelf->inode = status.st_ino;
	}
	from = cursor_over(bytes, size);
	r = take_all(shelf, &from, err);
	if (r < 0)
		error_prefix(err, "%s", path);
	return r;
}

/* -- the VM ----------------------------------------------------------------------------------------- */

static int choose_vm(struct match *match, const char *name, struct error *err)
{
	const struct shelf *home = &match->home;
	size_t i;

	if (name == NULL && home->count > 1)
		return error_set(err, -EINVAL, "%s has sketches of %zu VMs: name the one that is meant, "
				 "as %s:%s", home->path, home->count, home->path, home->sketches[0].name);
	for (i = 0; i < home->count; i++)
		if (name == NULL || strcmp(home->sketches[i].name, name) == 0) {
			match->vm = &home->sketches[i];
			return 0;
		}
	return error_set(err, -ENOENT, "%s has no sketch of a VM \"%.60s\"", home->path, name);
}

/* "FILE", or "FILE:NAME" where there is no file of that whole name. */
static int find_vm(struct match *match, char *word, struct error *err)
{
	char *colon = strrchr(word, ':');
	int r;

	if (access(word, F_OK) == 0 || colon == NULL)
		colon = NULL;
	else
		*colon = '\0';
	r = shelf_read(&match->home, word, err);
	return r < 0 ? r : choose_vm(match, colon != NULL ? colon + 1 : NULL, err);
}

/* -- the hosts -------------------------------------------------------------------------------------- */

static bool is_home(const struct match *match, const struct shelf *shelf)
{
	return shelf->device == match->home.device && shelf->inode == match->home.inode;
}

/* Where the VM is at home it is no neighbour of its own. */
static void take_out_itself(const struct match *match, struct shelf *shelf)
{
	size_t at = (size_t)(match->vm - match->home.sketches);

	if (!is_home(match, shelf) || at >= shelf->count)
		return;
	sketch_done(&shelf->sketches[at]);
	shelf->count--;
	memmove(&shelf->sketches[at], &shelf->sketches[at + 1],
		(shelf->count - at) * sizeof *shelf->sketches);
}

static int hold_against(const struct match *match, struct host *host, struct error *err)
{
	struct sketch all;
	int r;

	host->vm_count = host->shelf.count;
	if (host->vm_count == 0)
		return 0;
	r = sketch_unite(host->shelf.sketches, host->shelf.count, &all, err);
	if (r == 0)
		r = sketch_common(match->vm, &all, &host->common, &host->error, err);
	host->common *= PRINTS_PAGE_SIZE;
	host->error *= PRINTS_PAGE_SIZE;
	host->memory = (double)all.pages * PRINTS_PAGE_SIZE;
	sketch_done(&all);
	return r;
}

static int by_common(const void *a, const void *b)
{
	double one = ((const struct host *)a)->common, other = ((const struct host *)b)->common;

	return (one < other) - (one > other);
}

static int read_hosts(struct match *match, char **words, struct error *err)
{
	size_t count = 0;

	while (words[count] != NULL)
		count++;
	match->hosts = calloc(count + 1, sizeof *match->hosts);
	if (match->hosts == NULL)
		return error_errno(err, -ENOMEM, "cannot compare");
	for (; *words != NULL; words++) {
		struct host *host = &match->hosts[match->host_count++];
		int r = shelf_read(&host->shelf, *words, err);

		if (r < 0)
			return r;
		take_out_itself(match, &host->shelf);
		r = hold_against(match, host, err);
		if (r < 0)
			return error_prefix(err, "%s", *words);
	}
	qsort(match->hosts, match->host_count, sizeof *match->hosts, by_common);
	return 0;
}

/* -- what comes of it ------------------------------------------------------------------------------- */

static void put_bytes(struct json *json, const char *key, double bytes)
{
	json_key(json, key);
	json_int(json, llround(bytes));
}

static void append_json(const struct match *match, struct str *text)
{
	struct json json;
	size_t i;

	json_begin(&json, text);
	json_object_begin(&json);
	json_key(&json, "schema");
	json_text(&json, "truce.ksm-match/1");
	json_key(&json, "vm");
	json_object_begin(&json);
	json_key(&json, "name");
	json_text(&json, match->vm->name);
	put_bytes(&json, "memory_bytes", (double)match->vm->pages * PRINTS_PAGE_SIZE);
	put_bytes(&json, "zero_bytes", (double)match->vm->zero * PRINTS_PAGE_SIZE);
	put_bytes(&json, "contents_bytes", (double)match->vm->contents * PRINTS_PAGE_SIZE);
	json_object_end(&json);
	json_key(&json, "hosts");
	json_array_begin(&json);
	for (i = 0; i < match->host_count; i++) {
		const struct host *host = &match->hosts[i];

		json_object_begin(&json);
		json_key(&json, "file");
		json_text(&json, host->shelf.path);
		json_key(&json, "home");
		json_bool(&json, is_home(match, &host->shelf));
		json_key(&json, "vms");
		json_uint(&json, host->vm_count);
		put_bytes(&json, "memory_bytes", host->memory);
		put_bytes(&json, "common_bytes", host->common);
		put_bytes(&json, "error_bytes", host->error);
		json_object_end(&json);
	}
	json_array_end(&json);
	json_object_end(&json);
	str_append_char(text, '\n');
}

static void add_cell(struct table *table, struct str *cell, double bytes)
{
	units_append_bytes(cell, bytes);
	table_add(table, cell);
}

static void append_text(const struct match *match, struct str *text)
{
	static const struct table_column columns[] = {
		{ "HOST", true, true }, { "VMS", false, false }, { "MEMORY", false, false },
		{ "COMMON", false, false }, { "+-", false, false }, { "OF IT", false, false },
	};
	double contents = (double)match->vm->contents * PRINTS_PAGE_SIZE;
	struct table table;
	struct str cell;
	size_t i;

	table_init(&table, columns, ARRAY_SIZE(columns));
	for (i = 0; i < match->host_count; i++) {
		const struct host *host = &match->hosts[i];

		str_init(&cell);
		text_append_safe(&cell, host->shelf.path, strlen(host->shelf.path));
		table_add(&table, &cell);
		str_appendf(&cell, "%zu", host->vm_count);
		table_add(&table, &cell);
		add_cell(&table, &cell, host->memory);
		add_cell(&table, &cell, host->common);
		add_cell(&table, &cell, host->error);
		str_appendf(&cell, "%.0f %%", contents > 0 ? host->common * 100 / contents : 0.0);
		table_add(&table, &cell);
	}
	text->failed |= !table_append(&table, terminal_is_output() ? terminal_width() : 0, true, text);
	table_done(&table);
}

static int ksm_match_run(const struct verb *verb, const void *pointer, char **operands)
{
	const struct match_settings *settings = pointer;
	struct match match = { 0 };
	struct error err = { 0 };
	struct str text;
	size_t i;
	int code;

	str_init(&text);
	if (find_vm(&match, operands[0], &err) < 0 || read_hosts(&match, operands + 1, &err) < 0) {
		code = verb_fail(verb, &err);
	} else {
		if (settings->json)
			append_json(&match, &text);
		else
			append_text(&match, &text);
		code = verb_print(verb, &text);
	}
	for (i = 0; i < match.host_count; i++)
		shelf_done(&match.hosts[i].shelf);
	free(match.hosts);
	shelf_done(&match.home);
	str_done(&text);
	return code;
}

static const struct option_info options[] = {
	OPTION_JSON(struct match_settings, json),
	OPTIONS_END,
};

const struct verb ksm_match_verb = {
	.name = "ksm match",
	.operands = "VM HOST...",
	.least_operands = 2,
	.most_operands = OPERANDS_ANY,
	.summary = "on which host a VM would share most, by sketches of memory",
	.notes = "VM is a file that truce ksm estimate --sketch wrote, or FILE:NAME where it is of several\n"
		 "VMs; HOST is such a file of all VMs of a host, at most 16 KiB for each. All must be made\n"
		 "with one key (estimate --key). The first host is the one that has most of the VM's\n"
		 "contents already: COMMON, which KSM would save there beyond what it saves anywhere. +- is\n"
		 "a standard error. In the file that the VM itself is in, it is left out.",
	.options = options,
	.settings_size = sizeof(struct match_settings),
	.run = ksm_match_run,
};
