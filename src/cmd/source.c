/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/source.h"

#include "base/clock.h"
#include "base/error.h"
#include "cmd/interrupt.h"
#include "cmd/source_make.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

static int wake_open(struct error *err)
{
	struct epoll_event readable = { .events = EPOLLIN };
	int fd = epoll_create1(EPOLL_CLOEXEC);

	if (fd < 0)
		return error_errno(err, -errno, "cannot make an epoll descriptor");
	interrupt_catch();
	if (interrupt_fd() >= 0)
		epoll_ctl(fd, EPOLL_CTL_ADD, interrupt_fd(), &readable);
	return fd;
}

int source_open(const struct source_spec *spec, struct source **ret, struct error *err)
{
	int wake_fd, r;

	if (spec->root != NULL && spec->replay != NULL)
		return error_set(err, -EINVAL, "--root and --replay exclude each other");
	wake_fd = wake_open(err);
	if (wake_fd < 0)
		return wake_fd;
	if (spec->replay != NULL)
		r = source_replay_open(spec, ret, err);
	else
		r = source_host_open(spec, wake_fd, ret, err);
	if (r < 0) {
		close(wake_fd);
		return r;
	}
	(*ret)->wake_fd = wake_fd;
	(*ret)->watched_fd = -1;
	(*ret)->interval_usec = spec->interval_usec != 0 ? spec->interval_usec : USEC_PER_SEC;
	return 0;
}

void source_close(struct source *source)
{
	int wake_fd;

	if (source == NULL)
		return;
	wake_fd = source->wake_fd;
	source->ops->close(source);
	close(wake_fd);
}

int source_sleep(struct source *source)
{
	struct pollfd waiting = { .fd = source->wake_fd, .events = POLLIN };

	for (;;) {
		uint64_t now = clock_monotonic_usec();
		uint64_t left = source->due_usec > now ? source->due_usec - now : 0;
		struct timespec timeout = { (time_t)(left / USEC_PER_SEC),
					    (long)(left % USEC_PER_SEC * 1000) };
		int r = ppoll(&waiting, 1, &timeout, NULL);

		if (r > 0)
			return 0;
		if (r == 0 && left == 0)
			return 1;
	}
}

/* Counted from the moment that the snapshot was asked for, so that intervals do not drift by
 * what a tick takes. */
static void make_due(struct source *source)
{
	uint64_t now = clock_monotonic_usec();

	source->due_usec += source->interval_usec;
	if (source->due_usec < now || source->due_usec > now + source->interval_usec)
		source->due_usec = now + source->interval_usec;
}

int source_next(struct source *source, const struct snapshot **ret, struct error *err)
{
	int r;

	if (interrupt_signal() != 0)
		return 0;
	r = source->ops->next(source, ret, err);
	make_due(source);
	return r;
}

int source_next_events(struct source *source, const struct snapshot **ret, struct error *err)
{
	return interrupt_signal() != 0 ? 0 : source->ops->next_events(source, ret, err);
}

int source_take(struct source *source, const struct snapshot **ret, struct error *err)
{
	make_due(source);
	return source->ops->take(source, ret, err);
}

int source_wait(struct source *source, int fd)
{
	struct epoll_event readable = { .events = EPOLLIN };

	if (fd != source->watched_fd && source->watched_fd >= 0)
		epoll_ctl(source->wake_fd, EPOLL_CTL_DEL, source->watched_fd, NULL);
	if (fd != source->watched_fd && fd >= 0)
		epoll_ctl(source->wake_fd, EPOLL_CTL_ADD, fd, &readable);
	source->watched_fd = fd;
	return source->ops->wait(source);
}

void source_set_interval(struct source *source, uint64_t interval_usec)
{
	source->interval_usec = interval_usec;
	source->due_usec = clock_monotonic_usec() + interval_usec;
}

int source_seek(struct source *source, uint64_t realtime_usec, struct error *err)
{
	if (source->ops->seek == NULL)
		return error_set(err, -ENOTSUP, "only a recording can be sought in");
	return source->ops->seek(source, realtime_usec, err);
}

bool source_span(const struct source *source, uint64_t *ret_first_usec, uint64_t *ret_last_usec)
{
	return source->ops->span != NULL && source->ops->span(source, ret_first_usec, ret_last_usec);
}

bool source_is_replay(const struct source *source)
{
	return source->ops->seek != NULL;
}

const char *source_warning(struct source *source)
{
	return source->ops->warning(source);
}
