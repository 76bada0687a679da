/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/freezer.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

void freezer_init(struct freezer *freezer)
{
	*freezer = (struct freezer){ .fd = -1, .pidfd = -1 };
}

static void freezer_clear(struct freezer *freezer)
{
	cleanup_close(&freezer->fd);
	cleanup_close(&freezer->pidfd);
	freezer_init(freezer);
}

int freezer_begin(struct freezer *freezer, const char *path, uint64_t until_nsec,
		  struct error *err)
{
	pid_t parent = getpid();

	if (freezer->fd >= 0)
		return error_set(err, -EBUSY, "%s is frozen already", freezer->path);
	freezer->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (freezer->fd < 0)
		return error_errno(err, -errno, "%s", path);
	text_copy(freezer->path, sizeof freezer->path, path, strlen(path));
	freezer->until_nsec = until_nsec;
	freezer->child = fork();
	if (freezer->child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(EIO);
		_exit(ioctl(freezer->fd, FIFREEZE, 0) == 0 ? 0 : errno);
	}
	if (freezer->child < 0) {
		int code = -errno;

		freezer_clear(freezer);
		return error_errno(err, code, "a process that freezes %s", path);
	}
	freezer->pidfd = (int)syscall(SYS_pidfd_open, freezer->child, 0);
	return 0;
}

/* How its child ended: 0, or the errno why it could not freeze. */
static int child_verdict(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

int freezer_poll(struct freezer *freezer, struct error *err)
{
	int status, code;

	if (freezer->child == 0 || waitpid(freezer->child, &status, WNOHANG) != freezer->child)
		return 0;
	freezer->child = 0;
	cleanup_close(&freezer->pidfd);
	freezer->pidfd = -1;
	code = child_verdict(status);
	if (code == 0)
		return 1;
	error_errno(err, -code, "%s cannot be frozen", freezer->path);
	freezer_clear(freezer);
	return -code;
}

bool freezer_end(struct freezer *freezer)
{
	bool frozen = freezer->fd >= 0 && freezer->child == 0;
	int status;

	if (freezer->fd < 0)
		return false;
	if (freezer->child > 0) {
		/* It ends when the kernel lets it; what it froze by then is thawed. */
		kill(freezer->child, SIGKILL);
		waitpid(freezer->child, &status, 0);
	}
	ioctl(freezer->fd, FITHAW, 0);
	freezer_clear(freezer);
	return frozen;
}
