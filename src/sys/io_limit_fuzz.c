/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whatever a file of limits says: what comes out is a limit or none, and a name is within. */
#include "sys/io_limit.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_limit(int64_t limit)
{
	if (limit < 0)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy of exactly that size: one byte past it is found. */
	char *bytes = malloc(size > 0 ? size : 1);
	struct io_device device = { 8, 16 };
	size_t taken = 0;

	if (bytes == NULL)
		abort();
	memcpy(bytes, data, size);
	if (io_device_parse(bytes, size, &device, &taken) == 0 && taken > size)
		__builtin_trap();
	for (int key = 0; key < IO_LIMIT_KEY_COUNT; key++)
		check_limit(io_max_find(bytes, size, device, key));
	check_limit(io_throttle_find(bytes, size, device));
	free(bytes);
	return 0;
}
