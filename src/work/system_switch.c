/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A number goes back and forth between two processes on one processor: each has to be switched
 * away from before the other can go on.
 */
#include "work/kinds.h"
#include "work/lane.h"
#include "work/setting.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct switch_settings {
	struct common_settings common;
	uint64_t one_cpu;
};

struct partner {
	int there[2], back[2];
	pid_t pid;
};

/* The lane's own of those that it may run on; its partner inherits it. */
static void stay_on_one_cpu(const struct lane *lane)
{
	unsigned wanted, cpu;
	cpu_set_t allowed, one;

	if (sched_getaffinity(0, sizeof allowed, &allowed) < 0)
		return;
	wanted = lane->index % (unsigned)CPU_COUNT(&allowed);
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &allowed) && wanted-- == 0)
			break;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof one, &one);
}

static _Noreturn void partner_live(int from, int to)
{
	uint64_t number;

	while (read(from, &number, sizeof number) == sizeof number) {
		number++;
		if (write(to, &number, sizeof number) != sizeof number)
			break;
	}
	_exit(0);
}

static int partner_start(struct partner *partner, struct error *err)
{
	pid_t parent = getpid();

	if (pipe2(partner->there, O_CLOEXEC) < 0 || pipe2(partner->back, O_CLOEXEC) < 0)
		return error_errno(err, -errno, "a pipe");
	partner->pid = fork();
	if (partner->pid < 0)
		return error_errno(err, -errno, "a process");
	if (partner->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		partner_live(partner->there[0], partner->back[1]);
	}
	return 0;
}

static int switch_lane_prepare(struct lane *lane, struct error *err)
{
	const struct switch_settings *settings = lane->settings;
	struct partner *partner = calloc(1, sizeof *partner);

	lane->own = partner;
	if (partner == NULL)
		return error_errno(err, -ENOMEM, "memory");
	if (settings->one_cpu)
		stay_on_one_cpu(lane);
	return partner_start(partner, err);
}

static int switch_run(struct lane *lane, struct error *err)
{
	const struct partner *partner = lane->own;
	uint64_t number = 0, sent;

	while (lane_goes_on(lane)) {
		sent = number;
		if (write(partner->there[1], &number, sizeof number) != sizeof number ||
		    read(partner->back[0], &number, sizeof number) != sizeof number)
			return errno == EINTR ? 0 : error_errno(err, -errno, "a pipe");
		if (number == sent + 1)
			lane_count(lane, 1, 0);
		else
			lane_error(lane);
	}
	return 0;
}

static int switch_lane_finish(struct lane *lane, struct error *err)
{
	const struct partner *partner = lane->own;

	kill(partner->pid, SIGKILL);
	while (waitpid(partner->pid, NULL, 0) < 0 && errno == EINTR)
		;
	return 0;
}

static const struct workload_actions actions = {
	.lane_prepare = switch_lane_prepare,
	.run = switch_run,
	.lane_finish = switch_lane_finish,
};

static const struct parameter parameters[] = {
	PARAMETER_YES_NO(struct switch_settings, one_cpu, "one-cpu", "yes",
			 "both on one processor, so that each round is two switches"),
	PARAMETERS_END,
};

const struct workload system_switch_workload = {
	.name = "system-switch",
	.summary = "hands a number back and forth between two processes",
	.operation = "one round: there and back",
	.parameters = parameters,
	.settings_size = sizeof(struct switch_settings),
	.actions = &actions,
};
