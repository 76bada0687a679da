/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where in the file an entry of the experiment's table stands, since Lua's tables do not know.
 * Of the text alone: what is not written as a literal table behind `experiment` (made in a loop,
 * named before) is found by its last name, or not at all.
 */
#ifndef LAB_SPEC_SPEC_PLACES_H
#define LAB_SPEC_SPEC_PLACES_H

#include <stddef.h>

enum { PLACE_PATH_SIZE = 96 };

struct spec_place {
	char path[PLACE_PATH_SIZE]; /* "vary.2.3"; entries without a name are numbered from 1 */
	int line, column; /* from 1; columns in bytes */
};

struct spec_places {
	struct spec_place *items;
	size_t count, capacity;
	int line, column; /* of the word experiment; 1, 1 where it is not there */
};

/* -ENOMEM. Any bytes will do. */
int spec_places_find(struct spec_places *ret, const char *bytes, size_t size);
void spec_places_done(struct spec_places *places);
/* The entry's own, else the nearest enclosing one's, else the experiment's. */
void spec_places_look_up(const struct spec_places *places, const char *path, int *ret_line,
			 int *ret_column);
/* The first place of these bytes in a line, from 1; 1 where they are not in it. */
int spec_places_column(const char *bytes, size_t size, int line, const char *word,
		       size_t word_size);

#endif
