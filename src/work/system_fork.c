/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "work/kinds.h"
#include "work/lane.h"
#include "work/setting.h"
#include "work/spawn.h"

#include "base/error.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#define STATUS 7

static int fork_one(struct lane *lane)
{
	pid_t pid = fork();
	int status, code;

	if (pid == 0)
		_exit(STATUS);
	if (pid < 0)
		return -errno;
	code = spawn_wait(lane, pid, &status);
	if (code < 0)
		return code;
	return WIFEXITED(status) && WEXITSTATUS(status) == STATUS ? 0 : -EBADMSG;
}

static int fork_run(struct lane *lane, struct error *err)
{
	while (lane_goes_on(lane)) {
		uint64_t begin_nsec = lane_now_nsec();
		int code = fork_one(lane);

		if (code == 0) {
			lane_time(lane, lane_now_nsec() - begin_nsec);
			lane_count(lane, 1, 0);
		} else if (code != -EINTR) {
			lane_error(lane);
		}
	}
	return 0;
}

static const struct workload_actions actions = { .run = fork_run };

static const struct parameter parameters[] = { PARAMETERS_END };

const struct workload system_fork_workload = {
	.name = "system-fork",
	.summary = "makes processes that end at once",
	.operation = "one process made, ended and waited for",
	.times = true,
	.parameters = parameters,
	.settings_size = sizeof(struct common_settings),
	.actions = &actions,
};
