/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/lab_place.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

static char *directory_find(void)
{
	const char *chosen = getenv("TRUCE_LAB_DIR"), *data = getenv("XDG_DATA_HOME");
	const char *home = getenv("HOME");
	char *path = NULL;
	int size;

	if (chosen != NULL && *chosen != '\0')
		size = asprintf(&path, "%s", chosen);
	else if (geteuid() == 0)
		size = asprintf(&path, "/var/lib/truce/lab");
	else if (data != NULL && *data == '/')
		size = asprintf(&path, "%s/truce/lab", data);
	else
		size = asprintf(&path, "%s/.local/share/truce/lab", home != NULL ? home : "");
	return size < 0 ? NULL : path;
}

static const char *scratch_find(void)
{
	const char *chosen = getenv("TRUCE_SCRATCH"), *temporary = getenv("TMPDIR");

	if (chosen != NULL && *chosen != '\0')
		return chosen;
	return temporary != NULL && *temporary != '\0' ? temporary : "/var/tmp";
}

int lab_place_find(const char *name, struct lab_place *ret, struct error *err)
{
	bool failed = false;

	*ret = (struct lab_place){ .directory = directory_find(), .scratch = scratch_find(),
				   .lock_fd = -1 };
	if (ret->directory == NULL || asprintf(&ret->lock, "%s/lock", ret->directory) < 0) {
		ret->lock = NULL;
		failed = true;
	}
	if (!failed && asprintf(&ret->hands, "%s/hands", ret->directory) < 0) {
		ret->hands = NULL;
		failed = true;
	}
	if (!failed && name != NULL && asprintf(&ret->store, "%s/%s.sqlite", ret->directory, name) < 0) {
		ret->store = NULL;
		failed = true;
	}
	if (!failed)
		return 0;
	lab_place_done(ret);
	return error_set(err, -ENOMEM, "no memory");
}

/* Every directory of the path that is not there. */
static int directory_make(char *path)
{
	char *slash;

	for (slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
	return mkdir(path, 0755) < 0 && errno != EEXIST ? -errno : 0;
}

static int busy(const struct lab_place *place, struct error *err)
{
	char who[128] = "";
	ssize_t size = pread(place->lock_fd, who, sizeof who - 1, 0);
	size_t i;

	for (i = 0; size > 0 && i < (size_t)size; i++)
		if ((unsigned char)who[i] < ' ' || (unsigned char)who[i] > '~')
			who[i] = '\0';
	return error_set(err, -EBUSY, "an experiment is being run here%s%s: two at once would measure "
			 "each other; wait for it, or give this one a TRUCE_LAB_DIR of its own",
			 *who != '\0' ? ", by process " : "", who);
}

int lab_place_take(struct lab_place *place, struct error *err)
{
	char who[128];
	int r = directory_make(place->directory), size;

	if (r < 0)
		return error_errno(err, r, "%s", place->directory);
	place->lock_fd = open(place->lock, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (place->lock_fd < 0)
		return error_errno(err, -errno, "%s", place->lock);
	if (flock(place->lock_fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? busy(place, err) :
					      error_errno(err, -errno, "%s", place->lock);
	size = snprintf(who, sizeof who, "%d\n", (int)getpid());
	if (ftruncate(place->lock_fd, 0) < 0 || pwrite(place->lock_fd, who, (size_t)size, 0) != size)
		return error_errno(err, errno != 0 ? -errno : -EIO, "%s", place->lock);
	return 0;
}

void lab_place_done(struct lab_place *place)
{
	free(place->directory);
	free(place->store);
	free(place->lock);
	free(place->hands);
	if (place->lock_fd >= 0)
		close(place->lock_fd);
	*place = (struct lab_place){ .lock_fd = -1 };
}
