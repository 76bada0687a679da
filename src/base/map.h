/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hash map from a 64-bit key to a pointer, open addressing. Key 0 is allowed. Allocates only
 * when it grows. Iteration order is none: whoever prints sorts first.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_slot {
	uint64_t key;
	void *value; /* NULL: free */
};

struct map {
	struct map_slot *slots;
	size_t capacity; /* 0 or a power of two */
	size_t count;
};

void map_init(struct map *map);
void map_done(struct map *map);
/* Value must not be NULL. False when memory is out. Replaces. */
bool map_put(struct map *map, uint64_t key, void *value);
void *map_get(const struct map *map, uint64_t key);
/* Returns what was there, or NULL. */
void *map_remove(struct map *map, uint64_t key);
/* for (size_t at = 0; (slot = map_next(map, &at)) != NULL; ) */
struct map_slot *map_next(const struct map *map, size_t *at);

#endif
