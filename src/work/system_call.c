/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "work/kinds.h"
#include "work/lane.h"
#include "work/setting.h"

#include <sys/syscall.h>
#include <unistd.h>

#define BATCH 64u

static int call_run(struct lane *lane, struct error *err)
{
	const long wanted = syscall(SYS_getppid);
	unsigned i, right;

	while (lane_goes_on(lane)) {
		for (i = 0, right = 0; i < BATCH; i++)
			right += syscall(SYS_getppid) == wanted;
		lane_count(lane, right, 0);
		if (right < BATCH)
			lane_error(lane);
	}
	return 0;
}

static const struct workload_actions actions = { .run = call_run };

static const struct parameter parameters[] = { PARAMETERS_END };

const struct workload system_call_workload = {
	.name = "system-call",
	.summary = "enters the kernel and comes back",
	.operation = "one system call (getppid)",
	.parameters = parameters,
	.settings_size = sizeof(struct common_settings),
	.actions = &actions,
};
