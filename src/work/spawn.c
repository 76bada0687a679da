/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "work/spawn.h"

#include "base/error.h"
#include "work/lane.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHELL "/bin/sh"
#define CANNOT_EXECUTE 127

int spawn_program(const char *const *arguments, int output_fd, int error_fd, pid_t *ret_pid)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		/* stdin is /dev/null already, as everything of the worker's. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent || dup2(output_fd, STDOUT_FILENO) < 0 ||
		    dup2(error_fd, STDERR_FILENO) < 0)
			_exit(CANNOT_EXECUTE);
		signal(SIGPIPE, SIG_DFL);
		execvp(arguments[0], (char *const *)arguments);
		_exit(CANNOT_EXECUTE);
	}
	*ret_pid = pid;
	return 0;
}

int spawn_shell(const char *text, int output_fd, int error_fd, pid_t *ret_pid)
{
	const char *const arguments[] = { SHELL, "-c", text, NULL };

	return spawn_program(arguments, output_fd, error_fd, ret_pid);
}

int spawn_wait(const struct lane *lane, pid_t pid, int *ret_status)
{
	while (waitpid(pid, ret_status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
		if (lane_goes_on(lane))
			continue;
		kill(pid, SIGKILL);
		while (waitpid(pid, ret_status, 0) < 0 && errno == EINTR)
			;
		return -EINTR;
	}
	return 0;
}

int spawn_check_shell(struct error *err)
{
	return access(SHELL, X_OK) < 0 ? error_errno(err, -errno, "it needs " SHELL) : 0;
}
