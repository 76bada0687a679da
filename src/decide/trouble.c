/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/trouble.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#ifdef HAVE_SECCOMP
#include <seccomp.h>
#endif

enum { NULL_PAGE = 65536, STACK_SIGHT = 1 << 16 };

static void name_call(int call, char *ret, size_t size)
{
	snprintf(ret, size, "%d", call);
#ifdef HAVE_SECCOMP
	char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, call);

	if (name != NULL)
		snprintf(ret, size, "%s", name);
	free(name);
#endif
}

static void describe_fault(const struct wire_crash *crash, char *ret, size_t size)
{
	uint64_t away = crash->address > crash->stack ? crash->address - crash->stack :
							crash->stack - crash->address;

	if (crash->address < NULL_PAGE)
		snprintf(ret, size, "it used a NULL pointer");
	else if (away < STACK_SIGHT)
		snprintf(ret, size, "its stack overflowed (recursion without an end, or arrays "
				    "that are too large)");
	else
		snprintf(ret, size, "it used memory that is not its own");
}

static void describe(const struct wire_crash *crash, char *ret, size_t size)
{
	char name[64];

	switch (crash->signal) {
	case SIGSEGV:
	case SIGBUS:
		describe_fault(crash, ret, size);
		break;
	case SIGSYS:
		name_call(crash->call, name, sizeof name);
		snprintf(ret, size, "it made the system call %s, which policies may not", name);
		break;
	case SIGABRT:
		snprintf(ret, size, "it aborted");
		break;
	case SIGFPE:
		snprintf(ret, size, "it divided by zero");
		break;
	case SIGILL:
	case SIGTRAP:
		snprintf(ret, size, "it ran into an instruction that is none");
		break;
	case SIGPROF:
	case SIGXCPU:
		snprintf(ret, size, "it took more CPU time than a turn may");
		break;
	default:
		snprintf(ret, size, "signal %d ended it", crash->signal);
	}
}

void trouble_of_crash(const struct wire_crash *crash, enum decider_language language,
		      char ret[static WIRE_SENTENCE_SIZE])
{
	char what[200], place[WIRE_SENTENCE_SIZE];

	describe(crash, what, sizeof what);
	wire_take_sentence(crash->place, sizeof crash->place, place);
	if (place[0] == '\0' || crash->line <= 0)
		snprintf(ret, WIRE_SENTENCE_SIZE, "%s", what);
	else if (language == DECIDER_C)
		snprintf(ret, WIRE_SENTENCE_SIZE, "%s, after %.100s in line %d", what, place,
			 crash->line);
	else
		snprintf(ret, WIRE_SENTENCE_SIZE, "%s, in rule \"%.100s\" of line %d", what, place,
			 crash->line);
}

void trouble_of_status(int status, char ret[static WIRE_SENTENCE_SIZE])
{
	struct wire_crash crash = { .address = UINT64_MAX };

	if (status == -1) {
		snprintf(ret, WIRE_SENTENCE_SIZE, "its process does not end");
	} else if (WIFEXITED(status)) {
		snprintf(ret, WIRE_SENTENCE_SIZE, "it ended its process with exit(%d)",
			 WEXITSTATUS(status));
	} else if (WTERMSIG(status) == SIGKILL) {
		snprintf(ret, WIRE_SENTENCE_SIZE, "somebody or the kernel killed its process");
	} else if (WTERMSIG(status) == SIGSYS) {
		snprintf(ret, WIRE_SENTENCE_SIZE, "it made a system call that policies may not");
	} else {
		crash.signal = WTERMSIG(status);
		trouble_of_crash(&crash, DECIDER_C, ret);
	}
}
