/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/source.h"

#include "base/cleanup.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

static bool is_unchanged(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec && a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* Up to `size` bytes, fewer only where the file ends. */
static ssize_t read_all(int fd, char *bytes, size_t size)
{
	size_t at = 0;

	while (at < size) {
		ssize_t got = read(fd, bytes + at, size - at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		at += (size_t)got;
	}
	return (ssize_t)at;
}

static int read_unchanged(int fd, const char *path, const struct stat *before, char **ret_bytes,
			  struct error *err)
{
	/* One byte more than it has: a file that grows shows it. */
	size_t size = (size_t)before->st_size;
	CLEANUP_FREE char *bytes = malloc(size + 1);
	struct stat after;
	ssize_t got;

	if (bytes == NULL)
		return error_set(err, -ENOMEM, "%s: no memory to read it", path);
	got = read_all(fd, bytes, size + 1);
	if (got < 0)
		return error_errno(err, (int)got, "%s: cannot be read", path);
	if (fstat(fd, &after) < 0)
		return error_errno(err, -errno, "%s: cannot be looked at", path);
	if ((size_t)got != size || !is_unchanged(before, &after))
		return error_set(err, -EAGAIN, "%s: changed while it was read; try again when it "
				 "is written", path);
	bytes[size] = '\0';
	*ret_bytes = bytes;
	bytes = NULL;
	return 0;
}

int source_read(const char *path, char **ret_bytes, size_t *ret_size, struct error *err)
{
	/* A pipe or a device with that name must not keep anybody waiting. */
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat before;
	int r;

	if (fd < 0)
		return error_errno(err, -errno, "%s: cannot be opened", path);
	if (fstat(fd, &before) < 0)
		return error_errno(err, -errno, "%s: cannot be looked at", path);
	if (!S_ISREG(before.st_mode))
		return error_set(err, -EINVAL, "%s: is no regular file", path);
	if (before.st_size > SOURCE_BYTES_MAX)
		return error_set(err, -EFBIG, "%s: has %lld bytes; a policy has %d at most", path,
				 (long long)before.st_size, SOURCE_BYTES_MAX);
	r = read_unchanged(fd, path, &before, ret_bytes, err);
	if (r == 0)
		*ret_size = (size_t)before.st_size;
	return r;
}
