/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/warnings.h"

#include "cmd/source.h"
#include "cmd/verb.h"
#include "ledger/ledger.h"
#include "ledger/past.h"

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

bool warnings_tell_torn(const struct verb *verb, const struct adjustments *adjustments)
{
	if (adjustments->torn == 0)
		return false;
	verb_warn(verb, "%zu line%s of the ledger could not be read (cut by a crash or a full disk); the "
		  "others are there", adjustments->torn, adjustments->torn == 1 ? "" : "s");
	return true;
}
