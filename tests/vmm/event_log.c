/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "event_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"

uint64_t monotonic_nsec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int event_log_open(const char *path, int *ret_fd, struct error *err)
{
	int fd = -1;

	if (path != NULL) {
		fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
		if (fd < 0)
			return error_errno(err, -errno, "cannot open the log %s", path);
	}
	*ret_fd = fd;
	return 0;
}

void event_log_line(int fd, const char *format, ...)
{
	char line[160];
	va_list arguments;
	int size;

	if (fd < 0)
		return;
	va_start(arguments, format);
	size = vsnprintf(line, sizeof(line) - 1, format, arguments);
	va_end(arguments);
	line[size++] = '\n';
	if (write(fd, line, (size_t)size) != size) {
		perror("tiny_vmm: cannot write the log");
		_exit(EXIT_FAILURE);
	}
}
