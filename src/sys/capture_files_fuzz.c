/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first byte says which of a capture's files the rest is. */
#include "sys/capture_files.h"

#include "base/error.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void ask_events(const char *bytes, size_t size, struct error *err)
{
	struct capture_events events;
	size_t i;

	if (capture_events_parse(&events, bytes, size, "events", err) < 0)
		return;
	for (i = 0; i < events.event_count; i++) {
		const struct root_event *event = &events.events[i];

		if (i > 0 && event->monotonic_usec < event[-1].monotonic_usec)
			abort();
		capture_is_there(&events, event->tid, -1, event->monotonic_usec);
		capture_is_there(&events, event->tid, event->vm_fd, event->monotonic_usec);
	}
	capture_events_done(&events);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const char *text = (const char *)bytes + 1;
	struct capture_about about;
	struct error err = { 0 };
	struct map groups;

	if (size == 0)
		return 0;
	switch (bytes[0] % 3) {
	case 0:
		if (capture_about_parse(&about, text, size - 1, "about", &err) == 0 &&
		    (about.ticks_per_second <= 0 || about.page_size <= 0))
			abort();
		break;
	case 1:
		ask_events(text, size - 1, &err);
		break;
	default:
		if (capture_same_files_parse(&groups, text, size - 1, "same-files", &err) == 0)
			map_done(&groups);
	}
	return 0;
}
