/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

static const int interrupt_signals[] = { SIGINT, SIGTERM, SIGHUP };
static volatile sig_atomic_t interrupt_caught;
static int interrupt_pipe[2] = { -1, -1 };

/* SA_RESETHAND: the second signal of a kind has its default effect. */
static void interrupt_handle(int number)
{
	int saved = errno;

	interrupt_caught = number;
	if (write(interrupt_pipe[1], "", 1) < 0) {
		/* The pipe is full: it is readable already. */
	}
	errno = saved;
}

void interrupt_catch(void)
{
	struct sigaction action = { .sa_handler = interrupt_handle, .sa_flags = (int)SA_RESETHAND };
	size_t i;

	if (interrupt_pipe[0] >= 0 || pipe2(interrupt_pipe, O_CLOEXEC | O_NONBLOCK) < 0)
		return;
	for (i = 0; i < sizeof interrupt_signals / sizeof *interrupt_signals; i++) {
		struct sigaction old;

		/* nohup and background shells have some of them ignored: they stay so. */
		if (sigaction(interrupt_signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			sigaction(interrupt_signals[i], &action, NULL);
	}
}

int interrupt_signal(void)
{
	return interrupt_caught;
}

int interrupt_fd(void)
{
	return interrupt_pipe[0];
}
