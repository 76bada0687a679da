/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "work/kinds.h"
#include "work/lane.h"
#include "work/setting.h"
#include "work/stamp.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

#define KEY 0x636f7079ull
#define BLOCK_MOST (1u << 20)

struct copy_settings {
	struct common_settings common;
	const char *directory;
	uint64_t size, block;
};

struct copy {
	int from, to;
	char *buffer;
};

static int copy_check(const void *pointer, struct error *err)
{
	const struct copy_settings *settings = pointer;

	if (settings->block % SECTOR_BYTES != 0 || settings->size % settings->block != 0)
		return error_set(err, -EINVAL, "block is in sectors of %u bytes, size in whole blocks",
				 SECTOR_BYTES);
	return 0;
}

/* Without a name: nothing of it is left. */
static int nameless(const struct lane *lane, const char *what, struct error *err)
{
	const struct copy_settings *settings = lane->settings;
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof path, "%s/truce-copy-%d-%u-%s", settings->directory, getpid(), lane->index,
		 what);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_errno(err, -errno, "%s", path);
	unlink(path);
	return fd;
}

static int source_fill(const struct lane *lane, struct copy *copy, struct error *err)
{
	const struct copy_settings *settings = lane->settings;
	uint64_t offset;

	for (offset = 0; offset < settings->size; offset += settings->block) {
		stamp_put(copy->buffer, settings->block, KEY + lane->index, offset, 0);
		if (pwrite(copy->from, copy->buffer, settings->block, (off_t)offset) !=
			    (ssize_t)settings->block ||
		    pwrite(copy->to, copy->buffer, settings->block, (off_t)offset) !=
			    (ssize_t)settings->block)
			return error_errno(err, -errno, "%s", settings->directory);
	}
	return 0;
}

static int copy_lane_prepare(struct lane *lane, struct error *err)
{
	const struct copy_settings *settings = lane->settings;
	struct copy *copy = calloc(1, sizeof *copy);

	lane->own = copy;
	if (copy != NULL)
		copy->buffer = aligned_alloc(4096, BLOCK_MOST);
	if (copy == NULL || copy->buffer == NULL)
		return error_errno(err, -ENOMEM, "memory");
	stamp_noise(copy->buffer, settings->block);
	copy->from = nameless(lane, "from", err);
	if (copy->from < 0)
		return copy->from;
	copy->to = nameless(lane, "to", err);
	return copy->to < 0 ? copy->to : source_fill(lane, copy, err);
}

static int copy_run(struct lane *lane, struct error *err)
{
	const struct copy_settings *settings = lane->settings;
	const struct copy *copy = lane->own;
	uint64_t offset = 0;

	while (lane_goes_on(lane)) {
		if (pread(copy->from, copy->buffer, settings->block, (off_t)offset) ==
			    (ssize_t)settings->block &&
		    pwrite(copy->to, copy->buffer, settings->block, (off_t)offset) ==
			    (ssize_t)settings->block)
			lane_count(lane, 1, settings->block);
		else
			lane_error(lane);
		offset = offset + settings->block < settings->size ? offset + settings->block : 0;
	}
	return 0;
}

static int copy_lane_finish(struct lane *lane, struct error *err)
{
	const struct copy_settings *settings = lane->settings;
	const struct copy *copy = lane->own;
	uint64_t offset;

	for (offset = 0; offset < settings->size; offset += settings->block)
		if (pread(copy->to, copy->buffer, settings->block, (off_t)offset) !=
			    (ssize_t)settings->block ||
		    !stamp_is(copy->buffer, settings->block, KEY + lane->index, offset, 0))
			lane_error(lane);
	return 0;
}

static const struct workload_actions actions = {
	.check = copy_check,
	.lane_prepare = copy_lane_prepare,
	.run = copy_run,
	.lane_finish = copy_lane_finish,
};

static const struct parameter parameters[] = {
	PARAMETER_STRING(struct copy_settings, directory, "directory", "/tmp", "where the files are"),
	PARAMETER_NUMBER(struct copy_settings, size, "size", PARAMETER_SIZE, "2M", SECTOR_BYTES,
			 1ull << 40, "of the file of each thread"),
	PARAMETER_NUMBER(struct copy_settings, block, "block", PARAMETER_SIZE, "1K", SECTOR_BYTES,
			 BLOCK_MOST, "bytes of one operation"),
	PARAMETERS_END,
};

const struct workload system_copy_workload = {
	.name = "system-copy",
	.summary = "copies a file, block by block, in the page cache",
	.operation = "one block read and written",
	.notes = "At the end the copy is compared with what it was made of.",
	.moves_bytes = true,
	.parameters = parameters,
	.settings_size = sizeof(struct copy_settings),
	.actions = &actions,
};
