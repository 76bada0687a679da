/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/room.h"

#include "base/error.h"
#include "model/snapshot_image.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { IMAGE_STEP = 1 << 20 };

void room_init(struct room *room)
{
	memset(room, 0, sizeof *room);
	room->fd = -1;
}

int room_make(struct room *room, struct error *err)
{
	room->fd = memfd_create("truce-room", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (room->fd < 0 || ftruncate(room->fd, (off_t)WIRE_ROOM_BYTES) < 0)
		return error_errno(err, -errno, "no memory to share with the policy's process");
	/* A child that made it shorter would end its parent with SIGBUS. */
	if (fcntl(room->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		return error_errno(err, -errno, "cannot seal the memory shared with the policy");
	room->bytes = mmap(NULL, WIRE_ROOM_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
			     room->fd, 0);
	if (room->bytes == MAP_FAILED) {
		room->bytes = NULL;
		return error_errno(err, -errno, "cannot map the memory shared with the policy");
	}
	return 0;
}

/* Memory is taken here, where there is an answer to there being none, not by a fault. */
static int room_take(struct room *room, size_t at, size_t size)
{
	int r;

	do {
		r = posix_fallocate(room->fd, (off_t)at, (off_t)size);
	} while (r == EINTR);
	return r == 0 ? 0 : -ENOMEM;
}

int room_put(struct room *room, size_t at, const char *bytes, size_t size)
{
	int r = size > 0 ? room_take(room, at, size) : 0;

	if (r == 0 && size > 0)
		memcpy(room->bytes + at, bytes, size);
	return r;
}

static int image_grow(struct room *room, unsigned slot, size_t needed)
{
	size_t size = (needed + needed / 4 + IMAGE_STEP) / IMAGE_STEP * IMAGE_STEP;

	if (size > WIRE_IMAGE_BYTES)
		size = WIRE_IMAGE_BYTES;
	if (needed > size)
		return -EOVERFLOW;
	if (room_take(room, slot * WIRE_IMAGE_BYTES, size) < 0)
		return -ENOMEM;
	room->image_capacity[slot] = size;
	return 0;
}

/* The room grows with the number of VMs, so this is tried twice at most. */
int room_put_image(struct room *room, unsigned slot, const struct snapshot *snapshot,
		   const struct outcome *outcomes, size_t count, uint64_t *ret_outcomes)
{
	size_t at = slot * WIRE_IMAGE_BYTES;
	struct snapshot_image image;
	unsigned tries;

	for (tries = 0; tries < 2; tries++) {
		int r;

		snapshot_image_init(&image, room->bytes + at, room->image_capacity[slot],
				    WIRE_ROOM_ADDRESS + at);
		snapshot_image_write(&image, snapshot);
		*ret_outcomes = snapshot_image_put(&image, outcomes, count * sizeof *outcomes);
		if (image.size <= image.capacity)
			return 0;
		r = image_grow(room, slot, image.size);
		if (r < 0)
			return r;
	}
	return -ENOMEM;
}

void room_done(struct room *room)
{
	if (room->bytes != NULL)
		munmap(room->bytes, WIRE_ROOM_BYTES);
	if (room->fd >= 0)
		close(room->fd);
	room_init(room);
}
