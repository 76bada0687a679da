/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whatever apt prints gives lines of four words and a suite, or none. */
#include "lab/image/image_sources.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static unsigned blanks_in(const char *line)
{
	unsigned blanks = 0;

	for (; *line != '\0'; line++)
		blanks += *line == ' ';
	return blanks;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct image_sources sources;

	if (image_sources_parse((const char *)bytes, size, "bookworm", &sources, NULL) < 0)
		return 0;
	if (sources.suite[0] == '\0' || sources.count == 0)
		abort();
	for (size_t i = 0; i < sources.count; i++)
		if (blanks_in(sources.lines[i]) != 4 || strchr(sources.lines[i], '\n') != NULL)
			abort();
	image_sources_done(&sources);
	return 0;
}
