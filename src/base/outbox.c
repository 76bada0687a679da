/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/outbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

bool outbox_init(struct outbox *outbox, size_t size)
{
	*outbox = (struct outbox){ .bytes = malloc(size), .size = size };
	return outbox->bytes != NULL;
}

void outbox_done(struct outbox *outbox)
{
	free(outbox->bytes);
	*outbox = (struct outbox){ 0 };
}

unsigned char *outbox_space(struct outbox *outbox, size_t *ret_size)
{
	if (outbox->start > 0) {
		memmove(outbox->bytes, outbox->bytes + outbox->start, outbox_waiting(outbox));
		outbox->end -= outbox->start;
		outbox->start = 0;
	}
	*ret_size = outbox->size - outbox->end;
	return outbox->bytes + outbox->end;
}

void outbox_filled(struct outbox *outbox, size_t size)
{
	outbox->end += size;
}

void outbox_clear(struct outbox *outbox)
{
	outbox->start = outbox->end = 0;
	outbox->no_socket = false;
}

static ssize_t send_some(struct outbox *outbox, int fd)
{
	const unsigned char *bytes = outbox->bytes + outbox->start;
	ssize_t sent;

	if (outbox->no_socket)
		return write(fd, bytes, outbox_waiting(outbox));
	sent = send(fd, bytes, outbox_waiting(outbox), MSG_NOSIGNAL | MSG_DONTWAIT);
	if (sent < 0 && errno == ENOTSOCK) {
		outbox->no_socket = true;
		sent = write(fd, bytes, outbox_waiting(outbox));
	}
	return sent;
}

int outbox_flush(struct outbox *outbox, int fd)
{
	while (outbox_waiting(outbox) > 0) {
		ssize_t sent = send_some(outbox, fd);

		if (sent > 0)
			outbox->start += (size_t)sent;
		else if (sent == 0 || errno == EAGAIN)
			return -EAGAIN;
		else if (errno != EINTR)
			return -errno;
	}
	return 0;
}
