/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Snapshots of a host that is observed: this machine, or a captured one. The captured one has a
 * clock of its own, which the observer moves: waiting for it takes no time.
 */
#include "base/clock.h"
#include "base/error.h"
#include "cmd/source_make.h"
#include "observe/observe.h"
#include "sys/root.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>

/* Whoever watches a host that is drowning must not drown with it: a recorder beside 200 spinning
 * threads of its own session came to one tick in seven. It needs a thousandth of a CPU. */
#define WATCHER_NICE (-10)

struct source_host {
	struct source source;
	struct root *root;
	struct observe *observe;
	bool begun;
};

static struct source_host *host_of(struct source *source)
{
	return (struct source_host *)source;
}

static int host_tick(struct source_host *host, const struct snapshot **ret, struct error *err)
{
	int r = observe_tick(host->observe, err);

	if (r < 0)
		return r;
	host->begun = true;
	*ret = observe_snapshot(host->observe);
	return 1;
}

/* Changes on the way are in the list by then; 0, or -EINTR. */
static int host_wait_until(struct source_host *host, uint64_t monotonic_usec)
{
	int r;

	do {
		r = observe_wait(host->observe, monotonic_usec);
	} while (r == 1);
	return r;
}

/* Where the clock is this machine's, source->due_usec is a time of it. */
static uint64_t host_due(struct source_host *host)
{
	if (!host->begun)
		return root_monotonic_usec(host->root);
	if (root_is_captured(host->root))
		return root_monotonic_usec(host->root) + host->source.interval_usec;
	return host->source.due_usec;
}

static int host_next(struct source *source, const struct snapshot **ret, struct error *err)
{
	struct source_host *host = host_of(source);

	if (host_wait_until(host, host_due(host)) < 0)
		return 0;
	return host_tick(host, ret, err);
}

static int host_next_captured_events(struct source_host *host, const struct snapshot **ret)
{
	uint64_t end = root_end_usec(host->root);
	bool ended = root_monotonic_usec(host->root) >= end;
	int r = observe_wait(host->observe, end);

	if (r < 0 || (r == 0 && ended))
		return 0;
	observe_tick_events(host->observe);
	*ret = observe_snapshot(host->observe);
	return 1;
}

static int host_next_events(struct source *source, const struct snapshot **ret, struct error *err)
{
	struct source_host *host = host_of(source);
	int r;

	if (root_is_captured(host->root))
		return host_next_captured_events(host, ret);
	r = observe_wait(host->observe, host_due(host));
	if (r < 0)
		return 0;
	if (r == 0) {
		source->due_usec = root_monotonic_usec(host->root) + source->interval_usec;
		return host_tick(host, ret, err);
	}
	observe_tick_events(host->observe);
	*ret = observe_snapshot(host->observe);
	return 1;
}

static int host_take(struct source *source, const struct snapshot **ret, struct error *err)
{
	struct source_host *host = host_of(source);

	if (root_is_captured(host->root))
		host_wait_until(host, host_due(host));
	return host_tick(host, ret, err);
}

static int host_wait(struct source *source)
{
	struct source_host *host = host_of(source);

	if (root_is_captured(host->root))
		return source_sleep(source);
	return host_wait_until(host, source->due_usec) == 0;
}

static const char *host_warning(struct source *source)
{
	return observe_warning(host_of(source)->observe);
}

static void host_close(struct source *source)
{
	struct source_host *host = host_of(source);

	observe_free(host->observe);
	root_free(host->root);
	free(host);
}

static const struct source_ops host_ops = {
	.next = host_next,
	.next_events = host_next_events,
	.take = host_take,
	.wait = host_wait,
	.warning = host_warning,
	.close = host_close,
};

bool source_is_live(const struct source *source)
{
	return source->ops == &host_ops &&
	       !root_is_captured(((const struct source_host *)source)->root);
}

static struct root *open_root(const struct source_spec *spec, struct error *err)
{
	const char *rules = getenv("TRUCE_FAULT");
	struct root *root = spec->root != NULL ? root_captured_new(spec->root, err) : root_live_new();
	struct root *faulty;

	if (root == NULL && spec->root == NULL)
		error_set(err, -ENOMEM, "out of memory");
	if (root == NULL || rules == NULL || *rules == '\0')
		return root;
	faulty = root_faulty_new(root, rules, err); /* root is its own now, failed or not */
	if (faulty == NULL)
		error_prefix(err, "TRUCE_FAULT");
	return faulty;
}

int source_host_open(const struct source_spec *spec, int wake_fd, struct source **ret,
		     struct error *err)
{
	struct source_host *host = calloc(1, sizeof *host);
	struct observe_options options = {
		.with_maps = spec->with_maps,
		.with_owner = spec->with_owner,
		.once = spec->once,
		.watch = spec->watch,
		.interrupt_fd = wake_fd,
	};

	if (host == NULL)
		return error_set(err, -ENOMEM, "out of memory");
	host->source.ops = &host_ops;
	if (spec->root == NULL)
		setpriority(PRIO_PROCESS, 0, WATCHER_NICE); /* best effort: others may not */
	host->root = open_root(spec, err);
	if (host->root != NULL)
		host->observe = observe_new(host->root, &options, err);
	if (host->observe == NULL) {
		root_free(host->root);
		free(host);
		return err != NULL && err->code != 0 ? err->code : -EIO;
	}
	*ret = &host->source;
	return 0;
}
