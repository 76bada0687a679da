/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/error.h"
#include "control/request.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct control_request request;
	struct error err = { 0 };

	if (control_request_parse((const char *)data, size, &request, &err) < 0) {
		if (err.text[0] == '\0' || request.json != NULL)
			abort();
		return 0;
	}
	if (request.what >= CONTROL_DO_COUNT || (request.what == CONTROL_SET && request.value == NULL) ||
	    (request.vm != NULL && strlen(request.vm) > 256))
		abort();
	control_request_done(&request);
	return 0;
}
