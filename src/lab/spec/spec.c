/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/spec/spec.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "base/text.h"
#include "lab/spec/spec_load.h"
#include "lab/spec/spec_trial.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SPEC_BYTES_MOST = 256 << 10 };

/* -- memory ------------------------------------------------------------------------------------ */

struct block {
	struct block *next;
	max_align_t bytes[];
};

void *spec_keep_bytes(struct spec_load_state *load, size_t size)
{
	struct block *block = calloc(1, sizeof *block + size);

	if (block == NULL) {
		load->out_of_memory = true;
		return NULL;
	}
	block->next = load->spec->owned;
	load->spec->owned = block;
	return block->bytes;
}

const char *spec_keep(struct spec_load_state *load, const char *bytes, size_t size)
{
	char *kept = spec_keep_bytes(load, size + 1);

	if (kept == NULL)
		return "";
	memcpy(kept, bytes, size);
	return kept;
}

const char *spec_keep_format(struct spec_load_state *load, const char *format, ...)
{
	CLEANUP_FREE char *text = NULL;
	va_list arguments;
	int size;

	va_start(arguments, format);
	size = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (size < 0) {
		text = NULL;
		load->out_of_memory = true;
		return "";
	}
	return spec_keep(load, text, (size_t)size);
}

void spec_free(struct spec *spec)
{
	if (spec == NULL)
		return;
	while (spec->owned != NULL) {
		struct block *block = spec->owned;

		spec->owned = block->next;
		free(block);
	}
	free(spec->bytes);
	free(spec);
}

/* -- problems ---------------------------------------------------------------------------------- */

static bool is_told(const struct spec_load_state *load, const struct spec_problem *problem)
{
	size_t i;

	for (i = 0; i < load->problem_count; i++)
		if (load->problems[i].line == problem->line &&
		    load->problems[i].column == problem->column &&
		    strcmp(load->problems[i].text, problem->text) == 0)
			return true;
	return false;
}

static void add_problem(struct spec_load_state *load, int line, int column, const char *format,
			va_list arguments)
{
	struct spec_problem *problem = &load->problems[load->problem_count];

	if (load->problem_count == SPEC_PROBLEMS_MOST)
		return;
	problem->line = line;
	problem->column = column;
	vsnprintf(problem->text, sizeof problem->text, format, arguments);
	if (!is_told(load, problem))
		load->problem_count++;
}

void spec_problem_at(struct spec_load_state *load, int line, int column, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add_problem(load, line, column, format, arguments);
	va_end(arguments);
}

void spec_problem(struct spec_load_state *load, const char *path, const char *format, ...)
{
	va_list arguments;
	int line, column;

	spec_places_look_up(&load->places, path, &line, &column);
	va_start(arguments, format);
	add_problem(load, line, column, format, arguments);
	va_end(arguments);
}

static int compare_problems(const void *a, const void *b)
{
	const struct spec_problem *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	if (x->column != y->column)
		return x->column < y->column ? -1 : 1;
	return strcmp(x->text, y->text);
}

static int report(struct spec_load_state *load, struct str *problems, struct error *err)
{
	const char *path = load->spec->path;
	struct str line;
	size_t i;
	int r = 0;

	qsort(load->problems, load->problem_count, sizeof load->problems[0], compare_problems);
	str_init(&line);
	for (i = 0; i < load->problem_count; i++) {
		const struct spec_problem *problem = &load->problems[i];

		str_clear(&line);
		str_appendf(&line, "%s:%d:%d: ", path, problem->line, problem->column);
		text_append_printable(&line, problem->text, strlen(problem->text));
		if (i == 0)
			r = error_set(err, -EINVAL, "%s", line.data != NULL ? line.data : problem->text);
		if (problems != NULL && line.data != NULL) {
			str_append(problems, line.data);
			str_append_char(problems, '\n');
		}
	}
	str_done(&line);
	if (load->out_of_memory)
		return error_set(err, -ENOMEM, "%s: no memory to read it", path);
	return r;
}

/* -- the whole --------------------------------------------------------------------------------- */

/* quick = { boots = 10 } goes over boots; a list or what varies is replaced as a whole. */
static void take_quick(struct spec_load_state *load, struct spec_entries *entries, bool quick)
{
	static const char *const whole[] = { "vary", "baseline", "measures", "vms.pin", NULL };
	struct spec_entries said = { 0 };
	size_t i, j;

	load->out_of_memory |= spec_entries_copy(&said, entries) < 0;
	for (i = 0; quick && whole[i] != NULL; i++) {
		char path[32];

		snprintf(path, sizeof path, "quick.%s", whole[i]);
		for (j = 0; j < said.count; j++)
			if (spec_path_is_below(said.items[j].path, path)) {
				spec_entries_remove(entries, whole[i]);
				break;
			}
	}
	spec_entries_remove(entries, "quick");
	for (i = 0; quick && i < said.count; i++) {
		if (strncmp(said.items[i].path, "quick.", 6) != 0)
			continue;
		spec_fields_make_room(entries, said.items[i].path + 6);
		if (spec_entries_set(entries, said.items[i].path + 6, said.items[i].place,
				     &said.items[i].value) < 0)
			load->out_of_memory = true;
	}
	spec_entries_done(&said);
}

static void check_name(struct spec_load_state *load)
{
	const char *name = load->spec->name, *c;

	if (name == NULL) {
		if (load->problem_count == 0)
			spec_problem(load, "name", "the experiment's name is missing: name = \"isolation\"");
		return;
	}
	for (c = name; *c != '\0'; c++)
		if (!isalnum((unsigned char)*c) && (c == name || strchr("-_.", *c) == NULL)) {
			spec_problem(load, "name", "a name has letters, digits, '-', '_' and '.' behind the "
				     "first: files are called by it");
			return;
		}
}

static void check_times(struct spec_load_state *load)
{
	const struct spec *spec = load->spec;

	if (spec->interval_usec * 2 > spec->duration_usec)
		spec_problem(load, "interval", "an interval is at most half of the duration");
	if (spec->asks == NULL && load->problem_count == 0)
		spec_problem(load, "asks", "what the experiment asks is missing: asks = \"Does ...?\"");
}

static void make(struct spec_load_state *load, bool quick)
{
	struct spec *spec = load->spec;
	struct spec_entries entries = { 0 };
	int line, column;

	if (spec_places_find(&load->places, spec->bytes, spec->size) < 0) {
		load->out_of_memory = true;
		return;
	}
	if (spec_entries_read(load, &entries) == 0) {
		spec_fields_check_known(load, &entries);
		take_quick(load, &entries, quick);
		spec_cells_make(load, &entries);
		check_name(load);
		check_times(load);
	}
	spec_places_look_up(&load->places, "vms", &line, &column);
	spec->line_of_vms = (size_t)line;
	spec_places_look_up(&load->places, "vary", &line, &column);
	spec->line_of_vary = (size_t)line;
	spec_entries_done(&entries);
	spec_places_done(&load->places);
}

static int begin(struct spec_load_state *load, const char *bytes, size_t size, const char *path)
{
	struct spec *spec = load->spec = calloc(1, sizeof *load->spec);

	if (spec == NULL)
		return -ENOMEM;
	spec->bytes = malloc(size + 1);
	if (spec->bytes == NULL)
		return -ENOMEM;
	memcpy(spec->bytes, bytes, size);
	spec->bytes[size] = '\0';
	spec->size = size;
	spec->path = spec_keep(load, path, strlen(path));
	spec->boots = 12;
	spec->runs = 1;
	spec->warmup_usec = 2000000;
	spec->duration_usec = 8000000;
	spec->interval_usec = 100000;
	spec->proof_usec = 1000000;
	spec->precision = 0.02;
	return load->out_of_memory ? -ENOMEM : 0;
}

int spec_new(const char *bytes, size_t size, const char *path, bool quick, struct spec **ret,
	     struct str *problems, struct error *err)
{
	struct spec_load_state *load = calloc(1, sizeof *load);
	int r = load != NULL ? begin(load, bytes, size, path) : -ENOMEM;

	if (r < 0) {
		error_set(err, r, "%s: no memory to read it", path);
	} else {
		make(load, quick);
		r = report(load, problems, err);
	}
	if (r == 0)
		*ret = load->spec;
	else if (load != NULL)
		spec_free(load->spec);
	free(load);
	return r;
}

int spec_read(const char *path, bool quick, struct spec **ret, struct str *problems,
	      struct error *err)
{
	CLEANUP_FCLOSE FILE *file = fopen(path, "rbe");
	CLEANUP_FREE char *bytes = malloc(SPEC_BYTES_MOST + 1);
	size_t size;
	int r;

	if (file == NULL)
		return error_errno(err, -errno, "%s", path);
	if (bytes == NULL)
		return error_set(err, -ENOMEM, "%s: no memory to read it", path);
	size = fread(bytes, 1, SPEC_BYTES_MOST + 1, file);
	if (ferror(file))
		return error_errno(err, -EIO, "%s", path);
	if (size > SPEC_BYTES_MOST)
		return error_set(err, -EFBIG, "%s: an experiment's file has 256 KiB at most", path);
	r = spec_trial(bytes, size, path, quick, err);
	return r == 0 ? spec_new(bytes, size, path, quick, ret, problems, err) : r;
}
