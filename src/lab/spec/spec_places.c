/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/spec/spec_places.h"

#include "base/vec.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NESTED_MOST = 12, PLACES_MOST = 20000 };

/* A table that is open at this place of the text. */
struct opened {
	char path[PLACE_PATH_SIZE];
	bool wanted;         /* within the experiment's table */
	unsigned unnamed;    /* entries without a name so far */
	unsigned brackets;   /* round ones that are open in it */
	bool at_entry;       /* the next token begins an entry */
	char entry[96];      /* the path of the entry that is being read */
};

struct scan {
	struct spec_places *places;
	const char *at, *end, *line_begin;
	int line;
	struct opened opened[NESTED_MOST];
	unsigned depth;
	unsigned too_deep;   /* tables open beyond that */
	bool experiment_next; /* the word stood just before */
};

static int column_of(const struct scan *scan, const char *at)
{
	return (int)(at - scan->line_begin) + 1;
}

static bool is_name_byte(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* -- tokens --------------------------------------------------------------------------------- */

static void step(struct scan *scan)
{
	if (*scan->at++ == '\n') {
		scan->line++;
		scan->line_begin = scan->at;
	}
}

/* "[==[": how many equal signs, or -1. */
static int long_bracket(const struct scan *scan)
{
	const char *at = scan->at;
	int level = 0;

	if (at == scan->end || *at++ != '[')
		return -1;
	while (at < scan->end && *at == '=') {
		level++;
		at++;
	}
	return at < scan->end && *at == '[' ? level : -1;
}

static bool closes_long(const struct scan *scan, int level)
{
	const char *at = scan->at + 1;
	int i;

	for (i = 0; i < level; i++)
		if (at == scan->end || *at++ != '=')
			return false;
	return at < scan->end && *at == ']';
}

static void skip_long(struct scan *scan, int level)
{
	while (scan->at < scan->end && !(*scan->at == ']' && closes_long(scan, level)))
		step(scan);
	if (scan->at < scan->end)
		scan->at += level + 2;
}

static void skip_comment(struct scan *scan)
{
	int level;

	scan->at += 2;
	level = long_bracket(scan);
	if (level >= 0) {
		skip_long(scan, level);
		return;
	}
	while (scan->at < scan->end && *scan->at != '\n')
		step(scan);
}

static void skip_string(struct scan *scan)
{
	char quote = *scan->at;

	step(scan);
	while (scan->at < scan->end && *scan->at != quote && *scan->at != '\n') {
		if (*scan->at == '\\' && scan->at + 1 < scan->end)
			step(scan);
		step(scan);
	}
	if (scan->at < scan->end && *scan->at == quote)
		step(scan);
}

static void skip_blanks(struct scan *scan)
{
	for (;;) {
		while (scan->at < scan->end && isspace((unsigned char)*scan->at))
			step(scan);
		if (scan->end - scan->at < 2 || scan->at[0] != '-' || scan->at[1] != '-')
			return;
		skip_comment(scan);
	}
}

/* -- entries -------------------------------------------------------------------------------- */

static void join(char ret[static PLACE_PATH_SIZE], const char *path, const char *name, size_t size)
{
	snprintf(ret, PLACE_PATH_SIZE, "%.60s%s%.*s", path, *path != '\0' ? "." : "",
		 (int)(size < 30 ? size : 30), name);
}

/* False when memory is out. */
static bool note(struct scan *scan, const char *path, const char *at, int line)
{
	struct spec_places *places = scan->places;
	struct spec_place *place;

	if (places->count == PLACES_MOST)
		return true;
	if (!VEC_RESERVE(places->items, places->capacity, places->count + 1))
		return false;
	place = &places->items[places->count++];
	snprintf(place->path, sizeof place->path, "%s", path);
	place->line = line;
	place->column = column_of(scan, at);
	return true;
}

/* `name =` or `["name"] =` at the cursor: the name, and the cursor behind the equal sign. */
static bool take_key(struct scan *scan, const char **ret_name, size_t *ret_size)
{
	struct scan at = *scan;
	const char *name;
	size_t size;

	if (*at.at == '[') {
		at.at++;
		skip_blanks(&at);
		if (at.at == at.end || (*at.at != '"' && *at.at != '\''))
			return false;
		name = at.at + 1;
		skip_string(&at);
		if (at.at - name < 1 || at.at[-1] != name[-1])
			return false;
		size = (size_t)(at.at - name) - 1;
		skip_blanks(&at);
		if (at.at == at.end || *at.at++ != ']')
			return false;
	} else {
		for (name = at.at; at.at < at.end && is_name_byte(*at.at); at.at++)
			;
		size = (size_t)(at.at - name);
	}
	skip_blanks(&at);
	if (size == 0 || at.end - at.at < 1 || at.at[0] != '=' ||
	    (at.end - at.at > 1 && at.at[1] == '='))
		return false;
	at.at++;
	*ret_name = name;
	*ret_size = size;
	*scan = at;
	return true;
}

static bool begin_entry(struct scan *scan, struct opened *table)
{
	const char *name, *at = scan->at;
	char number[16], entry[PLACE_PATH_SIZE];
	int line = scan->line;
	size_t size;
	struct scan before = *scan;

	table->at_entry = false;
	if (!take_key(scan, &name, &size)) {
		size = (size_t)snprintf(number, sizeof number, "%u", ++table->unnamed);
		name = number;
	}
	join(entry, table->path, name, size);
	memcpy(table->entry, entry, sizeof table->entry);
	/* Where the key began, even if the equal sign is on another line. */
	before.places = scan->places;
	return note(&before, table->entry, at, line);
}

static void open_table(struct scan *scan)
{
	const struct opened *outer = scan->depth > 0 ? &scan->opened[scan->depth - 1] : NULL;
	struct opened *table;

	scan->at++;
	if (scan->depth == NESTED_MOST) {
		scan->too_deep++;
		return;
	}
	table = &scan->opened[scan->depth++];
	*table = (struct opened){ .at_entry = true, .wanted = scan->experiment_next };
	if (outer != NULL && outer->wanted)
		table->wanted = true;
	if (outer != NULL && !scan->experiment_next)
		memcpy(table->path, outer->entry, sizeof table->path);
}

static void close_table(struct scan *scan)
{
	scan->at++;
	if (scan->too_deep > 0)
		scan->too_deep--;
	else if (scan->depth > 0)
		scan->depth--;
}

static void take_mark(struct scan *scan, struct opened *table)
{
	char c = *scan->at++;

	if (table == NULL || scan->too_deep > 0)
		return;
	if (c == '(')
		table->brackets++;
	else if (c == ')' && table->brackets > 0)
		table->brackets--;
	else if ((c == ',' || c == ';') && table->brackets == 0)
		table->at_entry = true;
}

static void take_word(struct scan *scan)
{
	const char *word = scan->at;

	while (scan->at < scan->end && is_name_byte(*scan->at))
		scan->at++;
	if (scan->at - word != 10 || memcmp(word, "experiment", 10) != 0)
		return;
	scan->experiment_next = true;
	scan->places->line = scan->line;
	scan->places->column = column_of(scan, word);
}

static bool take_token(struct scan *scan)
{
	struct opened *table = scan->depth > 0 ? &scan->opened[scan->depth - 1] : NULL;
	bool was_experiment = scan->experiment_next;
	int level = long_bracket(scan);

	if (table != NULL && table->at_entry && scan->too_deep == 0 && *scan->at != '}')
		return begin_entry(scan, table);
	if (*scan->at == '{')
		open_table(scan);
	else if (*scan->at == '}')
		close_table(scan);
	else if (*scan->at == '"' || *scan->at == '\'')
		skip_string(scan);
	else if (level >= 0)
		skip_long(scan, level);
	else if (is_name_byte(*scan->at))
		take_word(scan);
	else
		take_mark(scan, table);
	/* `experiment(` may come before the brace. */
	if (was_experiment && scan->at[-1] != '(')
		scan->experiment_next = false;
	return true;
}

int spec_places_find(struct spec_places *ret, const char *bytes, size_t size)
{
	struct scan scan = { .places = ret, .at = bytes, .end = bytes + size, .line_begin = bytes,
			     .line = 1 };

	*ret = (struct spec_places){ .line = 1, .column = 1 };
	for (skip_blanks(&scan); scan.at < scan.end; skip_blanks(&scan)) {
		if (!take_token(&scan)) {
			spec_places_done(ret);
			return -ENOMEM;
		}
	}
	return 0;
}

void spec_places_done(struct spec_places *places)
{
	free(places->items);
	*places = (struct spec_places){ .line = 1, .column = 1 };
}

/* -- looking up ----------------------------------------------------------------------------- */

static const struct spec_place *find(const struct spec_places *places, const char *path,
				     size_t size)
{
	size_t i;

	for (i = 0; i < places->count; i++)
		if (strlen(places->items[i].path) == size &&
		    memcmp(places->items[i].path, path, size) == 0)
			return &places->items[i];
	return NULL;
}

/* By its last name alone, wherever that is a key. */
static const struct spec_place *find_by_end(const struct spec_places *places, const char *path)
{
	const char *dot = strrchr(path, '.'), *name = dot != NULL ? dot + 1 : path;
	size_t i;

	if (isdigit((unsigned char)*name))
		return NULL;
	for (i = 0; i < places->count; i++) {
		const char *there = strrchr(places->items[i].path, '.');

		if (strcmp(there != NULL ? there + 1 : places->items[i].path, name) == 0)
			return &places->items[i];
	}
	return NULL;
}

void spec_places_look_up(const struct spec_places *places, const char *path, int *ret_line,
			 int *ret_column)
{
	const struct spec_place *place = find(places, path, strlen(path));
	size_t size = strlen(path);

	if (place == NULL)
		place = find_by_end(places, path);
	while (place == NULL && size > 0) {
		while (size > 0 && path[--size] != '.')
			;
		place = size > 0 ? find(places, path, size) : NULL;
	}
	*ret_line = place != NULL ? place->line : places->line;
	*ret_column = place != NULL ? place->column : places->column;
}

int spec_places_column(const char *bytes, size_t size, int line, const char *word,
		       size_t word_size)
{
	const char *at = bytes, *end = bytes + size, *found, *newline;

	for (; line > 1 && at < end; line--) {
		newline = memchr(at, '\n', (size_t)(end - at));
		at = newline != NULL ? newline + 1 : end;
	}
	newline = memchr(at, '\n', (size_t)(end - at));
	if (newline != NULL)
		end = newline;
	found = word_size > 0 ? memmem(at, (size_t)(end - at), word, word_size) : NULL;
	return found != NULL ? (int)(found - at) + 1 : 1;
}
