/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory that a decider shares with its policy's process (wire.h has its plan): images of
 * snapshots, the state, the source. The process can only read it, and nobody can change its size.
 */
#ifndef DECIDE_ROOM_H
#define DECIDE_ROOM_H

#include "decide/wire.h"

#include <stddef.h>
#include <stdint.h>

struct error;
struct outcome;
struct snapshot;

struct room {
	int fd;
	char *bytes;
	size_t image_capacity[WIRE_IMAGE_COUNT];
};

void room_init(struct room *room);
int room_make(struct room *room, struct error *err);
void room_done(struct room *room);
/* -ENOMEM. */
int room_put(struct room *room, size_t at, const char *bytes, size_t size);
/* Snapshot and outcomes as image `slot`; where the outcomes are for the process.
 * -EOVERFLOW: more than an image holds; -ENOMEM. */
int room_put_image(struct room *room, unsigned slot, const struct snapshot *snapshot,
		   const struct outcome *outcomes, size_t count, uint64_t *ret_outcomes);

#endif
