/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "floor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "heard_root.h"

#define FD_ASK 3
#define FD_ANSWER 4
#define LARGEST_READ (1 << 20)

/* What the child says after each pass. */
struct answer {
	uint64_t nsec;
	uint64_t failed; /* files */
};

/* -- the child */

static int open_file(const char *path)
{
	return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

static int *open_kept(const struct heard *heard)
{
	int *fds = malloc((heard->count + 1) * sizeof *fds);
	size_t i;

	for (i = 0; fds != NULL && i < heard->count; i++)
		fds[i] = heard->reads[i].closed ? -1 : open_file(heard->reads[i].path);
	return fds;
}

static uint64_t pass(const struct heard *heard, const int *fds, char *buffer)
{
	uint64_t failed = 0;
	size_t i;

	for (i = 0; i < heard->count; i++) {
		int fd = heard->reads[i].closed ? open_file(heard->reads[i].path) : fds[i];

		if (pread(fd, buffer, heard->reads[i].size, 0) < 0)
			failed++;
		if (heard->reads[i].closed)
			close(fd);
	}
	return failed;
}

static void child_run(const struct heard *heard)
{
	char *buffer = malloc(LARGEST_READ), question;
	int *fds;

	close_range(FD_ANSWER + 1, ~0u, 0);
	fds = open_kept(heard);
	if (fds == NULL || buffer == NULL)
		_exit(EXIT_FAILURE);
	while (read(FD_ASK, &question, 1) == 1) {
		uint64_t before = clock_thread_cpu_nsec();
		struct answer answer = { .failed = pass(heard, fds, buffer) };

		answer.nsec = clock_thread_cpu_nsec() - before;
		if (write(FD_ANSWER, &answer, sizeof answer) != sizeof answer)
			break;
	}
	_exit(EXIT_SUCCESS);
}

static void child_start(const struct heard *heard, int ask, int answer)
{
	int high_ask, high_answer;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Out of the way of each other first; a full table has no room for a copy. */
	close_range(FD_ANSWER + 1, (unsigned)(ask < answer ? ask : answer) - 1, 0);
	high_ask = fcntl(ask, F_DUPFD, FD_ANSWER + 1);
	high_answer = fcntl(answer, F_DUPFD, FD_ANSWER + 1);
	if (dup2(high_ask, FD_ASK) < 0 || dup2(high_answer, FD_ANSWER) < 0)
		_exit(EXIT_FAILURE);
	child_run(heard);
}

/* -- the parent */

int floor_init(struct floor *floor, const struct heard *heard, struct error *err)
{
	int ask[2], answer[2], r = 0;

	if (pipe2(ask, O_CLOEXEC) < 0)
		return error_errno(err, -errno, "cannot make a pipe");
	if (pipe2(answer, O_CLOEXEC) < 0) {
		r = error_errno(err, -errno, "cannot make a pipe");
		close(ask[0]);
		close(ask[1]);
		return r;
	}
	floor->pid = fork();
	if (floor->pid == 0)
		child_start(heard, ask[0], answer[1]);
	if (floor->pid < 0)
		r = error_errno(err, -errno, "cannot fork");
	floor->ask = ask[1];
	floor->answer = answer[0];
	close(ask[0]);
	close(answer[1]);
	return r;
}

int floor_pass(struct floor *floor, double *ret_usec, struct error *err)
{
	struct answer answer;

	if (write(floor->ask, "", 1) != 1 ||
	    read(floor->answer, &answer, sizeof answer) != sizeof answer)
		return error_set(err, -EPIPE, "the process that reads the floor has ended");
	if (answer.failed > 0)
		return error_set(err, -EAGAIN, "%llu files of the floor are gone",
				 (unsigned long long)answer.failed);
	*ret_usec = (double)answer.nsec / 1000;
	return 0;
}

void floor_done(struct floor *floor)
{
	if (floor->pid <= 0)
		return;
	close(floor->ask);
	close(floor->answer);
	waitpid(floor->pid, NULL, 0);
	floor->pid = 0;
}
