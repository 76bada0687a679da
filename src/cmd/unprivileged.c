/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/unprivileged.h"

#include "base/cleanup.h"
#include "base/error.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>
#ifdef HAVE_SECCOMP
#include <seccomp.h>
#endif

static bool is_kept(int fd, const int *keep, size_t keep_count)
{
	while (keep_count-- > 0)
		if (keep[keep_count] == fd)
			return true;
	return fd <= STDERR_FILENO;
}

/* Descriptors are handed out lowest first, so looking up to the highest limit sees all. */
static void close_others(const int *keep, size_t keep_count)
{
	int highest = STDERR_FILENO, at = STDERR_FILENO + 1;
	size_t i;

	for (i = 0; i < keep_count; i++)
		highest = keep[i] > highest ? keep[i] : highest;
	for (; at <= highest; at++)
		if (!is_kept(at, keep, keep_count))
			close(at);
	if (close_range((unsigned)highest + 1, ~0u, 0) == 0)
		return;
	for (; at < 65536; at++)
		close(at);
}

static int change_user(struct error *err)
{
	const struct passwd *user = getpwnam("truce");

	if (geteuid() != 0)
		return 0;
	if (user == NULL)
		user = getpwnam("nobody");
	if (user == NULL || user->pw_uid == 0)
		return error_set(err, -ENOENT, "there is neither a user truce nor a user nobody");
	if (setgroups(0, NULL) < 0 || setresgid(user->pw_gid, user->pw_gid, user->pw_gid) < 0 ||
	    setresuid(user->pw_uid, user->pw_uid, user->pw_uid) < 0)
		return error_errno(err, -errno, "cannot become user %s", user->pw_name);
	if (setuid(0) == 0)
		return error_set(err, -EPERM, "could become root again");
	return 0;
}

static int set_limits(struct error *err)
{
	static const struct {
		int resource;
		rlim_t limit;
	} limits[] = {
		{ RLIMIT_NPROC, 0 }, { RLIMIT_FSIZE, 0 }, { RLIMIT_CORE, 0 }, { RLIMIT_NOFILE, 128 },
	};
	size_t i;

	if (getpriority(PRIO_PROCESS, 0) < 0)
		setpriority(PRIO_PROCESS, 0, 0); /* the sampler's place before others is not its own */
	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		const struct rlimit limit = { limits[i].limit, limits[i].limit };

		if (setrlimit((__rlimit_resource_t)limits[i].resource, &limit) < 0)
			return error_errno(err, -errno, "cannot limit the endpoint");
	}
	return 0;
}

#ifdef HAVE_SECCOMP
/* What is not allowed fails with EPERM: a C library that wants another call then says so,
 * instead of dying without a word. */
static int filter_calls(struct error *err)
{
	static const int allowed[] = {
		SCMP_SYS(accept4), SCMP_SYS(brk), SCMP_SYS(clock_gettime), SCMP_SYS(close),
		SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(fstat), SCMP_SYS(futex),
		SCMP_SYS(getpid), SCMP_SYS(madvise), SCMP_SYS(mmap), SCMP_SYS(munmap),
		SCMP_SYS(newfstatat), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(read),
		SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(restart_syscall),
		SCMP_SYS(rt_sigreturn), SCMP_SYS(sendto), SCMP_SYS(shutdown), SCMP_SYS(write),
	};
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int r = filter != NULL ? 0 : -ENOMEM;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(allowed) && r == 0; i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
	if (r == 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	/* A kernel without seccomp still has all the other walls. */
	if (r == -EINVAL || r == -ENOSYS || r == -EOPNOTSUPP || r == 0)
		return 0;
	return error_errno(err, r, "cannot filter the endpoint's system calls");
}
#else
static int filter_calls(struct error *err)
{
	return 0;
}
#endif

int unprivileged_become(const int *keep, size_t keep_count, struct error *err)
{
	int r;

	close_others(keep, keep_count);
	r = change_user(err);
	if (r < 0)
		return r;
	/* After the change of user, which resets it. */
	if (chdir("/") < 0) /* what was mounted where it was started can be unmounted */
		return error_errno(err, -errno, "cannot leave the working directory");
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0) < 0)
		return error_errno(err, -errno, "cannot give up privileges");
	r = set_limits(err);
	return r < 0 ? r : filter_calls(err);
}
