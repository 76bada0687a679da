/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/keep_file.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

static int write_new(const char *path, const void *bytes, size_t size, mode_t mode)
{
	CLEANUP_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
	int r;

	if (fd < 0)
		return -errno;
	r = io_write_all(fd, bytes, size);
	/* Renamed before its bytes are on the disk, it could be empty after a power cut. */
	return r == 0 && fsync(fd) < 0 && errno != EINVAL ? -errno : r;
}

int keep_file_write(const char *path, const void *bytes, size_t size, mode_t mode,
		    struct error *err)
{
	char temporary[1100];
	int r;

	if (snprintf(temporary, sizeof temporary, "%s.new", path) >= (int)sizeof temporary)
		return error_set(err, -ENAMETOOLONG, "the path %s is too long", path);
	r = write_new(temporary, bytes, size, mode);
	if (r == 0 && rename(temporary, path) < 0)
		r = -errno;
	if (r < 0)
		unlink(temporary);
	return r < 0 ? error_errno(err, r, "cannot write %s", path) : 0;
}

static int read_file(const char *path, bool own, size_t most, char **ret, size_t *ret_size,
		     struct error *err)
{
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	CLEANUP_FREE char *bytes = NULL;
	struct stat st;
	size_t size = 0;

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_errno(err, -errno, "cannot read %s", path);
	if (own && (st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0))
		return error_set(err, -EACCES, "%s must belong to root, and nobody else may write it", path);
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size > most)
		return error_set(err, -EFBIG, "%s is no regular file of at most %zu bytes", path, most);
	bytes = malloc((size_t)st.st_size + 1);
	if (bytes == NULL)
		return error_errno(err, -ENOMEM, "cannot read %s", path);
	while (size < (size_t)st.st_size) {
		ssize_t got = read(fd, bytes + size, (size_t)st.st_size - size);

		if (got < 0 && errno != EINTR)
			return error_errno(err, -errno, "cannot read %s", path);
		if (got == 0)
			break;
		size += got > 0 ? (size_t)got : 0;
	}
	bytes[size] = '\0';
	*ret = bytes;
	*ret_size = size;
	bytes = NULL;
	return 0;
}

int keep_file_read(const char *path, size_t most, char **ret, size_t *ret_size, struct error *err)
{
	return read_file(path, false, most, ret, ret_size, err);
}

int keep_file_read_own(const char *path, size_t most, char **ret, size_t *ret_size,
		       struct error *err)
{
	return read_file(path, true, most, ret, ret_size, err);
}

int keep_directory(const char *path, mode_t mode, struct error *err)
{
	char parent[1024];
	char *slash;

	if (mkdir(path, mode) == 0 || errno == EEXIST)
		return 0;
	snprintf(parent, sizeof parent, "%s", path);
	slash = strrchr(parent, '/');
	if (errno == ENOENT && slash != NULL && slash != parent) {
		*slash = '\0';
		if ((mkdir(parent, 0755) == 0 || errno == EEXIST) &&
		    (mkdir(path, mode) == 0 || errno == EEXIST))
			return 0;
	}
	return error_errno(err, -errno, "cannot make %s", path);
}
