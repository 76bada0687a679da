/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/crash.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "decide/wire.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <ucontext.h>

static crash_where *where;
static timer_t cpu_timer;

static uint64_t stack_pointer(const ucontext_t *context)
{
#if defined(__x86_64__)
	return (uint64_t)context->uc_mcontext.gregs[REG_RSP];
#elif defined(__aarch64__)
	return context->uc_mcontext.sp;
#else
	return UINT64_MAX / 2;
#endif
}

static void copy_name(char *to, size_t size, const char *from)
{
	size_t i;

	for (i = 0; from != NULL && i + 1 < size && from[i] != '\0'; i++)
		to[i] = from[i];
}

/* Only what a handler may do: no memory is taken and no lock. */
static void crash_tell(int signal, siginfo_t *info, void *context)
{
	struct {
		struct wire_header header;
		struct wire_crash crash;
	} frame = { { sizeof frame.crash, WIRE_CRASHED }, { .signal = signal } };
	ssize_t written;

	frame.crash.code = info->si_code;
	copy_name(frame.crash.place, sizeof frame.crash.place, where(&frame.crash.line));
	if (signal == SIGSYS)
		frame.crash.call = info->si_syscall;
	/* A wild jump or a general protection fault has no address. */
	frame.crash.address = signal == SIGSYS || info->si_code == SI_KERNEL ?
				      UINT64_MAX : (uint64_t)(uintptr_t)info->si_addr;
	frame.crash.stack = stack_pointer(context);
	written = write(WIRE_SOCKET_FD, &frame, sizeof frame);
	(void)written;
	_exit(1);
}

static int handle_signals(crash_where *at)
{
	static const int signals[] = {
		SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS, SIGPROF, SIGXCPU,
	};
	static char stack[16384];
	const stack_t own = { .ss_sp = stack, .ss_size = sizeof stack };
	struct sigaction action = { .sa_sigaction = crash_tell, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	size_t i;

	where = at;
	sigfillset(&action.sa_mask);
	if (sigaltstack(&own, NULL) < 0)
		return -errno;
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		if (sigaction(signals[i], &action, NULL) < 0)
			return -errno;
	return 0;
}

/* Not an interval timer: those count whole clock ticks, and may count others' time for one's own. */
static int make_timer(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGPROF };

	return timer_create(CLOCK_PROCESS_CPUTIME_ID, &event, &cpu_timer) < 0 ? -errno : 0;
}

int crash_handle(crash_where *at)
{
	int r = handle_signals(at);

	return r < 0 ? r : make_timer();
}

void crash_limit(uint64_t cpu_usec)
{
	const struct itimerspec time = {
		.it_value = { (time_t)(cpu_usec / USEC_PER_SEC),
			      (long)(cpu_usec % USEC_PER_SEC * 1000) },
	};

	timer_settime(cpu_timer, 0, &time, NULL);
}
