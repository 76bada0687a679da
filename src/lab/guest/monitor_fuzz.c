/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of a QEMU that a guest may have taken over, each as it comes from its monitor. */
#include "lab/guest/monitor.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const char *at = (const char *)bytes, *end = at + size;
	struct monitor monitor;

	if (monitor_init(&monitor, -1) < 0)
		return 0;
	/* As after the greeting: with nobody to ask, only what is told remains. */
	monitor.asked = true;
	while (at < end && !monitor.broken) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *stop = newline != NULL ? newline : end;

		monitor_take(&monitor, at, (size_t)(stop - at));
		at = newline != NULL ? newline + 1 : end;
	}
	if (monitor.thread_count > 0 && monitor.threads == NULL)
		abort();
	if (memchr(monitor.disk, '\0', sizeof monitor.disk) == NULL)
		abort();
	monitor_done(&monitor);
	return 0;
}
