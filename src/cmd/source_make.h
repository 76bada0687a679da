/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the makes of a source share: source_host.c (live and captured) and source_replay.c. */
#ifndef CMD_SOURCE_MAKE_H
#define CMD_SOURCE_MAKE_H

#include "cmd/source.h"

struct source_ops {
	/* Waiting or not, as source.h says; 1, 0 at the end, or negative. */
	int (*next)(struct source *source, const struct snapshot **ret, struct error *err);
	int (*next_events)(struct source *source, const struct snapshot **ret, struct error *err);
	int (*take)(struct source *source, const struct snapshot **ret, struct error *err);
	int (*wait)(struct source *source);
	int (*seek)(struct source *source, uint64_t realtime_usec, struct error *err);
	bool (*span)(const struct source *source, uint64_t *ret_first, uint64_t *ret_last);
	const char *(*warning)(struct source *source);
	void (*close)(struct source *source);
};

struct source {
	const struct source_ops *ops;
	uint64_t interval_usec;
	uint64_t due_usec;    /* of the next snapshot, by this machine's monotonic clock */
	int wake_fd;          /* an epoll descriptor: readable after a signal, or by watched_fd */
	int watched_fd;       /* the verb's, -1: none */
};

int source_host_open(const struct source_spec *spec, int wake_fd, struct source **ret,
		     struct error *err);
int source_replay_open(const struct source_spec *spec, struct source **ret, struct error *err);

/* Until the next snapshot is due (1), or wake_fd is readable (0). */
int source_sleep(struct source *source);

#endif
