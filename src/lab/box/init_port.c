/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/box/init_port.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "lab/box/box_job.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

#define PORT_LIMIT_USEC (20 * USEC_PER_SEC)
#define PORT_POLL_MSEC 2

static bool port_has_our_name(const char *device)
{
	char path[300], name[64];
	CLEANUP_CLOSE int fd = -1;
	ssize_t size;

	snprintf(path, sizeof path, "/sys/class/virtio-ports/%s/name", device);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	size = fd >= 0 ? read(fd, name, sizeof name) : -1;
	return size == (ssize_t)strlen(BOX_PORT_NAME) + 1 &&
	       memcmp(name, BOX_PORT_NAME "\n", (size_t)size) == 0;
}

static int port_find(void)
{
	CLEANUP_CLOSEDIR DIR *dir = opendir("/sys/class/virtio-ports");
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		char path[300];

		if (!port_has_our_name(entry->d_name))
			continue;
		snprintf(path, sizeof path, "/dev/%s", entry->d_name);
		return open(path, O_RDWR | O_CLOEXEC);
	}
	return -1;
}

int init_port_open(int *ret_fd, struct error *err)
{
	uint64_t limit = clock_monotonic_usec() + PORT_LIMIT_USEC;
	int fd;

	while ((fd = port_find()) < 0) {
		if (clock_monotonic_usec() > limit)
			return error_set(err, -ENODEV, "no virtio port is named " BOX_PORT_NAME);
		poll(NULL, 0, PORT_POLL_MSEC);
	}
	*ret_fd = fd;
	return 0;
}

static int port_write(int fd, const void *bytes, size_t size)
{
	const char *at = bytes;

	while (size > 0) {
		ssize_t some = write(fd, at, size);

		if (some < 0 && errno != EINTR)
			return -errno;
		if (some > 0) {
			at += some;
			size -= (size_t)some;
		}
	}
	return 0;
}

int init_port_send(int fd, enum box_frame_kind kind, const void *payload, size_t size)
{
	unsigned char header[BOX_FRAME_HEADER];
	int code;

	box_frame_put_header(header, kind, size);
	code = port_write(fd, header, sizeof header);
	return code == 0 ? port_write(fd, payload, size) : code;
}

int init_port_send_number(int fd, enum box_frame_kind kind, uint32_t number)
{
	unsigned char bytes[4];

	box_number_put(bytes, number);
	return init_port_send(fd, kind, bytes, sizeof bytes);
}

/* A port whose host has not connected yet reads as at its end: poll tells the two apart. */
static int port_read(int fd, void *bytes, size_t size)
{
	struct pollfd readable = { fd, POLLIN, 0 };
	char *at = bytes;

	while (size > 0) {
		ssize_t some = read(fd, at, size);

		if (some < 0 && errno != EINTR)
			return -errno;
		if (some > 0) {
			at += some;
			size -= (size_t)some;
		} else if (poll(&readable, 1, -1) > 0 && readable.revents == POLLHUP) {
			return -EPIPE;
		}
	}
	return 0;
}

int init_port_read_job(int fd, char *job, size_t *ret_size, struct error *err)
{
	struct box_frame number;
	unsigned char header[BOX_FRAME_HEADER];
	uint32_t size, kind;
	int code = port_read(fd, header, sizeof header);

	if (code < 0)
		return error_errno(err, code, "cannot read the job");
	number = (struct box_frame){ BOX_FRAME_JOB, header, 4 };
	box_frame_number(&number, &size);
	number.payload += 4;
	box_frame_number(&number, &kind);
	if (kind != BOX_FRAME_JOB || size > BOX_FRAME_MAX)
		return error_set(err, -EBADMSG, "the host sent no job");
	code = port_read(fd, job, size);
	if (code < 0)
		return error_errno(err, code, "cannot read the job");
	if (!box_job_is_whole(job, size))
		return error_set(err, -EBADMSG, "the host's job is cut off");
	*ret_size = size;
	return 0;
}
