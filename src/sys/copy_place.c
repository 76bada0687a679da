/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/copy_place.h"

#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/io.h"
#include "sys/root.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define LINKS_MOST 40

/* `real` is made and free of links; `rest` is to come. */
struct placing {
	char real[PATH_MAX];
	char rest[PATH_MAX];
	int links;
};

static bool take_component(struct placing *placing, char ret[static NAME_MAX + 1])
{
	const char *at = placing->rest + strspn(placing->rest, "/");
	size_t size = strcspn(at, "/");

	if (size == 0 || size > NAME_MAX)
		return false;
	memcpy(ret, at, size);
	ret[size] = '\0';
	memmove(placing->rest, at + size, strlen(at + size) + 1);
	return true;
}

static bool rest_is_empty(const struct placing *placing)
{
	return placing->rest[strspn(placing->rest, "/")] == '\0';
}

static void step_up(struct placing *placing)
{
	char *slash = strrchr(placing->real, '/');

	if (slash != NULL)
		*slash = '\0';
}

/* A link is met at `real` plus a name: its target and what is left are to come. */
static int follow(struct placing *placing, const char *target)
{
	char rest[PATH_MAX];

	if (++placing->links > LINKS_MOST)
		return -ELOOP;
	if (snprintf(rest, sizeof rest, "%s/%s", target, placing->rest) >= (int)sizeof rest)
		return -ENAMETOOLONG;
	memcpy(placing->rest, rest, strlen(rest) + 1);
	if (target[0] == '/')
		placing->real[0] = '\0';
	return 0;
}

/* Links below /proc are what a process holds; none leads to another place of the copy. */
static ssize_t host_link(const struct copy *copy, const char *path, char *target, size_t size)
{
	return strncmp(path, "/proc/", 6) == 0 ? -EINVAL
					       : root_readlink(copy->host, path, target, size);
}

/* What stands at `path` in the copy, made as it is on the host: 1 and a link's target, or 0. */
static int meet(const struct copy *copy, const char *path, char target[static PATH_MAX])
{
	struct stat status;
	ssize_t size;

	if (fstatat(copy->directory, path + 1, &status, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno != ENOENT)
			return -errno;
		if (host_link(copy, path, target, PATH_MAX) > 0)
			return symlinkat(target, copy->directory, path + 1) < 0 ? -errno : 1;
		return mkdirat(copy->directory, path + 1, 0700) < 0 ? -errno : 0;
	}
	if (!S_ISLNK(status.st_mode))
		return S_ISDIR(status.st_mode) ? 0 : -ENOTDIR;
	size = readlinkat(copy->directory, path + 1, target, PATH_MAX - 1);
	if (size < 0)
		return -errno;
	target[size] = '\0';
	return 1;
}

static bool path_climbs(const char *path)
{
	size_t size = strlen(path);

	return strstr(path, "/../") != NULL || (size >= 3 && strcmp(path + size - 3, "/..") == 0);
}

int copy_place(const struct copy *copy, const char *path, char ret[static PATH_MAX])
{
	struct placing placing = { .real = "" };
	char name[NAME_MAX + 1], next[PATH_MAX], target[PATH_MAX];
	int r;

	if (path[0] != '/' || path_climbs(path))
		return -EINVAL;
	if (snprintf(placing.rest, sizeof placing.rest, "%s", path) >= (int)sizeof placing.rest)
		return -ENAMETOOLONG;
	while (take_component(&placing, name)) {
		if (strcmp(name, ".") == 0)
			continue;
		if (strcmp(name, "..") == 0) {
			step_up(&placing);
			continue;
		}
		if (snprintf(next, sizeof next, "%s/%s", placing.real, name) >= (int)sizeof next)
			return -ENAMETOOLONG;
		if (rest_is_empty(&placing)) {
			memcpy(ret, next + 1, strlen(next));
			return 0;
		}
		r = meet(copy, next, target);
		if (r == 1)
			r = follow(&placing, target);
		else if (r == 0)
			memcpy(placing.real, next, strlen(next) + 1);
		if (r < 0)
			return r;
	}
	return -EINVAL;
}

int copy_put_directory(const struct copy *copy, const char *path)
{
	char inside[PATH_MAX], place[PATH_MAX];

	/* As the way to something in it: a link at its end is then followed. */
	if (snprintf(inside, sizeof inside, "%s/x", path) >= (int)sizeof inside)
		return -ENAMETOOLONG;
	return copy_place(copy, inside, place);
}

int copy_put_file(const struct copy *copy, const char *path, const void *bytes, size_t size,
		  bool replace)
{
	char place[PATH_MAX];
	CLEANUP_CLOSE int fd = -1;
	int r = copy_place(copy, path, place);

	if (r < 0)
		return r;
	fd = openat(copy->directory, place,
		    O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | (replace ? O_TRUNC : O_EXCL), 0600);
	if (fd < 0)
		return errno == ELOOP || errno == EISDIR ? -EEXIST : -errno;
	return io_write_all(fd, bytes, size);
}

int copy_put_link(const struct copy *copy, const char *path, const char *target, bool replace)
{
	char place[PATH_MAX];
	struct stat status;
	int r = copy_place(copy, path, place);

	if (r < 0)
		return r;
	if (replace && fstatat(copy->directory, place, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISLNK(status.st_mode))
		unlinkat(copy->directory, place, 0);
	return symlinkat(target, copy->directory, place) < 0 ? -errno : 0;
}

bool copy_has(const struct copy *copy, const char *path)
{
	char place[PATH_MAX];
	struct stat status;

	return copy_place(copy, path, place) == 0 &&
	       fstatat(copy->directory, place, &status, AT_SYMLINK_NOFOLLOW) == 0;
}
