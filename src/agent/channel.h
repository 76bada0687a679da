/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A way to the host, as a word says it:
 *     port:NAME                  the virtio-serial port of this name ("port" alone: truce.agent)
 *     vsock:listen[:PORT]        only the host itself may connect
 *     vsock:connect[:PORT]       to the host
 *     tcp:listen:ADDRESS[:PORT]  an address of a network where nobody else is: whoever connects
 *                                may run programs here
 *     tcp:connect:ADDRESS[:PORT]
 *     tty:PATH                   a serial line; it becomes raw
 *     fd:NUMBER                  an open stream that was inherited
 * Only numeric addresses: nobody is asked for a name.
 */
#ifndef AGENT_CHANNEL_H
#define AGENT_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct error;

enum channel_kind {
	CHANNEL_PORT,
	CHANNEL_LISTEN,
	CHANNEL_CONNECT,
	CHANNEL_TTY,
	CHANNEL_FD,
};

struct channel {
	enum channel_kind kind;
	char name[108]; /* of the port, of the tty */
	struct sockaddr_storage address;
	socklen_t address_size;
	int fd; /* FD: the stream, once; LISTEN: what listens; -1: not yet */
};

int channel_parse(const char *word, struct channel *ret, struct error *err);
void channel_done(struct channel *channel);

/* 0 and a stream that does not block, the caller's. -EAGAIN: nobody is there yet, try again, or
 * wait for channel_watch. -ENOLINK: there will be no other one. */
int channel_open(struct channel *channel, int *ret_fd, struct error *err);

/* Readable when somebody may be there; -1: only time tells. */
int channel_watch(const struct channel *channel);

#endif
