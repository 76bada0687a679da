/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a verb's snapshots come from: this machine, a captured host (--root DIR) or a recording
 * (--replay FILE). A verb takes one after the other and does not know which it is. A snapshot
 * belongs to the source and holds until the next call; whoever compares two copies the first.
 * A signal (cmd/interrupt.h) ends every wait.
 *
 *     source_open -> { source_next }* -> source_close
 */
#ifndef CMD_SOURCE_H
#define CMD_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct snapshot;
struct source;

struct source_spec {
	const char *root;        /* a captured host, or NULL */
	const char *replay;      /* a recording, or NULL; both: refused */
	uint64_t interval_usec;  /* between two snapshots; 0: 1 s */
	bool with_maps;          /* the expensive needs of observe.h */
	bool with_owner;
	bool once;               /* one or two snapshots and out */
	bool watch;              /* follow births and deaths between the snapshots */
};

/* Catches the signals, opens, scans. TRUCE_FAULT="rules" in the environment makes the root's
 * chosen calls fail, for tests. */
int source_open(const struct source_spec *spec, struct source **ret, struct error *err);
void source_close(struct source *source);

/* The next snapshot, waited for: 1; 0 at the end of a recording or after a signal. The first
 * comes at once. A captured host's clock jumps and a recording is read, so nobody waits. */
int source_next(struct source *source, const struct snapshot **ret, struct error *err);
/* As source_next, but comes back after a birth, a death or a new vCPU as well: then only the
 * events of the snapshot are new. Ends with the event file of a captured host. */
int source_next_events(struct source *source, const struct snapshot **ret, struct error *err);

/* For verbs with a keyboard or clients: waits by the clock on the wall until the next snapshot
 * is due (1), or until fd is readable or a signal came (0). fd may be -1. */
int source_wait(struct source *source, int fd);
/* As source_next, without waiting. */
int source_take(struct source *source, const struct snapshot **ret, struct error *err);
void source_set_interval(struct source *source, uint64_t interval_usec);

/* Recordings only, else -ENOTSUP: the next snapshot is then the first at that time or later. */
int source_seek(struct source *source, uint64_t realtime_usec, struct error *err);
/* Times of the first and the last snapshot; false for what is no recording, or an empty one. */
bool source_span(const struct source *source, uint64_t *ret_first_usec, uint64_t *ret_last_usec);

bool source_is_live(const struct source *source);   /* rates and times are of now */
bool source_is_replay(const struct source *source);
/* A sentence to show when something limits the view; NULL. Each comes once. */
const char *source_warning(struct source *source);

#endif
