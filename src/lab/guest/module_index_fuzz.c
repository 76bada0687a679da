/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes up to the first NUL are modules.builtin, those behind it modules.dep. */
#include "lab/guest/module_index.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static int path_look(struct cursor path, void *context)
{
	const struct module_index *index = context;

	/* What comes out lies in what went in. */
	if (path.at < index->dependencies.at || path.end > index->dependencies.end ||
	    path.at > path.end)
		abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const char *text = (const char *)bytes;
	size_t first = size > 0 ? strnlen(text, size) : 0;
	size_t second = first < size ? first + 1 : size;
	struct module_index index = { cursor_over(text + second, size - second),
				      cursor_over(text, first) };

	module_is_builtin(&index, "ext4");
	module_walk(&index, "virtio_blk", path_look, &index);
	module_walk(&index, "a", path_look, &index);
	return 0;
}
