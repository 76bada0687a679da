/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/host/cache_place.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "lab/host/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORK_PREFIX ".make-"
#define WORK_RANDOM "XXXX" "XX"
/* What was killed may still write for a moment. */
#define CLEAR_TRIES 200
#define CLEAR_WAIT_MSEC 10

static char *path_below(const char *directory, const char *more, const char *below)
{
	char *path = NULL;

	return asprintf(&path, "%s%s/%s", directory, more, below) < 0 ? NULL : path;
}

static bool is_given(const char *value)
{
	return value != NULL && *value != '\0';
}

/* An ordinary user takes what root has put into the host's cache, and where there is nothing has
 * one of his own. */
char *cache_directory(const char *below)
{
	const char *own = getenv("TRUCE_CACHE"), *shared = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");
	CLEANUP_FREE char *host = NULL;
	char *path;

	if (is_given(own))
		return path_below(own, "", below);
	if (is_given(shared))
		return path_below(shared, "/truce", below);
	host = path_below("/var/cache", "/truce", below);
	if (host == NULL || geteuid() == 0 || !is_given(home) || access(host, R_OK | X_OK) == 0) {
		path = host;
		host = NULL;
		return path;
	}
	return path_below(home, "/.cache/truce", below);
}

static int directory_make(const char *path, struct error *err)
{
	CLEANUP_FREE char *partial = strdup(path);
	char *slash = partial;

	if (partial == NULL)
		return error_errno(err, -ENOMEM, "%s", path);
	while (slash != NULL) {
		slash = strchr(slash + 1, '/');
		if (slash != NULL)
			*slash = '\0';
		if (mkdir(partial, 0755) != 0 && errno != EEXIST)
			return error_errno(err, -errno, "cannot make %s", partial);
		if (slash != NULL)
			*slash = '/';
	}
	return 0;
}

static void work_clear(const char *work)
{
	for (int i = 0; i < CLEAR_TRIES; i++) {
		tree_remove(work);
		if (access(work, F_OK) != 0)
			return;
		poll(NULL, 0, CLEAR_WAIT_MSEC);
	}
}

static void dead_works_clear(const char *directory)
{
	CLEANUP_CLOSEDIR DIR *dir = opendir(directory);
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		CLEANUP_FREE char *path = NULL;

		if (strncmp(entry->d_name, WORK_PREFIX, strlen(WORK_PREFIX)) == 0 &&
		    asprintf(&path, "%s/%s", directory, entry->d_name) >= 0)
			work_clear(path);
	}
}

/* Somebody else may hold it for as long as a download takes; whoever waits can be cancelled. */
static int lock_take(const char *directory, int cancel_fd, int *ret_fd, struct error *err)
{
	struct pollfd cancel = { cancel_fd, POLLIN, 0 };
	CLEANUP_FREE char *path = NULL;
	CLEANUP_CLOSE int fd = -1;

	if (asprintf(&path, "%s/.lock", directory) < 0)
		return error_errno(err, -ENOMEM, "%s", directory);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return error_errno(err, -errno, "%s", path);
	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return error_errno(err, -errno, "%s", path);
		if (poll(&cancel, 1, 100) > 0)
			return error_set(err, -ECANCELED, "interrupted while another one is being made");
	}
	*ret_fd = fd;
	fd = -1;
	return 0;
}

int cache_place_take(const char *directory, int cancel_fd, struct cache_place *ret,
		     struct error *err)
{
	struct cache_place place = { .lock_fd = -1 };
	int code = directory_make(directory, err);

	if (code == 0)
		code = lock_take(directory, cancel_fd, &place.lock_fd, err);
	if (code < 0)
		return code;
	dead_works_clear(directory);
	place.directory = strdup(directory);
	if (place.directory == NULL ||
	    asprintf(&place.work, "%s/" WORK_PREFIX WORK_RANDOM, directory) < 0) {
		place.work = NULL;
		cache_place_done(&place);
		return error_errno(err, -ENOMEM, "%s", directory);
	}
	if (mkdtemp(place.work) == NULL) {
		code = -errno;
		cache_place_done(&place);
		return error_errno(err, code, "cannot make a directory in %s", directory);
	}
	*ret = place;
	return 0;
}

int cache_place_put(const struct cache_place *place, const char *from, const char *name,
		    struct error *err)
{
	CLEANUP_FREE char *made = NULL, *to = NULL;
	CLEANUP_CLOSE int fd = -1;

	if (asprintf(&made, "%s/%s", place->work, from) < 0 ||
	    asprintf(&to, "%s/%s", place->directory, name) < 0)
		return error_errno(err, -ENOMEM, "%s", name);
	fd = open(made, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* What is in place must be whole after a power cut too. */
	if (fd < 0 || syncfs(fd) != 0)
		return error_errno(err, -errno, "%s", made);
	tree_remove(to);
	if (rename(made, to) != 0)
		return error_errno(err, -errno, "%s", to);
	return 0;
}

void cache_place_done(struct cache_place *place)
{
	if (place->work != NULL)
		work_clear(place->work);
	free(place->work);
	free(place->directory);
	if (place->lock_fd >= 0)
		close(place->lock_fd);
	*place = (struct cache_place){ .lock_fd = -1 };
}
