/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "work/kinds.h"
#include "work/disk_file.h"
#include "work/setting.h"
#include "work/stamp.h"

#include "base/error.h"

#include <errno.h>
#include <unistd.h>

#define CHECKED_BYTES (64ull << 20) /* read back at the end, at most */

/* Only a lane that has finished a write tells the block's generation: with random order two may
 * write one block at a time, and which of them is last the disk decides. */
static int write_one(struct lane *lane, uint64_t number, struct error *err)
{
	const struct disk_settings *settings = lane->settings;
	struct disk_file *file = lane->job->own;
	const struct disk_walk *walk = lane->own;
	uint64_t block = disk_next_block(lane);
	uint32_t generation = (uint32_t)number * WORKLOAD_THREADS_MOST + lane->index;
	uint64_t begin_nsec;
	ssize_t size;
	bool done;
	int code;

	stamp_put(walk->buffer, settings->block, DISK_KEY, block * settings->block, generation);
	begin_nsec = lane_now_nsec();
	size = pwrite(file->fd, walk->buffer, settings->block, (off_t)(block * settings->block));
	code = disk_outcome(lane, size, err, &done);
	if (!done)
		return code;
	atomic_store_explicit(&file->generations[block], generation, memory_order_relaxed);
	if (settings->fsync > 0 && number % settings->fsync == 0 && fdatasync(file->fd) < 0) {
		lane_error(lane);
		return 0;
	}
	lane_time(lane, lane_now_nsec() - begin_nsec);
	lane_count(lane, 1, settings->block);
	return 0;
}

static int disk_write_run(struct lane *lane, struct error *err)
{
	uint64_t number;
	int code = 0;

	for (number = 1; lane_goes_on(lane) && (code == 0 || code == -EINTR); number++)
		code = write_one(lane, number, err);
	return code == -EINTR ? 0 : code;
}

/* Whether the block holds what was written last. */
static bool block_is_right(struct lane *lane, uint64_t block)
{
	const struct disk_settings *settings = lane->settings;
	const struct disk_file *file = lane->job->own;
	const struct disk_walk *walk = lane->own;
	uint64_t offset = block * settings->block;
	uint32_t generation = atomic_load_explicit(&file->generations[block], memory_order_relaxed);

	if (pread(file->fd, walk->buffer, settings->block, (off_t)offset) != (ssize_t)settings->block)
		return false;
	if (settings->order == DISK_RANDOM && settings->common.threads > 1)
		return stamp_is_any(walk->buffer, settings->block, DISK_KEY, offset);
	return stamp_is(walk->buffer, settings->block, DISK_KEY, offset, generation);
}

static int disk_write_lane_finish(struct lane *lane, struct error *err)
{
	const struct disk_settings *settings = lane->settings;
	struct disk_walk *walk = lane->own;
	uint64_t most = CHECKED_BYTES / lane->count / settings->block;
	uint64_t checked;

	for (checked = 0; checked < most && checked < walk->count; checked++) {
		/* All of a small part, some of a large one. */
		uint64_t at = walk->count <= most ? checked : lane_random_below(lane, walk->count);

		if (!block_is_right(lane, walk->first + at))
			lane_error(lane);
	}
	return 0;
}

static int disk_write_finish(struct job *job, struct error *err)
{
	const struct disk_settings *settings = job->settings;
	const struct disk_file *file = job->own;

	if (settings->keep && fdatasync(file->fd) < 0)
		return error_errno(err, -errno, "%s", settings->file);
	return 0;
}

static const struct workload_actions actions = {
	.check = disk_check,
	.prepare = disk_prepare,
	.lane_prepare = disk_lane_prepare,
	.run = disk_write_run,
	.lane_finish = disk_write_lane_finish,
	.finish = disk_write_finish,
};

static const struct parameter parameters[] = {
	DISK_PARAMETERS,
	PARAMETER_NUMBER(struct disk_settings, fsync, "fsync", PARAMETER_COUNT, "0", 0, UINT32_MAX,
			 "fdatasync after so many writes of a thread; 0: never"),
	PARAMETERS_END,
};

const struct workload disk_write_workload = {
	.name = "disk-write",
	.summary = "writes blocks of a file or disk, in order or at random",
	.operation = "one block written (and synced, where it is the block's turn)",
	.notes = "The file is written once before, so that no new space is allocated. At the end up to "
		 "64M of it are read back; a block that is not what was written last is an error.",
	.moves_bytes = true,
	.times = true,
	.parameters = parameters,
	.settings_size = sizeof(struct disk_settings),
	.actions = &actions,
};
