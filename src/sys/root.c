/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/root.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void root_free(struct root *root)
{
	if (root != NULL)
		root->ops->free(root);
}

int root_open(struct root *root, const char *path)
{
	return root->ops->open(root, path);
}

void root_close(struct root *root, int fd)
{
	if (fd >= 0)
		root->ops->close(root, fd);
}

ssize_t root_read(struct root *root, const char *path, char *buffer, size_t size)
{
	int fd = root_open(root, path);
	ssize_t got;

	if (fd < 0)
		return fd;
	got = root_pread(root, fd, buffer, size - 1);
	root_close(root, fd);
	if (got >= 0)
		buffer[got] = '\0';
	return got;
}

/* procfs and sysfs files have no size before they are read, and must be read in one call from
 * offset 0 to be one picture: try again with a larger buffer until it is not full. */
ssize_t root_read_all(struct root *root, const char *path, size_t limit, char **ret)
{
	size_t size = 4096;
	char *buffer = NULL;
	int fd = root_open(root, path);
	ssize_t got;

	if (fd < 0)
		return fd;
	for (;;) {
		char *larger = realloc(buffer, size);

		if (larger == NULL) {
			got = -ENOMEM;
			break;
		}
		buffer = larger;
		got = root_pread(root, fd, buffer, size - 1);
		if (got < 0 || (size_t)got < size - 1)
			break;
		if (size > limit) {
			got = -EFBIG;
			break;
		}
		size *= 2;
	}
	root_close(root, fd);
	if (got < 0) {
		free(buffer);
		return got;
	}
	buffer[got] = '\0';
	*ret = buffer;
	return got;
}

ssize_t root_readlink(struct root *root, const char *path, char *buffer, size_t size)
{
	ssize_t got = root->ops->readlink(root, path, buffer, size - 1);

	if (got >= 0)
		buffer[got] = '\0';
	return got;
}

int root_list(struct root *root, const char *path, root_list_function *function, void *context)
{
	return root->ops->list(root, path, function, context);
}

int root_list_directories(struct root *root, const char *path, root_list_function *function,
			  void *context)
{
	if (root->ops->list_directories == NULL)
		return root->ops->list(root, path, function, context);
	return root->ops->list_directories(root, path, function, context);
}

int root_write(struct root *root, const char *path, const char *text)
{
	return root->ops->write != NULL ? root->ops->write(root, path, text) : -EROFS;
}

int root_mkdir(struct root *root, const char *path)
{
	return root->ops->mkdir != NULL ? root->ops->mkdir(root, path) : -EROFS;
}

int root_rmdir(struct root *root, const char *path)
{
	return root->ops->rmdir != NULL ? root->ops->rmdir(root, path) : -EROFS;
}

static int root_list_nothing(const char *name, void *context)
{
	return 1;
}

bool root_exists(struct root *root, const char *path)
{
	int fd = root_open(root, path);

	if (fd >= 0) {
		root_close(root, fd);
		return true;
	}
	return fd == -EISDIR ? root_list(root, path, root_list_nothing, NULL) >= 0 : fd == -EACCES;
}

bool root_is_captured(const struct root *root)
{
	return root->captured;
}

uint64_t root_monotonic_usec(struct root *root)
{
	return root->ops->monotonic_usec(root);
}

uint64_t root_realtime_usec(struct root *root)
{
	return root->ops->realtime_usec(root);
}

int root_pidfd(struct root *root, pid_t pid)
{
	return root->ops->pidfd != NULL ? root->ops->pidfd(root, pid) : -ENOSYS;
}

int root_same_file(struct root *root, pid_t a, int a_fd, pid_t b, int b_fd)
{
	return root->ops->same_file != NULL ? root->ops->same_file(root, a, a_fd, b, b_fd)
					    : -ENOSYS;
}

ssize_t root_pread_at(struct root *root, int fd, void *buffer, size_t size, uint64_t offset)
{
	return root->ops->pread_at != NULL ? root->ops->pread_at(root, fd, buffer, size, offset)
					   : -ENOSYS;
}

ssize_t root_peek(struct root *root, pid_t pid, const struct iovec *there, size_t count,
		    void *buffer, size_t size)
{
	return root->ops->peek != NULL ? root->ops->peek(root, pid, there, count, buffer, size)
					 : -ENOSYS;
}

int root_connect(struct root *root, const char *path)
{
	return root->ops->connect != NULL ? root->ops->connect(root, path) : -ENOSYS;
}

int root_events_open(struct root *root)
{
	return root->ops->events_open(root);
}

int root_event_next(struct root *root, struct root_event *ret)
{
	return root->ops->event_next(root, ret);
}

uint64_t root_sleep_until(struct root *root, int epoll_fd, uint64_t monotonic_usec)
{
	return root->ops->sleep_until(root, epoll_fd, monotonic_usec);
}

uint64_t root_end_usec(struct root *root)
{
	return root->ops->end_usec != NULL ? root->ops->end_usec(root) : UINT64_MAX;
}
