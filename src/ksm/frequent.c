/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ksm/frequent.h"

#include <stdlib.h>

enum { ROW_LEAST = 4096, FOUND_AT_FIRST = 1024 };

bool frequent_init(struct frequent *frequent)
{
	*frequent = (struct frequent){ .found_capacity = FOUND_AT_FIRST };
	frequent->found = calloc(FOUND_AT_FIRST, sizeof *frequent->found);
	return frequent->found != NULL;
}

static void free_rows(struct frequent *frequent)
{
	free(frequent->rows[0]);
	free(frequent->rows[1]);
	frequent->rows[0] = frequent->rows[1] = NULL;
}

void frequent_done(struct frequent *frequent)
{
	free_rows(frequent);
	free(frequent->found);
	*frequent = (struct frequent){ 0 };
}

/* A page a counter at the most: few contents have neighbours that many pages have in both rows. */
bool frequent_begin(struct frequent *frequent, uint64_t pages)
{
	free_rows(frequent);
	for (frequent->row_size = ROW_LEAST; frequent->row_size < pages;)
		frequent->row_size *= 2;
	frequent->rows[0] = calloc(frequent->row_size, 1);
	frequent->rows[1] = calloc(frequent->row_size, 1);
	return frequent->rows[0] != NULL && frequent->rows[1] != NULL;
}

/* Where it is, or would be. */
static uint64_t *place_of(uint64_t *found, size_t capacity, uint64_t hash)
{
	size_t at = (size_t)(hash >> 32) & (capacity - 1);

	while (found[at] != 0 && found[at] != hash)
		at = (at + 1) & (capacity - 1);
	return &found[at];
}

static bool grow(struct frequent *frequent)
{
	size_t i, capacity = frequent->found_capacity * 2;
	uint64_t *found = calloc(capacity, sizeof *found);

	if (found == NULL)
		return false;
	for (i = 0; i < frequent->found_capacity; i++)
		if (frequent->found[i] != 0)
			*place_of(found, capacity, frequent->found[i]) = frequent->found[i];
	free(frequent->found);
	frequent->found = found;
	frequent->found_capacity = capacity;
	return true;
}

/* One that finds no room is not told as frequent: the estimate is coarser then, not wrong. */
static bool remember(struct frequent *frequent, uint64_t hash)
{
	if (frequent->found_count * 2 >= frequent->found_capacity && !grow(frequent))
		return false;
	*place_of(frequent->found, frequent->found_capacity, hash) = hash;
	frequent->found_count++;
	return true;
}

static uint8_t count_up(uint8_t *counter)
{
	return *counter < UINT8_MAX ? ++*counter : UINT8_MAX;
}

uint64_t frequent_meet(struct frequent *frequent, uint64_t hash)
{
	size_t mask = frequent->row_size - 1;
	uint8_t one, other;

	if (frequent->found_count > 0 &&
	    *place_of(frequent->found, frequent->found_capacity, hash) == hash)
		return 1;
	one = count_up(&frequent->rows[0][hash & mask]);
	other = count_up(&frequent->rows[1][hash >> 32 & mask]);
	if (one < FREQUENT_LEAST || other < FREQUENT_LEAST || !remember(frequent, hash))
		return 0;
	return FREQUENT_LEAST;
}
