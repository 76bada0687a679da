/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the agent itself takes of a CPU, beside one workload that takes a whole one: AGENT is the
 * program. The bar is 1 % at ten reports and one reading of counters a second; agent-guest holds
 * a real guest's agent to it as well. */
#include "base/clock.h"
#include "lab/link/link.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#define BAR_PERCENT 1.0
#define SECONDS 10

static struct link *lab_link;
static struct link_event event;

static pid_t agent_start(void)
{
	int fds[2];
	pid_t agent;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		exit(1);
	agent = fork();
	if (agent == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(fds[1], 3);
		execl(getenv("AGENT"), "truce-agent", "--channel", "fd:3", (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	if (agent < 0 || link_new(fds[0], "here", &lab_link, NULL) < 0)
		exit(1);
	return agent;
}

static void wait_event(enum link_event_kind kind)
{
	struct pollfd watch = { .fd = link_fd(lab_link), .events = POLLIN };

	do {
		while (!link_next(lab_link, &event)) {
			poll(&watch, 1, 1000);
			link_turn(lab_link, watch.revents);
		}
		if (event.kind >= LINK_DOUBT || event.kind == LINK_FAILURE) {
			fprintf(stderr, "%s\n", event.text);
			exit(1);
		}
	} while (event.kind != kind);
}

static uint64_t agent_cpu(uint64_t *ret_at)
{
	link_count(lab_link);
	wait_event(LINK_COUNTERS);
	*ret_at = event.at_nsec;
	return event.values[AGENT_COUNTER_agent_cpu_nsec];
}

/* In percent of a CPU. */
static double measure(const char *workload, unsigned report_msec, bool counters)
{
	uint64_t began, ended, cpu, i;

	link_prepare(lab_link, 1, workload, report_msec);
	wait_event(LINK_PREPARED);
	link_start(lab_link, 1, 0);
	wait_event(LINK_STARTED);
	cpu = agent_cpu(&began);
	for (i = 1; i <= SECONDS * 1000 / report_msec; i++) {
		wait_event(LINK_REPORT);
		if (counters && i * report_msec % 1000 == 0)
			agent_cpu(&ended);
	}
	cpu = agent_cpu(&ended) - cpu;
	link_stop(lab_link, 1);
	wait_event(LINK_DONE);
	return 100.0 * (double)cpu / (double)(ended - began);
}

int main(void)
{
	pid_t agent = agent_start();
	double share, dense;

	wait_event(LINK_READY);
	share = measure("cpu-integer threads=1", 100, true);
	dense = measure("cpu-integer threads=1", 20, false);
	printf("agent, 10 reports and 1 reading of counters a second: %.3f %% of a CPU (bar: %.1f %%)\n",
	       share, BAR_PERCENT);
	printf("agent, 50 reports a second: %.3f %% of a CPU\n", dense);
	link_free(lab_link);
	waitpid(agent, NULL, 0);
	return share <= BAR_PERCENT ? 0 : 1;
}
