/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/box/init_command.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/vec.h"
#include "lab/box/box_job.h"
#include "lab/box/init_port.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#define KILLED_LIMIT_SEC 2

struct command {
	const char **arguments;
	size_t count, capacity;
	pid_t pid;
	int output_fd, error_fd, child_fd;
	int status; /* as waitpid says */
};

static int command_gather(struct command *command, const char *job, size_t size,
			  struct error *err)
{
	size_t at = 0;
	const char *argument;

	do {
		argument = box_job_next(job, size, &at, BOX_JOB_ARGUMENT);
		if (!VEC_RESERVE(command->arguments, command->capacity, command->count + 1))
			return error_errno(err, -ENOMEM, "the command");
		command->arguments[command->count++] = argument;
	} while (argument != NULL);
	if (command->count < 2)
		return error_set(err, -EINVAL, "the job has no command");
	return 0;
}

static void environment_set(const char *job, size_t size)
{
	const char *modules = box_job_get(job, size, BOX_JOB_MODULES);
	const char *variable;
	size_t at = 0;

	clearenv();
	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
	setenv("HOME", "/root", 1);
	setenv("LANG", "C.UTF-8", 1);
	if (modules != NULL) {
		char options[4096];

		snprintf(options, sizeof options, "-d %s", modules);
		setenv("MODPROBE_OPTIONS", options, 1);
	}
	while ((variable = box_job_next(job, size, &at, BOX_JOB_ENVIRONMENT)) != NULL)
		putenv((char *)variable);
}

static void command_become(const struct command *command, const char *job, size_t size,
			   int output_fd, int error_fd)
{
	int null = open("/dev/null", O_RDONLY);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	environment_set(job, size);
	if (dup2(null, STDIN_FILENO) < 0 || dup2(output_fd, STDOUT_FILENO) < 0 ||
	    dup2(error_fd, STDERR_FILENO) < 0)
		_exit(126);
	if (null > STDERR_FILENO)
		close(null);
	execvp(command->arguments[0], (char *const *)command->arguments);
	dprintf(STDERR_FILENO, "truce-lab: %s: %s\n", command->arguments[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

static int command_start(struct command *command, const char *job, size_t size, struct error *err)
{
	const char *directory = box_job_get(job, size, BOX_JOB_DIRECTORY);
	int output[2], error[2];

	if (directory != NULL && chdir(directory) != 0)
		return error_errno(err, -errno, "cannot enter %s in the box", directory);
	if (pipe2(output, O_CLOEXEC) != 0 || pipe2(error, O_CLOEXEC) != 0)
		return error_errno(err, -errno, "no pipe for the command");
	command->output_fd = output[0];
	command->error_fd = error[0];
	command->pid = fork();
	if (command->pid == 0)
		command_become(command, job, size, output[1], error[1]);
	close(output[1]);
	close(error[1]);
	if (command->pid < 0)
		return error_errno(err, -errno, "cannot fork for the command");
	return 0;
}

static int child_fd_open(struct command *command, struct error *err)
{
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	command->child_fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	if (command->child_fd < 0)
		return error_errno(err, -errno, "no signalfd");
	return 0;
}

/* One read's worth. False at the end of the stream. */
static bool stream_relay(int fd, int port_fd, enum box_frame_kind kind)
{
	static char bytes[32768];
	ssize_t size = read(fd, bytes, sizeof bytes);

	if (size > 0)
		init_port_send(port_fd, kind, bytes, (size_t)size);
	return size > 0 || (size < 0 && errno == EINTR);
}

/* The first process gets every orphan: all of them are reaped, one of them is the command. */
static bool command_ended(struct command *command)
{
	struct signalfd_siginfo told;
	bool ended = false;
	int status;
	pid_t pid;

	(void)!read(command->child_fd, &told, sizeof told);
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == command->pid) {
			command->status = status;
			ended = true;
		}
	return ended;
}

/* The host asks whether anybody is there. False where there is no host any more. */
static bool host_answer(int port_fd)
{
	char asked[64];

	if (read(port_fd, asked, sizeof asked) <= 0)
		return false;
	init_port_send(port_fd, BOX_FRAME_ALIVE, asked, 0);
	return true;
}

static void command_relay(struct command *command, int port_fd)
{
	struct pollfd watched[] = { { command->output_fd, POLLIN, 0 },
				    { command->error_fd, POLLIN, 0 },
				    { command->child_fd, POLLIN, 0 },
				    { port_fd, POLLIN, 0 } };

	for (;;) {
		if (poll(watched, ARRAY_SIZE(watched), -1) < 0)
			continue;
		if (watched[0].revents != 0 &&
		    !stream_relay(command->output_fd, port_fd, BOX_FRAME_STDOUT))
			watched[0].fd = -1;
		if (watched[1].revents != 0 &&
		    !stream_relay(command->error_fd, port_fd, BOX_FRAME_STDERR))
			watched[1].fd = -1;
		if (watched[3].revents != 0 && !host_answer(port_fd))
			watched[3].fd = -1;
		if (watched[2].revents != 0 && command_ended(command))
			return;
	}
}

/* Open files of a killed process reach their share before it is reaped, so the host finds all
 * that was written. A process that does not die (it waits for a device) is left. */
static void others_kill(void)
{
	struct timespec limit = { KILLED_LIMIT_SEC, 0 };
	sigset_t child;
	pid_t pid;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	kill(-1, SIGKILL);
	while ((pid = waitpid(-1, NULL, WNOHANG)) >= 0)
		if (pid == 0 && sigtimedwait(&child, NULL, &limit) < 0 && errno == EAGAIN)
			return;
}

/* What is still in the pipe; nobody is left who could write more. */
static void stream_drain(int fd, int port_fd, enum box_frame_kind kind)
{
	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (stream_relay(fd, port_fd, kind))
		;
}

static void command_done(struct command *command)
{
	free(command->arguments);
	cleanup_close(&command->output_fd);
	cleanup_close(&command->error_fd);
	cleanup_close(&command->child_fd);
}

int init_command_run(const char *job, size_t size, int port_fd, uint32_t *ret_status,
		     struct error *err)
{
	struct command command = { .output_fd = -1, .error_fd = -1, .child_fd = -1 };
	int code = command_gather(&command, job, size, err);

	if (code == 0)
		code = child_fd_open(&command, err);
	if (code == 0)
		code = command_start(&command, job, size, err);
	if (code == 0) {
		command_relay(&command, port_fd);
		others_kill();
		stream_drain(command.output_fd, port_fd, BOX_FRAME_STDOUT);
		stream_drain(command.error_fd, port_fd, BOX_FRAME_STDERR);
		*ret_status = WIFEXITED(command.status) ? (uint32_t)WEXITSTATUS(command.status) :
							  128 + (uint32_t)WTERMSIG(command.status);
	}
	command_done(&command);
	return code;
}
