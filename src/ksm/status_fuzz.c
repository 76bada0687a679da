/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of recordings that somebody else wrote: what is taken can be shown, and is taken again. */
#include "base/error.h"
#include "base/str.h"
#include "ksm/status.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct status status, again;
	struct error err = { 0 };
	struct str text;

	status_init(&status);
	status_init(&again);
	str_init(&text);
	if (status_parse((const char *)bytes, size, &status, &err) == 0) {
		status_append_text(&status, NULL, 5, 80, &text);
		status_append_live(&status, &status, NULL, 0, 80, &text);
		str_clear(&text);
		status_append_json(&status, NULL, &text);
		if (status_parse(text.data, text.length, &again, &err) < 0)
			abort();
	}
	str_done(&text);
	status_done(&again);
	status_done(&status);
	return 0;
}
