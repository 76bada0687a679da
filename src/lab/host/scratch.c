/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/host/scratch.h"

#include "base/cleanup.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

/* Other users' scratches are not ours to sweep, and this one's are found by the name alone. */
#define NAME_FORMAT "truce-lab-%u-"
#define NAME_RANDOM "XXXX" "XX"
/* A sweep may take a directory between its birth and its lock: then another one is made. */
#define TRIES_MOST 16

struct scratch {
	char *path;
	int fd; /* the directory, locked */
};

static int entry_remove(const char *path, const struct stat *status, int type, struct FTW *where)
{
	return remove(path);
}

void tree_remove(const char *path)
{
	nftw(path, entry_remove, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static const char *place_choose(const char *place)
{
	static const char *const variables[] = { "TRUCE_SCRATCH", "TMPDIR" };
	size_t i;

	for (i = 0; place == NULL && i < ARRAY_SIZE(variables); i++) {
		place = getenv(variables[i]);
		if (place != NULL && *place == '\0')
			place = NULL;
	}
	return place != NULL ? place : "/var/tmp";
}

/* A directory of this user and not a link to one. It is locked when its descriptor comes back;
 * -EWOULDBLOCK where somebody lives in it. */
static int directory_lock(int parent, const char *name, int *ret_fd)
{
	CLEANUP_CLOSE int fd = openat(parent, name,
				      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) != 0)
		return -errno;
	if (status.st_uid != geteuid())
		return -EPERM;
	if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		return -errno;
	/* Swept away before the lock was ours: it is a directory of nobody. */
	if (fstat(fd, &status) != 0 || status.st_nlink == 0)
		return -EWOULDBLOCK;
	*ret_fd = fd;
	fd = -1;
	return 0;
}

static void sweep(const char *place)
{
	CLEANUP_CLOSEDIR DIR *dir = opendir(place);
	struct dirent *entry;
	char prefix[32];

	snprintf(prefix, sizeof prefix, NAME_FORMAT, (unsigned)geteuid());
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		CLEANUP_FREE char *path = NULL;
		CLEANUP_CLOSE int fd = -1;

		if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0 &&
		    directory_lock(dirfd(dir), entry->d_name, &fd) == 0 &&
		    asprintf(&path, "%s/%s", place, entry->d_name) >= 0)
			tree_remove(path);
	}
}

static int directory_make(const char *place, struct scratch *scratch)
{
	int tries, code;

	for (tries = 0; tries < TRIES_MOST; tries++) {
		CLEANUP_FREE char *path = NULL;

		if (asprintf(&path, "%s/" NAME_FORMAT NAME_RANDOM, place,
			     (unsigned)geteuid()) < 0)
			return -ENOMEM;
		if (mkdtemp(path) == NULL)
			return -errno;
		code = directory_lock(AT_FDCWD, path, &scratch->fd);
		if (code == 0) {
			scratch->path = path;
			path = NULL;
			return 0;
		}
		if (code != -EWOULDBLOCK && code != -ENOENT)
			return code;
	}
	return -EBUSY;
}

int scratch_new(const char *place, struct scratch **ret, struct error *err)
{
	CLEANUP_FREE char *absolute = realpath(place_choose(place), NULL);
	struct scratch *scratch;
	int code;

	if (absolute == NULL)
		return error_errno(err, -errno, "%s", place_choose(place));
	scratch = calloc(1, sizeof *scratch);
	if (scratch == NULL)
		return error_errno(err, -ENOMEM, "%s", absolute);
	scratch->fd = -1;
	sweep(absolute);
	code = directory_make(absolute, scratch);
	if (code < 0) {
		scratch_free(scratch);
		return error_errno(err, code, "cannot make a directory in %s", absolute);
	}
	*ret = scratch;
	return 0;
}

const char *scratch_path(const struct scratch *scratch)
{
	return scratch->path;
}

int scratch_fd(const struct scratch *scratch)
{
	return scratch->fd;
}

/* Not every file system has files without a name (overlayfs before 6.1); there the name is gone
 * at once. */
int unnamed_file(const char *directory, int *ret_fd, struct error *err)
{
	CLEANUP_FREE char *path = NULL;
	int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
		if (asprintf(&path, "%s/truce-" NAME_RANDOM, directory) < 0)
			return error_errno(err, -ENOMEM, "%s", directory);
		fd = mkostemp(path, O_CLOEXEC);
		if (fd >= 0)
			unlink(path);
	}
	if (fd < 0)
		return error_errno(err, -errno, "cannot make a file in %s", directory);
	*ret_fd = fd;
	return 0;
}

void scratch_free(struct scratch *scratch)
{
	if (scratch == NULL)
		return;
	if (scratch->path != NULL)
		tree_remove(scratch->path);
	cleanup_close(&scratch->fd);
	free(scratch->path);
	free(scratch);
}
