/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/need.h"

#include "base/error.h"
#include "cmd/source.h"

#include <errno.h>
#include <string.h>

int need_parse(const char *with, struct source_spec *spec, struct error *err)
{
	size_t length;

	for (; with != NULL && *with != '\0'; with += length + (with[length] == ',')) {
		length = strcspn(with, ",");
		if (length == strlen("maps") && memcmp(with, "maps", length) == 0)
			spec->with_maps = true;
		else if (length == strlen("balloon") && memcmp(with, "balloon", length) == 0)
			spec->with_owner = true;
		else
			return error_set(err, -EINVAL, "--with takes maps and balloon, not \"%.*s\"",
					 (int)(length < 40 ? length : 40), with);
	}
	return 0;
}
