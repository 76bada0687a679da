/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/streams.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

/* A closed one is replaced by what fails as the closed one would: standard input cannot be read,
 * the others cannot be written. Else the next file opened, a recording perhaps, gets its number,
 * and a sentence for standard error lands in that. */
static void take_place(int wanted)
{
	int fd;

	if (fcntl(wanted, F_GETFD) >= 0)
		return;
	fd = open("/dev/null", wanted == STDIN_FILENO ? O_WRONLY : O_RDONLY);
	if (fd >= 0 && fd != wanted) {
		dup2(fd, wanted);
		close(fd);
	}
}

void streams_prepare(void)
{
	take_place(STDIN_FILENO);
	take_place(STDOUT_FILENO);
	take_place(STDERR_FILENO);
	signal(SIGXFSZ, SIG_IGN);
}
