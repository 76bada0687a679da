/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/sandbox.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "daemon/notify.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#ifdef HAVE_CAPNG
#include <cap-ng.h>
#endif
#ifdef HAVE_SECCOMP
#include <seccomp.h>
#endif

#ifdef HAVE_CAPNG
/* Found by taking away one after the other; what each is for. */
static const struct {
	unsigned capability;
	const char *for_what;
} kept[] = {
	{ CAP_SYS_NICE, "nice, affinity and scheduling of other users' processes" },
	{ CAP_SYS_PTRACE, "descriptors, system calls and maps of other users' VMMs" },
	{ CAP_DAC_OVERRIDE, "sockets of VMMs and files of cgroups that belong to others" },
	{ CAP_DAC_READ_SEARCH, "directories of others below /proc and /run" },
	{ CAP_NET_ADMIN, "shaping of taps" },
	{ CAP_SYS_RESOURCE, "descriptors for hundreds of VMs, limits of the policies' processes" },
	{ CAP_KILL, "the policies' processes, which are another user's" },
	{ CAP_SETUID, "to make them so" },
	{ CAP_SETGID, "to make them so" },
	{ CAP_SYS_CHROOT, "they see no files" },
};

/* What this process was not given it cannot keep: a container or a manager may give less. */
static int drop_capabilities(struct error *err)
{
	bool given[ARRAY_SIZE(kept)];
	capng_select_t what;
	size_t i;

	capng_get_caps_process();
	/* Where the manager has not given that it has drawn the bounds itself. */
	what = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS;
	for (i = 0; i < ARRAY_SIZE(kept); i++)
		given[i] = capng_have_capability(CAPNG_PERMITTED, kept[i].capability);
	capng_clear(CAPNG_SELECT_BOTH);
	for (i = 0; i < ARRAY_SIZE(kept); i++)
		if (given[i])
			capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET,
				     kept[i].capability);
	if (capng_apply(what) < 0)
		return error_set(err, -EPERM, "cannot give up capabilities that are not needed");
	return 0;
}
#else
static int drop_capabilities(struct error *err)
{
	log_line(LOG_NOTICE, "capabilities stay as they are: truced was built without libcap-ng");
	return 0;
}
#endif

#ifdef HAVE_SECCOMP
/* By what for: this process, its threads and libraries; libvirt's client; the policies' processes
 * on their way to their own, narrower list. */
static const char *const allowed[] = {
	/* files, sockets, events */
	"accept4", "access", "bind", "chmod", "close", "close_range", "connect", "creat", "dup", "dup2",
	"dup3", "epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_wait", "eventfd2", "faccessat",
	"faccessat2", "fallocate", "fchdir", "fchmod", "fchmodat", "fchown", "fcntl", "fdatasync", "flock",
	"fstat", "fstatfs", "fsync", "ftruncate", "getcwd", "getdents", "getdents64", "getpeername",
	"getsockname", "getsockopt", "inotify_add_watch", "inotify_init1", "inotify_rm_watch", "ioctl",
	"listen", "lseek", "lstat", "memfd_create", "mkdir", "mkdirat", "newfstatat", "open", "openat",
	"openat2", "pipe", "pipe2", "poll", "ppoll", "pread64", "preadv", "pselect6", "pwrite64", "pwritev",
	"read", "readlink", "readlinkat", "readv", "recvfrom", "recvmmsg", "recvmsg", "rename", "renameat",
	"renameat2", "rmdir", "select", "sendmmsg", "sendmsg", "sendto", "setsockopt", "shutdown",
	"signalfd4", "socket", "socketpair", "stat", "statfs", "statx", "timerfd_create",
	"timerfd_gettime", "timerfd_settime", "umask", "unlink", "unlinkat", "utimensat", "write", "writev",
	/* memory, threads, time, itself */
	"arch_prctl", "brk", "clock_getres", "clock_gettime", "clock_nanosleep", "clone", "clone3",
	"exit", "exit_group", "futex", "get_robust_list", "getcpu", "getegid", "geteuid", "getgid",
	"getgroups", "getitimer", "getpgrp", "getpid", "getppid", "getpriority", "getrandom",
	"getresgid", "getresuid", "getrlimit", "getrusage", "gettid", "gettimeofday", "getuid", "getsid",
	"getpgid", "madvise", "membarrier", "mincore", "mlock", "mmap", "mprotect", "mremap", "munmap",
	"nanosleep", "prctl", "prlimit64", "restart_syscall", "rseq", "rt_sigaction", "rt_sigpending",
	"rt_sigprocmask", "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait", "sched_getaffinity",
	"sched_getattr", "sched_getparam", "sched_getscheduler", "sched_yield", "set_robust_list",
	"set_tid_address", "sigaltstack", "sysinfo", "tgkill", "time", "timer_create", "timer_delete",
	"timer_settime", "times", "uname",
	/* the knobs */
	"kcmp", "pidfd_open", "sched_setaffinity", "sched_setattr", "sched_setparam", "sched_setscheduler",
	"setpriority",
	/* the policies' processes, as far as they have not taken it from themselves */
	"capget", "capset", "chdir", "chroot", "execve", "fork", "kill", "pidfd_send_signal", "seccomp",
	"setgid", "setgroups", "setitimer", "setpgid", "setregid", "setresgid", "setresuid", "setreuid",
	"setrlimit", "setsid", "setuid", "vfork", "wait4", "waitid",
};

static int allow(scmp_filter_ctx filter, const char *name)
{
	int number = seccomp_syscall_resolve_name(name), r;

	if (number == __NR_SCMP_ERROR || number < 0)
		return 0; /* not of this architecture */
	r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
	return r == -EEXIST ? 0 : r;
}

/* What is not on the list fails with EPERM, which this program takes as any other refusal. */
static int filter_calls(struct error *err)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	size_t i;
	int r = filter == NULL ? -ENOMEM : 0;

	for (i = 0; r == 0 && i < ARRAY_SIZE(allowed); i++)
		r = allow(filter, allowed[i]);
	if (r == 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	if (r == -EINVAL || r == -ENOSYS) { /* a kernel without seccomp filters */
		log_line(LOG_NOTICE, "system calls are not limited: this kernel has no filter for them");
		return 0;
	}
	return r < 0 ? error_errno(err, r, "cannot limit system calls") : 0;
}
#else
static int filter_calls(struct error *err)
{
	log_line(LOG_NOTICE, "system calls are not limited: truced was built without libseccomp");
	return 0;
}
#endif

/* A sanitizer's own calls are nobody's list. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define UNDER_SANITIZER true
#else
#define UNDER_SANITIZER false
#endif

int sandbox_enter(struct error *err)
{
	const char *wanted = getenv("TRUCE_SANDBOX");
	int r;

	if (wanted != NULL && strcmp(wanted, "no") == 0)
		return 0;
	r = drop_capabilities(err);
	if (r < 0)
		return r;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_errno(err, -errno, "cannot give up new privileges");
	return UNDER_SANITIZER ? 0 : filter_calls(err);
}
