/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The experiment's table, flat: each text, number, quantity and switch in it with its path
 * ("vms.count", "vary.1.2"), sorted by path. What a cell changes is an entry more, or another
 * value in an entry. Texts belong to the spec that they are read for.
 */
#ifndef LAB_SPEC_SPEC_ENTRY_H
#define LAB_SPEC_SPEC_ENTRY_H

#include "decide/lua_quantity.h"

#include <stdbool.h>
#include <stddef.h>

struct error;
struct spec_load_state;

enum spec_value_kind { SPEC_TEXT, SPEC_NUMBER, SPEC_SWITCH };

struct spec_value {
	enum spec_value_kind kind;
	const char *text;         /* SPEC_TEXT */
	struct quantity quantity; /* SPEC_NUMBER; unit QUANTITY_PLAIN: a plain number */
	bool on;                  /* SPEC_SWITCH */
};

struct spec_entry {
	const char *path;
	const char *place;        /* the path that it was written under, for sentences */
	struct spec_value value;
};

struct spec_entries {
	struct spec_entry *items; /* sorted by path, numbers in it as numbers */
	size_t count, capacity;
};

/* Runs the file and flattens what it returns; problems go to the state. -EINVAL, -ENOMEM. */
int spec_entries_read(struct spec_load_state *load, struct spec_entries *ret);
void spec_entries_done(struct spec_entries *entries);

int spec_path_compare(const char *a, const char *b);
struct spec_entry *spec_entries_find(const struct spec_entries *entries, const char *path);
/* In its place; an entry of that path is replaced. -ENOMEM. */
int spec_entries_set(struct spec_entries *entries, const char *path, const char *place,
		     const struct spec_value *value);
/* The path itself and all below it. */
void spec_entries_remove(struct spec_entries *entries, const char *path);
int spec_entries_copy(struct spec_entries *to, const struct spec_entries *from);
bool spec_path_is_below(const char *path, const char *above);
bool spec_value_equal(const struct spec_value *a, const struct spec_value *b);

#endif
