/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/host/child.h"

#include "base/cleanup.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define SYS_NET "/sys/class/net"
#define SYS_NET_DEVICES "/devices/virtual/net"

/* What a child that cannot start tells its parent through a pipe that exec closes. */
struct start_failure {
	int code;
	char step[32];
};

void child_init(struct child *process)
{
	process->pid = 0;
	process->pidfd = -1;
}

static void child_fail(int failure_fd, const char *step)
{
	struct start_failure failure = { .code = -errno };

	strncpy(failure.step, step, sizeof failure.step - 1);
	(void)!write(failure_fd, &failure, sizeof failure);
	_exit(127);
}

/* The parent may have died between fork and prctl: then nobody would be told. */
static bool child_tie_to(pid_t parent)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent;
}

static bool child_reset_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	signal(SIGPIPE, SIG_DFL);
	return sigprocmask(SIG_SETMASK, &none, NULL) == 0;
}

static bool child_see_read_only(void)
{
	struct mount_attr read_only = { .attr_set = MOUNT_ATTR_RDONLY };

	return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &read_only, sizeof read_only) == 0;
}

/* A sysfs shows the interfaces of who mounted it. Of a new one only these two directories are put
 * in their places, for the mounts below /sys (cgroups, tracing) are to stay. */
static bool child_see_network(void)
{
	return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) == 0 &&
	       mount("sysfs", SYS_NET, "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0 &&
	       mount(SYS_NET SYS_NET_DEVICES, "/sys" SYS_NET_DEVICES, NULL, MS_BIND, NULL) == 0 &&
	       mount(SYS_NET "/class/net", SYS_NET, NULL, MS_BIND, NULL) == 0;
}

/* Descriptors 0 to 2 are open in any sane parent, so `fd` and `null` are above them or are
 * the very one that is wanted. */
static bool child_put_fd(int fd, int null, int target)
{
	if (fd < 0)
		fd = null;
	if (fd == target)
		return fcntl(fd, F_SETFD, 0) == 0;
	return dup2(fd, target) == target;
}

static bool child_set_fds(const struct child_plan *plan)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	size_t i;

	if (null < 0 || !child_put_fd(-1, null, STDIN_FILENO) ||
	    !child_put_fd(plan->output_fd, null, STDOUT_FILENO) ||
	    !child_put_fd(plan->error_fd, null, STDERR_FILENO))
		return false;
	for (i = 0; i < plan->kept_count; i++)
		if (fcntl(plan->kept_fds[i], F_SETFD, 0) != 0)
			return false;
	return true;
}

static void child_run(const struct child_plan *plan, pid_t parent, int failure_fd)
{
	if (!child_tie_to(parent))
		child_fail(failure_fd, "bind it to its parent");
	if (setsid() < 0 || !child_reset_signals())
		child_fail(failure_fd, "set its signals");
	if (plan->read_only_view && !child_see_read_only())
		child_fail(failure_fd, "make its view read-only");
	if (plan->network_fd > 0 && setns(plan->network_fd, CLONE_NEWNET) != 0)
		child_fail(failure_fd, "enter its network");
	if (plan->network_view && !child_see_network())
		child_fail(failure_fd, "see its network in /sys");
	if (!child_set_fds(plan))
		child_fail(failure_fd, "hand over descriptors");
	if (plan->directory != NULL && chdir(plan->directory) != 0)
		child_fail(failure_fd, "enter its directory");
	execvp(plan->arguments[0], (char *const *)plan->arguments);
	child_fail(failure_fd, "execute it");
}

static int process_await_exec(struct child *process, const char *name, int failure_fd,
			      struct error *err)
{
	struct start_failure failure;
	ssize_t size;

	do
		size = read(failure_fd, &failure, sizeof failure);
	while (size < 0 && errno == EINTR);
	if (size != (ssize_t)sizeof failure)
		return 0;
	child_done(process);
	return error_errno(err, failure.code, "%s: cannot %s", name, failure.step);
}

int child_start(struct child *process, const struct child_plan *plan,
		      struct error *err)
{
	CLEANUP_CLOSE int failure_read = -1;
	pid_t parent = getpid();
	int failure_pipe[2];

	child_init(process);
	if (pipe2(failure_pipe, O_CLOEXEC) != 0)
		return error_errno(err, -errno, "%s: no pipe", plan->arguments[0]);
	failure_read = failure_pipe[0];
	process->pid = fork();
	if (process->pid == 0)
		child_run(plan, parent, failure_pipe[1]);
	close(failure_pipe[1]);
	if (process->pid < 0) {
		process->pid = 0;
		return error_errno(err, -errno, "%s: cannot fork", plan->arguments[0]);
	}
	process->pidfd = pidfd_open(process->pid, 0);
	if (process->pidfd < 0) {
		int code = -errno;

		child_done(process);
		return error_errno(err, code, "%s: no pidfd", plan->arguments[0]);
	}
	return process_await_exec(process, plan->arguments[0], failure_read, err);
}

bool child_ended(struct child *process, int *ret_status)
{
	if (process->pid == 0 || waitpid(process->pid, ret_status, WNOHANG) != process->pid)
		return false;
	process->pid = 0;
	return true;
}

void child_done(struct child *process)
{
	if (process->pid > 0) {
		kill(process->pid, SIGKILL);
		while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (process->pidfd >= 0)
		close(process->pidfd);
	child_init(process);
}
