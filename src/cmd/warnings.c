/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/warnings.h"

#include "cmd/source.h"
#include "cmd/verb.h"

#include <stddef.h>

bool warnings_tell(const struct verb *verb, struct source *source)
{
	const char *warning;
	bool any = false;

	while ((warning = source_warning(source)) != NULL) {
		verb_warn(verb, "%s", warning);
		any = true;
	}
	return any;
}
