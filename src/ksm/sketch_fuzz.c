/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whatever a sketch's bytes are: one that is taken can be compared, united and written again. */
#include "base/cursor.h"
#include "base/str.h"
#include "ksm/sketch.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const struct sketch *sketch)
{
	struct sketch both[] = { *sketch, *sketch }, united;
	double contents, error;
	struct str str;
	size_t i;

	for (i = 1; i < sketch->count; i++)
		if (sketch->values[i - 1] >= sketch->values[i] || sketch->values[i] >= sketch->below)
			__builtin_trap();
	if (sketch_common(sketch, sketch, &contents, &error, NULL) < 0 || !(contents >= 0))
		__builtin_trap();
	if (sketch_unite(both, 2, &united, NULL) < 0 || united.count != sketch->count)
		__builtin_trap();
	sketch_done(&united);
	str_init(&str);
	sketch_append(sketch, &str);
	str_done(&str);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy of exactly that size: one byte past it is found. */
	char *bytes = malloc(size > 0 ? size : 1);
	struct cursor cursor;
	struct sketch sketch;

	if (bytes == NULL)
		abort();
	memcpy(bytes, data, size);
	cursor = cursor_over(bytes, size);
	while (sketch_take(&cursor, &sketch, NULL) == 0) {
		use(&sketch);
		sketch_done(&sketch);
	}
	free(bytes);
	return 0;
}
