/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/libvirt_status.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct libvirt_status status;

	if (libvirt_status_parse((const char *)data, size, &status) < 0)
		return 0;
	if (strlen(status.state) >= sizeof status.state || strlen(status.class) >= sizeof status.class)
		__builtin_trap();
	return 0;
}
