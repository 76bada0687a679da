/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "work/kinds.h"
#include "work/disk_file.h"
#include "work/setting.h"
#include "work/stamp.h"

#include <errno.h>
#include <unistd.h>

static int read_one(struct lane *lane, struct error *err)
{
	const struct disk_settings *settings = lane->settings;
	const struct disk_file *file = lane->job->own;
	const struct disk_walk *walk = lane->own;
	uint64_t offset = disk_next_block(lane) * settings->block;
	uint64_t begin_nsec = lane_now_nsec();
	ssize_t size = pread(file->fd, walk->buffer, settings->block, (off_t)offset);
	bool done;
	int code = disk_outcome(lane, size, err, &done);

	if (!done)
		return code;
	lane_time(lane, lane_now_nsec() - begin_nsec);
	if (stamp_is_any(walk->buffer, settings->block, DISK_KEY, offset))
		lane_count(lane, 1, settings->block);
	else
		lane_error(lane);
	return 0;
}

static int disk_read_run(struct lane *lane, struct error *err)
{
	int code = 0;

	while (lane_goes_on(lane) && (code == 0 || code == -EINTR))
		code = read_one(lane, err);
	return code == -EINTR ? 0 : code;
}

static const struct workload_actions actions = {
	.check = disk_check,
	.prepare = disk_prepare,
	.lane_prepare = disk_lane_prepare,
	.run = disk_read_run,
};

static const struct parameter parameters[] = {
	DISK_PARAMETERS,
	PARAMETER_YES_NO(struct disk_settings, cold, "cold", "yes",
			 "nothing of it is in the page cache at the start"),
	PARAMETERS_END,
};

const struct workload disk_read_workload = {
	.name = "disk-read",
	.summary = "reads blocks of a file or disk, in order or at random",
	.operation = "one block read",
	.notes = "The file is written before. Each sector says where it belongs; one that is not what "
		 "was written there is an error.",
	.moves_bytes = true,
	.times = true,
	.parameters = parameters,
	.settings_size = sizeof(struct disk_settings),
	.actions = &actions,
};
