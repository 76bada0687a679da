/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/guest/guest_start.h"

#include "base/cleanup.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

#define HELPER "truce-lab-domain"
#define HELPER_BUILT_AT "lab/guest/" HELPER
/* libvirt gives a guest's process 15 s to end, and then kills it. */
#define END_LIMIT_MSEC 30000

struct helper_ends {
	int fds[2]; /* channel, report */
	int log_fd;
};

static int stream_make(int *ret_ours, int *ret_theirs)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return -errno;
	fcntl(pair[0], F_SETFL, O_NONBLOCK);
	*ret_ours = pair[0];
	*ret_theirs = pair[1];
	return 0;
}

static int ends_make(struct guest_ends *ends, struct helper_ends *theirs)
{
	int pipe_fds[2];
	int code = stream_make(&ends->channel_fd, &theirs->fds[0]);

	if (code == 0)
		code = stream_make(&ends->monitor_fd, &theirs->fds[1]);
	if (code == 0 && pipe2(pipe_fds, O_CLOEXEC) != 0)
		code = -errno;
	if (code < 0)
		return code;
	fcntl(pipe_fds[0], F_SETFL, O_NONBLOCK);
	ends->log_fd = pipe_fds[0];
	theirs->log_fd = pipe_fds[1];
	return 0;
}

static int helper_start(struct guest_ends *ends, const char *domain,
			const struct helper_ends *theirs, struct error *err)
{
	CLEANUP_FREE char *program = NULL;
	char channel[16], report[16];
	const char *arguments[] = { NULL, domain, channel, report, NULL };
	struct child_plan plan = { .arguments = arguments, .output_fd = theirs->log_fd,
				   .error_fd = theirs->log_fd, .kept_fds = theirs->fds,
				   .kept_count = ARRAY_SIZE(theirs->fds) };

	if (host_helper(HELPER, HELPER_BUILT_AT, &program, NULL) < 0)
		return error_set(err, -ENOSYS, "%s: there is no " HELPER ": this truce was built "
				 "without libvirt", domain);
	arguments[0] = program;
	snprintf(channel, sizeof channel, "%d", theirs->fds[0]);
	snprintf(report, sizeof report, "%d", theirs->fds[1]);
	return child_start(&ends->process, &plan, err);
}

int guest_start_domain(struct guest_ends *ends, const struct guest_plan *plan, struct error *err)
{
	struct helper_ends theirs = { { -1, -1 }, -1 };
	int code;

	guest_ends_init(ends);
	code = ends_make(ends, &theirs);
	if (code < 0)
		error_errno(err, code, "%s: no socket pair", plan->domain);
	else
		code = helper_start(ends, plan->domain, &theirs, err);
	cleanup_close(&theirs.fds[0]);
	cleanup_close(&theirs.fds[1]);
	cleanup_close(&theirs.log_fd);
	if (code < 0)
		guest_ends_done(ends);
	else
		ends->is_domain = true;
	return code;
}

void guest_end_domain(struct guest_ends *ends)
{
	struct pollfd ended = { ends->process.pidfd, POLLIN, 0 };

	if (ended.fd >= 0)
		poll(&ended, 1, END_LIMIT_MSEC);
}
