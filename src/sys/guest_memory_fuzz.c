/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whatever smaps says: areas have a beginning before their end. */
#include "sys/guest_memory.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy of exactly that size: one byte past it is found. */
	char *bytes = malloc(size > 0 ? size : 1);
	struct memory_areas areas;
	size_t i;

	if (bytes == NULL)
		abort();
	memcpy(bytes, data, size);
	if (memory_areas_parse(bytes, size, &areas) == 0) {
		for (i = 0; i < areas.count; i++)
			if (areas.areas[i].start >= areas.areas[i].end)
				__builtin_trap();
		memory_areas_done(&areas);
	}
	free(bytes);
	return 0;
}
