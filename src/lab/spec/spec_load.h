/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A spec while it is made: its texts' memory, and what is wrong with it. A mistake ends nothing:
 * all that can be found are told together, each once. Shared by the files spec*.c alone.
 */
#ifndef LAB_SPEC_SPEC_LOAD_H
#define LAB_SPEC_SPEC_LOAD_H

#include "lab/spec/spec.h"
#include "lab/spec/spec_entry.h"
#include "lab/spec/spec_places.h"

enum { SPEC_PROBLEMS_MOST = 50 };

struct spec_problem {
	int line, column;
	char text[400];
};

struct spec_load_state {
	struct spec *spec;
	struct spec_places places;
	struct spec_problem problems[SPEC_PROBLEMS_MOST];
	size_t problem_count;
	bool out_of_memory;
};

/* NULL-free: where memory is out it returns "" and the load fails with -ENOMEM. */
const char *spec_keep(struct spec_load_state *load, const char *bytes, size_t size);
void *spec_keep_bytes(struct spec_load_state *load, size_t size);
const char *spec_keep_format(struct spec_load_state *load, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

void spec_problem_at(struct spec_load_state *load, int line, int column, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* At the entry of that path, or where one of that name would be. */
void spec_problem(struct spec_load_state *load, const char *path, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* spec_fields.c: the entries of one cell; *machine, *ret_load and what the whole spec says are
 * filled in. */
void spec_fields_read(struct spec_load_state *load, const struct spec_entries *entries,
		      struct spec_machine *machine, struct spec_load *ret_load);
/* Whether it may stand in vary. */
bool spec_field_varies(const char *path);
/* What no experiment has is a mistake: the nearest word is told. */
void spec_fields_check_known(struct spec_load_state *load, const struct spec_entries *entries);
/* Words that a path or a name of a factor may have been meant to be; NULL: none is near. */
const char *spec_field_nearest(const char *path);
/* The word's place in the list, which ends in NULL; -1 with the problem told. */
int spec_take_word(struct spec_load_state *load, const struct spec_entry *entry,
		   const char *const *words);
void spec_value_append(struct str *str, const struct spec_value *value);
/* Before this path is said anew: what was said of its parts goes, where one word stands for them
 * (ksm = "on" for ksm.state, a line of text for a workload's table). */
void spec_fields_make_room(struct spec_entries *entries, const char *path);

/* spec_cells.c: factors, cells, baselines, controls. */
void spec_cells_make(struct spec_load_state *load, const struct spec_entries *entries);

#endif
