/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Masking keeps the number of arguments; where nothing was masked nothing changed. */
#include "sys/secrets.h"

#include "base/str.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static size_t count_nul(const char *bytes, size_t size)
{
	size_t count = 0, i;

	for (i = 0; i < size; i++)
		count += bytes[i] == '\0';
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct str once;
	size_t masked;

	str_init(&once);
	masked = secrets_mask((const char *)bytes, size, '\0', &once);
	if (count_nul(once.data, once.length) != count_nul((const char *)bytes, size))
		abort();
	if (masked == 0 && once.length != size)
		abort();
	str_done(&once);
	return 0;
}
