/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/map.h"

#include <stdlib.h>
#include <string.h>

void map_init(struct map *map)
{
	memset(map, 0, sizeof *map);
}

void map_done(struct map *map)
{
	if (map == NULL)
		return;
	free(map->slots);
	map_init(map);
}

static size_t map_home(const struct map *map, uint64_t key)
{
	/* Fibonacci hashing: process ids are dense, their product's high bits are not. */
	return (size_t)((key * 0x9e3779b97f4a7c15ull) >> 32) & (map->capacity - 1);
}

static struct map_slot *map_find(const struct map *map, uint64_t key)
{
	size_t at = map_home(map, key);

	while (map->slots[at].value != NULL && map->slots[at].key != key)
		at = (at + 1) & (map->capacity - 1);
	return &map->slots[at];
}

static bool map_grow(struct map *map)
{
	struct map bigger = { .capacity = map->capacity != 0 ? map->capacity * 2 : 16 };
	size_t i;

	bigger.slots = calloc(bigger.capacity, sizeof *bigger.slots);
	if (bigger.slots == NULL)
		return false;
	bigger.count = map->count;
	for (i = 0; i < map->capacity; i++)
		if (map->slots[i].value != NULL)
			*map_find(&bigger, map->slots[i].key) = map->slots[i];
	free(map->slots);
	*map = bigger;
	return true;
}

bool map_put(struct map *map, uint64_t key, void *value)
{
	struct map_slot *slot;

	if ((map->count + 1) * 4 > map->capacity * 3 && !map_grow(map))
		return false;
	slot = map_find(map, key);
	if (slot->value == NULL)
		map->count++;
	slot->key = key;
	slot->value = value;
	return true;
}

void *map_get(const struct map *map, uint64_t key)
{
	return map->capacity != 0 ? map_find(map, key)->value : NULL;
}

void *map_remove(struct map *map, uint64_t key)
{
	struct map_slot *slot;
	size_t hole, at;
	void *value;

	if (map->capacity == 0)
		return NULL;
	slot = map_find(map, key);
	value = slot->value;
	if (value == NULL)
		return NULL;
	/* Move later entries of the same run back, so that no search stops at the hole. */
	hole = (size_t)(slot - map->slots);
	for (at = (hole + 1) & (map->capacity - 1); map->slots[at].value != NULL;
	     at = (at + 1) & (map->capacity - 1)) {
		size_t home = map_home(map, map->slots[at].key);

		if (((at - home) & (map->capacity - 1)) >= ((at - hole) & (map->capacity - 1))) {
			map->slots[hole] = map->slots[at];
			hole = at;
		}
	}
	map->slots[hole].value = NULL;
	map->count--;
	return value;
}

struct map_slot *map_next(const struct map *map, size_t *at)
{
	while (*at < map->capacity) {
		struct map_slot *slot = &map->slots[(*at)++];

		if (slot->value != NULL)
			return slot;
	}
	return NULL;
}
