/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/uevent.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct root_event event;

	if (uevent_parse((const char *)data, size, &event) && event.tid <= 0)
		__builtin_trap();
	return 0;
}
