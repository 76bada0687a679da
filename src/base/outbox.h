/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes on their way to a descriptor that does not block: of a fixed size, so that a reader who
 * takes nothing costs no more than that. Whoever appends asks for the space first.
 */
#ifndef BASE_OUTBOX_H
#define BASE_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>

struct outbox {
	unsigned char *bytes;
	size_t size;
	size_t start, end; /* what is not sent yet */
	bool no_socket;	   /* the descriptor is not one, as it turned out */
};

bool outbox_init(struct outbox *outbox, size_t size);
void outbox_done(struct outbox *outbox);

/* Where to append, and how much fits; tell how much it was with outbox_filled. */
unsigned char *outbox_space(struct outbox *outbox, size_t *ret_size);
void outbox_filled(struct outbox *outbox, size_t size);
/* Also before another descriptor. */
void outbox_clear(struct outbox *outbox);

static inline size_t outbox_waiting(const struct outbox *outbox)
{
	return outbox->end - outbox->start;
}

/* Sends what the descriptor takes: 0 when all is sent, -EAGAIN when some waits, else why not.
 * Nobody gets a SIGPIPE for a socket that the other side has left. */
int outbox_flush(struct outbox *outbox, int fd);

#endif
