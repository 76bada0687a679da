/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/http_request.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_request request;
	int status = http_request_judge((const char *)data, size, &request);

	if (status == 0 && size >= HTTP_REQUEST_LARGEST)
		abort();
	return 0;
}
