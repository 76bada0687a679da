/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Growing arrays: a pointer, a count and a capacity that live in the caller's struct. */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include <stdbool.h>
#include <stddef.h>

/* Makes room for `count` items; false (and nothing changed) when memory is out. */
bool vec_reserve(void **items, size_t *capacity, size_t count, size_t item_size);

#define VEC_RESERVE(items, capacity, count) \
	vec_reserve((void **)&(items), &(capacity), (count), sizeof *(items))

#endif
