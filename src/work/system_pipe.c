/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "work/kinds.h"
#include "work/lane.h"
#include "work/setting.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define PIECE_BYTES 512u

struct ends {
	int fds[2];
};

static int pipe_lane_prepare(struct lane *lane, struct error *err)
{
	struct ends *ends = calloc(1, sizeof *ends);

	lane->own = ends;
	if (ends == NULL)
		return error_errno(err, -ENOMEM, "memory");
	return pipe2(ends->fds, O_CLOEXEC) < 0 ? error_errno(err, -errno, "a pipe") : 0;
}

static int pipe_run(struct lane *lane, struct error *err)
{
	const struct ends *ends = lane->own;
	uint64_t piece[PIECE_BYTES / sizeof(uint64_t)] = { 0 }, number;

	for (number = 1; lane_goes_on(lane); number++) {
		piece[0] = number;
		if (write(ends->fds[1], piece, sizeof piece) != sizeof piece)
			return errno == EINTR ? 0 : error_errno(err, -errno, "a pipe");
		piece[0] = 0;
		if (read(ends->fds[0], piece, sizeof piece) != sizeof piece)
			return errno == EINTR ? 0 : error_errno(err, -errno, "a pipe");
		if (piece[0] == number)
			lane_count(lane, 1, PIECE_BYTES);
		else
			lane_error(lane);
	}
	return 0;
}

static const struct workload_actions actions = {
	.lane_prepare = pipe_lane_prepare,
	.run = pipe_run,
};

static const struct parameter parameters[] = { PARAMETERS_END };

const struct workload system_pipe_workload = {
	.name = "system-pipe",
	.summary = "writes into a pipe and reads from it, in one process",
	.operation = "512 bytes written and read back",
	.parameters = parameters,
	.settings_size = sizeof(struct common_settings),
	.actions = &actions,
};
