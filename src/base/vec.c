/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/vec.h"

#include <stdint.h>
#include <stdlib.h>

/* Of large items most have one or two, and there is a list of them for each VM. */
#define LARGE_BYTES 512
#define FIRST_SMALL 8

bool vec_reserve(void **items, size_t *capacity, size_t count, size_t item_size)
{
	size_t wanted = *capacity != 0 ? *capacity : item_size < LARGE_BYTES ? FIRST_SMALL : 1;
	void *moved;

	if (count <= *capacity)
		return true;
	while (wanted < count) {
		if (wanted > SIZE_MAX / 2)
			return false;
		wanted *= 2;
	}
	if (wanted > SIZE_MAX / item_size)
		return false;
	moved = realloc(*items, wanted * item_size);
	if (moved == NULL)
		return false;
	*items = moved;
	*capacity = wanted;
	return true;
}
