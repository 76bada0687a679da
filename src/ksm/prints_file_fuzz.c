/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whatever a file of fingerprints is (its check is made to fit): what is read can be estimated, made
 * a sketch of, and written again as the same bytes. */
#include "base/str.h"
#include "ksm/merging.h"
#include "ksm/prints_file.h"
#include "ksm/sketch.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const struct prints *prints)
{
	struct merging merging;
	struct sketch sketch;
	struct prints again;
	struct str str;
	size_t i;

	if (merging_compute(prints, NULL, &merging) == 0) {
		if (!(merging.saved >= 0))
			__builtin_trap();
		merging_done(&merging);
	}
	for (i = 0; i < prints->vm_count; i++)
		if (sketch_make(prints, &prints->vms[i], &sketch) == 0)
			sketch_done(&sketch);
	str_init(&str);
	prints_append(prints, &str);
	if (prints_parse(str.data, str.length, &again, NULL) < 0)
		__builtin_trap();
	prints_done(&again);
	str_done(&str);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy of exactly that size, and the check behind it: one byte past it is found. */
	char *bytes = malloc(size + 8);
	XXH64_canonical_t check;
	struct prints prints;

	if (bytes == NULL)
		abort();
	memcpy(bytes, data, size);
	XXH64_canonicalFromHash(&check, XXH3_64bits(bytes, size));
	memcpy(bytes + size, check.digest, 8);
	if (prints_parse(bytes, size + 8, &prints, NULL) == 0) {
		use(&prints);
		prints_done(&prints);
	}
	free(bytes);
	return 0;
}
