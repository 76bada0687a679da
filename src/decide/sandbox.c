/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/sandbox.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "decide/sanitizer.h"
#include "decide/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#ifdef HAVE_SECCOMP
#include <seccomp.h>
#endif
#if __has_include(<linux/landlock.h>)
#include <linux/landlock.h>
#endif

enum { NOBODY = 65534 };

static bool rooted;

/* Where the caller is no root, the kernel may still close the file system (from 5.13). A file in
 * memory, as the policy's program, belongs to none. */
static void close_files(void)
{
#ifdef LANDLOCK_ACCESS_FS_READ_FILE
	const struct landlock_ruleset_attr all = {
		.handled_access_fs = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
				     LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
	};
	int rules = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0);

	if (rules < 0)
		return;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	syscall(SYS_landlock_restrict_self, rules, 0);
	close(rules);
#endif
}

/* With its root in its own directory of descriptors, a process finds no file but those that it
 * has open. It needs no mount, and works in every kernel. */
static int leave_files(bool maps_program, struct error *err)
{
	if (geteuid() != 0) {
		close_files();
		return 0;
	}
	if (chdir("/proc/self/fd") < 0 || chroot(".") < 0) {
		if (maps_program)
			return error_errno(err, -errno, "cannot leave the file system behind");
		return 0;
	}
	rooted = true;
	return 0;
}

const char *sandbox_program_name(void)
{
	return rooted ? "/5" : "/proc/self/fd/5";
}

static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { { 0 } };

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return syscall(SYS_capset, &header, none) < 0 ? -errno : 0;
}

static int change_user(struct error *err)
{
	int r;

	if (geteuid() == 0 && (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
			       setresuid(NOBODY, NOBODY, NOBODY) < 0))
		return error_errno(err, -errno, "cannot become an unprivileged user");
	r = drop_capabilities();
	if (r < 0)
		return error_errno(err, r, "cannot give up capabilities");
	if (geteuid() == NOBODY && setuid(0) == 0)
		return error_set(err, -EPERM, "could become root again");
	return 0;
}

static int set_limits(struct error *err)
{
	static const struct {
		int resource;
		rlim_t limit;
	} limits[] = {
		{ RLIMIT_NPROC, 0 },
		{ RLIMIT_FSIZE, 0 },
		{ RLIMIT_CORE, 0 },
		{ RLIMIT_NOFILE, 8 },
		{ RLIMIT_MEMLOCK, 0 },
		{ RLIMIT_MSGQUEUE, 0 },
		{ RLIMIT_STACK, 1 << 20 },
		{ RLIMIT_AS, WIRE_ROOM_BYTES + ((rlim_t)1 << 30) },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		const struct rlimit limit = { limits[i].limit, limits[i].limit };

		if (UNDER_SANITIZER && limits[i].resource == RLIMIT_AS)
			continue;
		if (setrlimit((__rlimit_resource_t)limits[i].resource, &limit) < 0)
			return error_errno(err, -errno, "cannot set its limits");
	}
	return 0;
}

#ifdef HAVE_SECCOMP
/* What fails quietly is what the C library asks when a program prints: nobody reads that. */
static int allow_usual(scmp_filter_ctx filter)
{
	static const int allowed[] = {
		SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise),
		SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(exit),
		SCMP_SYS(exit_group), SCMP_SYS(futex), SCMP_SYS(getpid), SCMP_SYS(gettid),
		SCMP_SYS(getrandom), SCMP_SYS(restart_syscall), SCMP_SYS(rt_sigprocmask),
		SCMP_SYS(rt_sigreturn), SCMP_SYS(timer_settime),
	};
	static const int quiet[] = {
		SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(ioctl), SCMP_SYS(lseek),
	};
	int r = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(allowed) && r == 0; i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
	for (i = 0; i < ARRAY_SIZE(quiet) && r == 0; i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), quiet[i], 0);
	return r;
}

static int allow_socket(scmp_filter_ctx filter, bool maps_program)
{
	int r = 0, fd;

	for (fd = STDOUT_FILENO; fd <= WIRE_SOCKET_FD && r == 0; fd++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 1,
				     SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)fd));
	if (r == 0 && !maps_program)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(read), 1,
				     SCMP_A0(SCMP_CMP_EQ, WIRE_SOCKET_FD));
	return r;
}

/* abort() sends the signal to its own thread. */
static int allow_abort(scmp_filter_ctx filter)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 2,
				SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()),
				SCMP_A2(SCMP_CMP_EQ, SIGABRT));
}

/* Private memory that is no program. */
static int allow_memory(scmp_filter_ctx filter)
{
	int r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2,
				 SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
				 SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_SHARED | MAP_ANONYMOUS,
					 MAP_ANONYMOUS));

	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
				     SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	return r;
}

/* What the dynamic linker does to map one more library. */
static int allow_mapping(scmp_filter_ctx filter)
{
	static const int allowed[] = {
		SCMP_SYS(read), SCMP_SYS(pread64), SCMP_SYS(close), SCMP_SYS(fstat),
		SCMP_SYS(newfstatat), SCMP_SYS(mprotect), SCMP_SYS(readlink), SCMP_SYS(getcwd),
		SCMP_SYS(seccomp),
	};
	int r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
				 SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY));
	size_t i;

	for (i = 0; i < ARRAY_SIZE(allowed) && r == 0; i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1,
				     SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP));
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
				     SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_SHARED, 0));
	return r;
}

/* A call that is not allowed ends the process by a signal, whose handler names the call. */
static int filter_calls(bool maps_program, struct error *err)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_TRAP);
	int r = filter != NULL ? 0 : -ENOMEM;

	if (r == 0)
		r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
	if (r == 0 && maps_program)
		r = allow_mapping(filter);
	if (r == 0 && !maps_program)
		r = allow_memory(filter);
	if (r == 0)
		r = allow_usual(filter);
	if (r == 0)
		r = allow_socket(filter, maps_program);
	if (r == 0)
		r = allow_abort(filter);
	if (r == 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	if (r < 0)
		return error_errno(err, r, "the kernel does not filter system calls (seccomp), and "
				   "no policy runs without that");
	return 0;
}
#else
static int filter_calls(bool maps_program, struct error *err)
{
	return error_set(err, -EOPNOTSUPP, "this Truce was built without libseccomp, and no policy "
			 "runs without that");
}
#endif

static int filter_unless_sanitized(bool maps_program, struct error *err)
{
	return UNDER_SANITIZER ? 0 : filter_calls(maps_program, err);
}

int sandbox_enter(bool maps_program, struct error *err)
{
	int r = leave_files(maps_program, err);

	if (r == 0)
		r = change_user(err);
	if (r < 0)
		return r;
	/* After the change of user, which resets both. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_errno(err, -errno, "cannot give up privileges");
	r = set_limits(err);
	return r < 0 ? r : filter_unless_sanitized(maps_program, err);
}

int sandbox_close(struct error *err)
{
	return filter_unless_sanitized(false, err);
}
