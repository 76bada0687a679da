/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/open_inside.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* As many links as the kernel follows in one path. */
#define LINKS_MOST 40

/* A rename or a mount anywhere on the machine while ".." is resolved makes openat2 give up with
 * EAGAIN; on a busy one several times in a row. Then the path is walked. */
#define OPENAT2_TRIES 8

/* Set once openat2 turned out to be missing, or forbidden by a sandbox that does not know it. */
static atomic_bool openat2_missing;

/* The path of a walk: `text` is made of components already walked (free of links, without
 * ".."), up to `done`, and of those that are to come. */
struct walk {
	char text[2 * PATH_MAX];
	size_t done;
	int links;
};

/* "a/b" without its last component: "a"; the root stays the root. */
static size_t walk_parent(const struct walk *walk)
{
	size_t at = walk->done;

	while (at > 0 && walk->text[at - 1] != '/')
		at--;
	return at > 0 ? at - 1 : 0;
}

/* Puts `replacement` between the walked part, cut at `keep`, and what follows `next`; then the
 * walk starts again. */
static int walk_restart(struct walk *walk, size_t keep, const char *replacement, size_t next)
{
	char text[sizeof walk->text];
	int length = snprintf(text, sizeof text, "%.*s/%s%s", (int)keep, walk->text, replacement,
			      walk->text + next);

	if (length < 0 || (size_t)length >= sizeof text)
		return -ENAMETOOLONG;
	memcpy(walk->text, text, (size_t)length + 1);
	walk->done = 0;
	return 1;
}

/* Where the component after the walked ones begins and ends. */
static size_t walk_component(const struct walk *walk, size_t *ret_end)
{
	size_t start = walk->done;

	while (walk->text[start] == '/')
		start++;
	*ret_end = start + strcspn(walk->text + start, "/");
	return start;
}

static int walk_follow(struct walk *walk, int link, size_t next)
{
	char target[PATH_MAX];
	ssize_t size = readlinkat(link, "", target, sizeof target - 1);

	if (size < 0)
		return -errno;
	if (++walk->links > LINKS_MOST)
		return -ELOOP;
	target[size] = '\0';
	return walk_restart(walk, target[0] == '/' ? 0 : walk->done, target, next);
}

/* What was walked grows by the component; "." and nothing between two slashes leave no trace. */
static void walk_advance(struct walk *walk, const char *name, size_t start, size_t end)
{
	char *done = walk->text + walk->done;
	size_t rest = strlen(walk->text + end) + 1;

	if (name[0] == '\0' || strcmp(name, ".") == 0) {
		memmove(done, walk->text + end, rest);
		return;
	}
	memmove(done + 1, walk->text + start, end - start + rest);
	*done = '/';
	walk->done += 1 + (end - start);
}

/* Takes one component. 0: *at is its descriptor now; 1: the walk starts again from the root. */
static int walk_step(struct walk *walk, int *at, int flags)
{
	char name[NAME_MAX + 1];
	size_t end, start = walk_component(walk, &end);
	bool last = walk->text[end + strspn(walk->text + end, "/")] == '\0';
	struct stat status;
	int fd;

	if (end - start > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(name, walk->text + start, end - start);
	name[end - start] = '\0';
	if (strcmp(name, "..") == 0)
		return walk_restart(walk, walk_parent(walk), "", end);
	fd = openat(*at, name[0] != '\0' ? name : ".", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	close(*at);
	*at = fd;
	if (fstat(fd, &status) < 0)
		return -errno;
	if (S_ISLNK(status.st_mode) && !(last && (flags & O_NOFOLLOW)))
		return walk_follow(walk, fd, end);
	walk_advance(walk, name, start, end);
	return 0;
}

int open_inside_walking(int directory, const char *path, int flags)
{
	struct walk walk = { .done = 0 };
	CLEANUP_CLOSE int at = -1;
	int r = 1;

	if (strlen(path) >= PATH_MAX)
		return -ENAMETOOLONG;
	strcpy(walk.text, path);
	while (r == 1 || walk.text[walk.done] != '\0') {
		if (r == 1) {
			cleanup_close(&at);
			at = fcntl(directory, F_DUPFD_CLOEXEC, 0);
			if (at < 0)
				return -errno;
		}
		r = walk_step(&walk, &at, flags);
		if (r < 0)
			return r;
	}
	r = at;
	at = -1;
	return r;
}

static int open_inside_path(int directory, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned)(O_PATH | O_CLOEXEC | flags),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int tries = OPENAT2_TRIES;
	long fd;

	while (!atomic_load_explicit(&openat2_missing, memory_order_relaxed) && tries-- > 0) {
		fd = syscall(SYS_openat2, directory, path, &how, sizeof how);
		if (fd >= 0)
			return (int)fd;
		if (errno == EAGAIN)
			continue;
		if (errno != ENOSYS && errno != EPERM)
			return -errno;
		atomic_store_explicit(&openat2_missing, true, memory_order_relaxed);
	}
	return open_inside_walking(directory, path, flags);
}

int open_inside_link(int directory, const char *path)
{
	return open_inside_path(directory, path, O_NOFOLLOW);
}

int open_inside(int directory, const char *path)
{
	CLEANUP_CLOSE int found = open_inside_path(directory, path, 0);
	char own[40];
	struct stat status;
	int fd;

	if (found < 0)
		return found;
	if (fstat(found, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode))
		return -EPERM;
	/* The very file that was looked at, not whatever bears its name by now. */
	snprintf(own, sizeof own, "/proc/self/fd/%d", found);
	fd = open(own, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return fd >= 0 ? fd : -errno;
}
