/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest that says anything at any time, between whatever its host asks: each input is turns of
 * one byte that says what the host does (0: nothing), one of a size, and as many bytes of the
 * guest. What the host is told must keep to link.h: nothing after LOST, stamps not ahead of
 * the clock, texts that are printable. */
#include "lab/link/link.h"

#include "base/clock.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_event(const struct link_event *event)
{
	const char *at;

	if (event->job > AGENT_JOB_MAX || event->at_nsec > clock_monotonic_nsec())
		abort();
	if ((event->kind == LINK_FAILURE || event->kind >= LINK_DOUBT) && event->text == NULL)
		abort();
	for (at = event->text; at != NULL && *at != '\0'; at++)
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			abort();
	if (event->kind == LINK_DONE && event->progress->results.size > AGENT_TEXT_MAX)
		abort();
}

static void ask(struct link *link, uint8_t what)
{
	uint16_t job = what >> 4;

	switch (what & 7) {
	case 1:
		link_prepare(link, job, "cpu-integer", 0);
		break;
	case 2:
		link_start(link, job, 0);
		break;
	case 3:
		link_stop(link, job);
		break;
	case 4:
		link_count(link);
		break;
	case 5:
		link_freeze(link, "/data", 100);
		break;
	case 6:
		link_thaw(link);
		break;
	}
}

static bool events_take(struct link *link)
{
	struct link_event event;

	while (link_next(link, &event)) {
		check_event(&event);
		if (event.kind != LINK_LOST)
			continue;
		if (link_next(link, &event) || link_wants(link) != 0)
			abort();
		return false;
	}
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct link *link;
	size_t at = 0;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0 || link_new(fds[0], "vm", &link, NULL) < 0)
		abort();
	while (at + 2 <= size) {
		size_t some = data[at + 1] < size - at - 2 ? data[at + 1] : size - at - 2;

		ask(link, data[at]);
		if (some > 0 && write(fds[1], data + at + 2, some) != (ssize_t)some)
			abort();
		at += 2 + some;
		link_turn(link, some > 0 ? POLLIN : 0);
		if (!events_take(link))
			break;
	}
	link_free(link);
	close(fds[1]);
	return 0;
}
