/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/vec.h"

#include <stdint.h>
#include <stdlib.h>

bool vec_reserve(void **items, size_t *capacity, size_t count, size_t item_size)
{
	size_t wanted = *capacity != 0 ? *capacity : 8;
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
