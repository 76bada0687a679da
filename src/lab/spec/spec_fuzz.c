/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any text as an experiment: it is refused with a sentence that has a line and a column, or it
 * becomes cells each of which has what it is compared with. */
#include "base/error.h"
#include "base/str.h"
#include "lab/spec/spec.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct spec *spec)
{
	size_t i;

	if (spec->cell_count < 2 || spec->cell_count > SPEC_CELLS_MOST || spec->name == NULL)
		abort();
	for (i = 0; i < spec->cell_count; i++)
		if (spec->cells[i].compared_with >= spec->cell_count ||
		    spec->cells[i].machine >= spec->machine_count ||
		    spec->cells[i].load.subject == NULL || spec->cells[i].label == NULL)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct spec *spec = NULL;
	struct str problems;
	struct error err = { 0 };

	if (size == 0)
		return 0;
	str_init(&problems);
	if (spec_new((const char *)data + 1, size - 1, "f", data[0] & 1, &spec, &problems, &err) == 0)
		check(spec);
	else if (strncmp(err.text, "f:", 2) != 0 || problems.length == 0)
		abort();
	spec_free(spec);
	str_done(&problems);
	return 0;
}
