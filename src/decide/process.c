/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/process.h"

#include "base/clock.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/vec.h"
#include "decide/sanitizer.h"
#include "decide/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* Above all descriptors that the child will have, so that none is overwritten on the way. */
enum { HIGH_FD = 64, END_WAIT_MSEC = 20 };

void process_init(struct process *process)
{
	*process = (struct process){ .pidfd = -1, .socket = -1 };
}

/* Nothing else is inherited: no descriptor, no signal's mask or handler, no environment. */
static int process_spawn(const char *program, const int fds[3], pid_t *ret)
{
	char *const arguments[] = { (char *)program, NULL };
	char *const environment[] = { (char *)"LC_ALL=C.UTF-8", NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int fd, r;

	sigemptyset(&none);
	sigfillset(&all);
	if (posix_spawn_file_actions_init(&actions) != 0)
		return -ENOMEM;
	if (posix_spawnattr_init(&attributes) != 0) {
		posix_spawn_file_actions_destroy(&actions);
		return -ENOMEM;
	}
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
						      POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
	for (fd = 0; fd < 3; fd++)
		if (fds[fd] >= 0)
			posix_spawn_file_actions_adddup2(&actions, fds[fd], WIRE_SOCKET_FD + fd);
	posix_spawn_file_actions_addclosefrom_np(&actions, WIRE_SOCKET_FD + 2 + (fds[2] >= 0));
	r = posix_spawn(ret, program, &actions, &attributes, arguments, environment);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return -r;
}

static int process_spawn_high(const char *program, int socket, int room_fd, int program_fd,
			      pid_t *ret)
{
	CLEANUP_CLOSE int high_socket = fcntl(socket, F_DUPFD_CLOEXEC, HIGH_FD);
	CLEANUP_CLOSE int high_room = fcntl(room_fd, F_DUPFD_CLOEXEC, HIGH_FD);
	CLEANUP_CLOSE int high_program =
		program_fd >= 0 ? fcntl(program_fd, F_DUPFD_CLOEXEC, HIGH_FD) : -1;

	if (high_socket < 0 || high_room < 0 || (program_fd >= 0 && high_program < 0))
		return -errno;
	return process_spawn(program, (int[]){ high_socket, high_room, high_program }, ret);
}

int process_start(struct process *process, const char *program, int room_fd, int program_fd,
		  struct error *err)
{
	int pair[2], r;

	process_reap_left();
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return error_errno(err, -errno, "cannot make a socket for the policy's process");
	r = process_spawn_high(program, pair[1], room_fd, program_fd, &process->pid);
	close(pair[1]);
	if (r < 0) {
		close(pair[0]);
		process->pid = 0;
		return error_errno(err, r, "cannot start %s", program);
	}
	process->socket = pair[0];
	/* The child is not reaped yet, so this pid is still its own. */
	process->pidfd = (int)syscall(SYS_pidfd_open, process->pid, 0);
	if (clock_getcpuclockid(process->pid, &process->cpu_clock) != 0)
		process->cpu_clock = -1;
	if (process->pidfd < 0) {
		r = -errno;
		process_end(process, NULL);
		return error_errno(err, r, "cannot watch the policy's process");
	}
	return 0;
}

uint64_t process_cpu_usec(const struct process *process)
{
	struct timespec used;

	if (process->pid == 0 || process->cpu_clock == -1 ||
	    clock_gettime(process->cpu_clock, &used) < 0)
		return 0;
	return (uint64_t)used.tv_sec * USEC_PER_SEC + (uint64_t)used.tv_nsec / 1000;
}

/* The hard limit stays: an unprivileged parent could not raise it again. */
static void process_limit(const struct process *process, int resource, uint64_t limit)
{
	struct rlimit rlimit;

	if (prlimit(process->pid, (__rlimit_resource_t)resource, NULL, &rlimit) < 0)
		return;
	rlimit.rlim_cur = limit < rlimit.rlim_max ? limit : rlimit.rlim_max;
	prlimit(process->pid, (__rlimit_resource_t)resource, &rlimit, NULL);
}

void process_limit_cpu(const struct process *process, uint64_t more_usec)
{
	uint64_t used = process_cpu_usec(process);

	process_limit(process, RLIMIT_CPU, (used + more_usec) / USEC_PER_SEC + 1);
}

void process_limit_memory(const struct process *process, uint64_t bytes)
{
	if (!UNDER_SANITIZER)
		process_limit(process, RLIMIT_DATA, bytes);
}

bool process_wants_cpu(const struct process *process)
{
	char path[64], bytes[512];
	const char *name_end;
	ssize_t size;
	CLEANUP_CLOSE int fd = -1;

	snprintf(path, sizeof path, "/proc/%d/stat", process->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	size = read(fd, bytes, sizeof bytes - 1);
	if (size <= 0)
		return false;
	bytes[size] = '\0';
	name_end = strrchr(bytes, ')');
	return name_end != NULL && (name_end[2] == 'R' || name_end[2] == 'D');
}

bool process_has_ended(const struct process *process, int wait_msec)
{
	struct pollfd poll_fd = { .fd = process->pidfd, .events = POLLIN };

	return process->pid == 0 || poll(&poll_fd, 1, wait_msec) > 0;
}

/* -- the end ----------------------------------------------------------------------------------- */

/* Killed, and not gone yet. They are children of the whole process, and what they worked for may
 * be freed, or have been of another thread. */
static struct {
	pthread_mutex_t lock;
	pid_t *pids;
	size_t count, capacity;
} left = { .lock = PTHREAD_MUTEX_INITIALIZER };

static bool reap(pid_t pid, int flags)
{
	pid_t r;

	do
		r = waitpid(pid, NULL, flags);
	while (r < 0 && errno == EINTR);
	return r != 0;
}

size_t process_reap_left(void)
{
	size_t i, kept = 0;

	pthread_mutex_lock(&left.lock);
	for (i = 0; i < left.count; i++)
		if (!reap(left.pids[i], WNOHANG))
			left.pids[kept++] = left.pids[i];
	left.count = kept;
	if (kept == 0) {
		free(left.pids);
		left.pids = NULL;
		left.capacity = 0;
	}
	pthread_mutex_unlock(&left.lock);
	return kept;
}

/* Without memory to remember it, it is waited for. */
static void leave(pid_t pid)
{
	bool noted;

	pthread_mutex_lock(&left.lock);
	noted = VEC_RESERVE(left.pids, left.capacity, left.count + 1);
	if (noted)
		left.pids[left.count++] = pid;
	pthread_mutex_unlock(&left.lock);
	if (!noted)
		reap(pid, 0);
}

void process_end(struct process *process, int *ret_status)
{
	int status = -1;

	process_reap_left();
	if (process->pid > 0) {
		kill(process->pid, SIGKILL);
		/* Gone at once, but for one that has much to give back or that the kernel keeps. */
		if (process->pidfd >= 0 && !process_has_ended(process, END_WAIT_MSEC))
			leave(process->pid);
		else if (waitpid(process->pid, &status, 0) < 0)
			status = -1;
	}
	if (process->pidfd >= 0)
		close(process->pidfd);
	if (process->socket >= 0)
		close(process->socket);
	process_init(process);
	if (ret_status != NULL)
		*ret_status = status;
}
