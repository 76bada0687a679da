/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ksm/frequent.h"

#include <stdlib.h>

enum { CANDIDATES = 4096, FOUND_AT_FIRST = 1024 };

bool frequent_init(struct frequent *frequent)
{
	*frequent = (struct frequent){ .found_capacity = FOUND_AT_FIRST };
	frequent->candidates = calloc(CANDIDATES, sizeof *frequent->candidates);
	frequent->found = calloc(FOUND_AT_FIRST, sizeof *frequent->found);
	return frequent->candidates != NULL && frequent->found != NULL;
}

void frequent_done(struct frequent *frequent)
{
	free(frequent->candidates);
	free(frequent->found);
	*frequent = (struct frequent){ 0 };
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

uint64_t frequent_meet(struct frequent *frequent, uint64_t hash)
{
	struct frequent_slot *slot = &frequent->candidates[hash >> 52];
	uint64_t count;

	if (frequent->found_count > 0 &&
	    *place_of(frequent->found, frequent->found_capacity, hash) == hash)
		return 1;
	if (slot->count == 0)
		slot->hash = hash;
	if (slot->hash != hash) {
		slot->count--;
		return 0;
	}
	count = ++slot->count;
	if (count < FREQUENT_LEAST || !remember(frequent, hash))
		return 0;
	slot->count = 0;
	return count;
}
