/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files in a capture that are the capture's own and not the host's: `about`, `events` and
 * `same-files` (doc/format/capture.md), as bytes. Whoever made them is a stranger: every line
 * is checked, and a bad one is named.
 */
#ifndef SYS_CAPTURE_FILES_H
#define SYS_CAPTURE_FILES_H

#include "base/map.h"
#include "sys/root.h"

#define CAPTURE_MAGIC "truce-capture"
#define CAPTURE_FORMAT 1
/* No file of the capture's own is larger; each is read at once. */
#define CAPTURE_FILE_MOST (64u << 20)

struct capture_about {
	uint64_t realtime_usec;  /* at the capture's start, and so is the next */
	uint64_t monotonic_usec;
	uint64_t duration_usec;  /* 0: one instant */
	long ticks_per_second;
	long page_size;
};

/* When a process, or a file descriptor of one, was there. */
struct capture_life {
	uint64_t born_usec; /* all relative to the capture's start */
	uint64_t gone_usec; /* UINT64_MAX: outlives it */
	size_t earlier;     /* index + 1 of the life before under the same number, or 0 */
};

struct capture_events {
	struct root_event *events; /* in order of time, monotonic_usec relative to the start */
	size_t event_count, event_capacity;
	struct capture_life *lives;
	size_t life_count, life_capacity;
	struct map last_life; /* capture_key -> index + 1 of the latest life */
	struct map thread_process; /* tid -> pid, of threads that made a VM */
};

/* What a life, or a pair of equal descriptors, is known by; fd -1 is the process itself. */
static inline uint64_t capture_key(pid_t pid, int fd)
{
	return (uint64_t)(uint32_t)pid << 32 | (uint32_t)(fd + 1);
}

/* `name` is the file's, for the sentence. */
int capture_about_parse(struct capture_about *ret, const char *bytes, size_t size,
			const char *name, struct error *err);
int capture_events_parse(struct capture_events *ret, const char *bytes, size_t size,
			 const char *name, struct error *err);
void capture_events_done(struct capture_events *events);
/* Whether it is there at a time; true for whatever has no line in the events. */
bool capture_is_there(const struct capture_events *events, pid_t pid, int fd, uint64_t usec);

/* "PID/FD PID/FD ..." are one open file, and so is a later line that begins with one of them;
 * fills capture_key -> number of the first such line. */
int capture_same_files_parse(struct map *ret, const char *bytes, size_t size, const char *name,
			     struct error *err);

#endif
