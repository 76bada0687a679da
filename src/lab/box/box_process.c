/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/box/box_process.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "lab/box/box_tail.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* What a child that cannot start tells its parent through a pipe that exec closes. */
struct start_failure {
	int code;
	char step[32];
};

void box_process_init(struct box_process *process)
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

static bool child_set_fds(const struct box_process_plan *plan)
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

static void child_run(const struct box_process_plan *plan, pid_t parent, int failure_fd)
{
	if (!child_tie_to(parent))
		child_fail(failure_fd, "bind it to its parent");
	if (setpgid(0, 0) != 0 || !child_reset_signals())
		child_fail(failure_fd, "set its signals");
	if (plan->read_only_view && !child_see_read_only())
		child_fail(failure_fd, "make its view read-only");
	if (!child_set_fds(plan))
		child_fail(failure_fd, "hand over descriptors");
	if (plan->directory != NULL && chdir(plan->directory) != 0)
		child_fail(failure_fd, "enter its directory");
	execvp(plan->arguments[0], (char *const *)plan->arguments);
	child_fail(failure_fd, "execute it");
}

static int process_await_exec(struct box_process *process, const char *name, int failure_fd,
			      struct error *err)
{
	struct start_failure failure;
	ssize_t size;

	do
		size = read(failure_fd, &failure, sizeof failure);
	while (size < 0 && errno == EINTR);
	if (size != (ssize_t)sizeof failure)
		return 0;
	box_process_done(process);
	return error_errno(err, failure.code, "%s: cannot %s", name, failure.step);
}

int box_process_start(struct box_process *process, const struct box_process_plan *plan,
		      struct error *err)
{
	CLEANUP_CLOSE int failure_read = -1;
	pid_t parent = getpid();
	int failure_pipe[2];

	box_process_init(process);
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

		box_process_done(process);
		return error_errno(err, code, "%s: no pidfd", plan->arguments[0]);
	}
	return process_await_exec(process, plan->arguments[0], failure_read, err);
}

bool box_process_ended(struct box_process *process, int *ret_status)
{
	if (process->pid == 0 || waitpid(process->pid, ret_status, WNOHANG) != process->pid)
		return false;
	process->pid = 0;
	return true;
}

void box_process_done(struct box_process *process)
{
	if (process->pid > 0) {
		kill(process->pid, SIGKILL);
		while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (process->pidfd >= 0)
		close(process->pidfd);
	box_process_init(process);
}

struct tool {
	struct box_process process;
	int output_fd, error_fd; /* our ends, non-blocking; -1 once at their end */
	struct box_tail complaint;
};

static void tool_done(struct tool *tool)
{
	box_process_done(&tool->process);
	cleanup_close(&tool->output_fd);
	cleanup_close(&tool->error_fd);
}

static int tool_start(struct tool *tool, const char *const *arguments, const char *directory,
		      struct error *err)
{
	int output[2] = { -1, -1 }, error[2] = { -1, -1 };
	struct box_process_plan plan = { .arguments = arguments, .directory = directory };
	int code;

	if (pipe2(output, O_CLOEXEC) != 0 || pipe2(error, O_CLOEXEC) != 0)
		return error_errno(err, -errno, "%s: no pipe", arguments[0]);
	tool->output_fd = output[0];
	tool->error_fd = error[0];
	fcntl(tool->output_fd, F_SETFL, O_NONBLOCK);
	fcntl(tool->error_fd, F_SETFL, O_NONBLOCK);
	plan.output_fd = output[1];
	plan.error_fd = error[1];
	code = box_process_start(&tool->process, &plan, err);
	close(output[1]);
	close(error[1]);
	return code;
}

/* False at the end of the stream. */
static bool tool_take_output(struct tool *tool, struct str *output)
{
	char bytes[4096];
	ssize_t size;

	while ((size = read(tool->output_fd, bytes, sizeof bytes)) > 0)
		if (output != NULL)
			str_append_bytes(output, bytes, (size_t)size);
	return size < 0 && (errno == EAGAIN || errno == EINTR);
}

static int tool_watch(struct tool *tool, int cancel_fd, struct str *output)
{
	struct pollfd watched[] = { { tool->process.pidfd, POLLIN, 0 },
				    { cancel_fd, POLLIN, 0 },
				    { tool->output_fd, POLLIN, 0 },
				    { tool->error_fd, POLLIN, 0 } };

	/* The end of the tool is the end, also where a grandchild keeps its pipes open. */
	while (watched[0].revents == 0) {
		if (poll(watched, ARRAY_SIZE(watched), -1) < 0 && errno != EINTR)
			return -errno;
		if (watched[1].revents != 0)
			return -ECANCELED;
		if (watched[2].fd >= 0 && !tool_take_output(tool, output))
			watched[2].fd = -1;
		if (watched[3].fd >= 0 && !box_tail_read(&tool->complaint, tool->error_fd, -1))
			watched[3].fd = -1;
	}
	tool_take_output(tool, output);
	box_tail_read(&tool->complaint, tool->error_fd, -1);
	return 0;
}

static int tool_verdict(struct tool *tool, const char *const *arguments, struct error *err)
{
	struct str said;
	int status = 0, code;

	if (box_process_ended(&tool->process, &status) && WIFEXITED(status) &&
	    WEXITSTATUS(status) == 0)
		return 0;
	str_init(&said);
	if (!box_tail_last_line(&tool->complaint, NULL, &said))
		str_append(&said, "it said nothing");
	code = error_set(err, -EIO, "%s %s failed: %s", arguments[0],
			 arguments[1] != NULL ? arguments[1] : "",
			 said.data != NULL ? said.data : "");
	str_done(&said);
	return code;
}

int box_tool_run(const char *const *arguments, const char *directory, int cancel_fd,
		 struct str *output, struct error *err)
{
	struct tool tool = { .output_fd = -1, .error_fd = -1 };
	int code;

	box_process_init(&tool.process);
	box_tail_init(&tool.complaint);
	code = tool_start(&tool, arguments, directory, err);
	if (code == 0) {
		code = tool_watch(&tool, cancel_fd, output);
		if (code == -ECANCELED)
			error_set(err, code, "%s was interrupted", arguments[0]);
		else if (code < 0)
			error_errno(err, code, "%s: cannot wait for it", arguments[0]);
		else
			code = tool_verdict(&tool, arguments, err);
	}
	tool_done(&tool);
	return code;
}
