/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/box/init_mounts.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "lab/box/box_job.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

struct mount_entry {
	const char *type;
	const char *where;
	const char *options;
	unsigned long flags;
	bool optional; /* a kernel may be built without it */
};

#define PLAIN (MS_NOSUID | MS_NODEV | MS_NOEXEC)

static const struct mount_entry first[] = {
	{ "proc", "/proc", NULL, PLAIN, false },
	{ "sysfs", "/sys", NULL, PLAIN, false },
	{ "devtmpfs", "/dev", "mode=0755", MS_NOSUID, false },
};

static const struct mount_entry others[] = {
	{ "tmpfs", "/run", "mode=0755", MS_NOSUID | MS_NODEV, false },
	{ "tmpfs", "/tmp", "mode=1777", MS_NOSUID | MS_NODEV, false },
	{ "devpts", "/dev/pts", "mode=0620,ptmxmode=0666", MS_NOSUID | MS_NOEXEC, false },
	{ "tmpfs", "/dev/shm", "mode=1777", MS_NOSUID | MS_NODEV, false },
	{ "cgroup2", "/sys/fs/cgroup", NULL, PLAIN, false },
	{ "tracefs", "/sys/kernel/tracing", NULL, PLAIN, true },
	{ "debugfs", "/sys/kernel/debug", NULL, PLAIN, true },
	{ "bpf", "/sys/fs/bpf", "mode=0700", PLAIN, true },
	{ "securityfs", "/sys/kernel/security", NULL, PLAIN, true },
	{ "mqueue", "/dev/mqueue", NULL, PLAIN, true },
	{ "hugetlbfs", "/dev/hugepages", NULL, MS_NOSUID | MS_NODEV, true },
};

static int entry_mount(const struct mount_entry *entry, struct error *err)
{
	/* Those below /dev are ours to make; /sys makes its own, and the rest is there. */
	mkdir(entry->where, 0755);
	if (mount(entry->type, entry->where, entry->type, entry->flags, entry->options) == 0)
		return 0;
	if (entry->optional)
		return 0;
	return error_errno(err, -errno, "cannot mount %s on %s", entry->type, entry->where);
}

static int entries_mount(const struct mount_entry *entries, size_t count, struct error *err)
{
	size_t i;
	int code = 0;

	for (i = 0; code == 0 && i < count; i++)
		code = entry_mount(&entries[i], err);
	return code;
}

/* devtmpfs has devices only; these are what udev adds on a host. */
static int links_make(struct error *err)
{
	static const char *const links[][2] = {
		{ "/proc/self/fd", "/dev/fd" },
		{ "fd/0", "/dev/stdin" },
		{ "fd/1", "/dev/stdout" },
		{ "fd/2", "/dev/stderr" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(links); i++)
		if (symlink(links[i][0], links[i][1]) != 0 && errno != EEXIST)
			return error_errno(err, -errno, "cannot make %s", links[i][1]);
	return 0;
}

int init_mounts_first(struct error *err)
{
	int code = entries_mount(first, ARRAY_SIZE(first), err);

	return code == 0 ? links_make(err) : code;
}

/* At most these: the working directory, the command, box-init, the modules. */
#define VISIBLE_MOST 8

struct visible {
	const char *path;
	int tree_fd; /* the directory as it was before something was mounted above it */
};

static int visible_keep(struct visible *visible, const char *job, size_t size, size_t *ret_count,
			struct error *err)
{
	size_t at = 0, count = 0;
	const char *path;

	while (count < VISIBLE_MOST &&
	       (path = box_job_next(job, size, &at, BOX_JOB_VISIBLE)) != NULL) {
		int fd = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

		if (fd < 0)
			return error_errno(err, -errno, "cannot keep %s in sight", path);
		visible[count++] = (struct visible){ path, fd };
	}
	*ret_count = count;
	return 0;
}

static int visible_show(const struct visible *visible, size_t count, struct error *err)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if ((mkdir(visible[i].path, 0755) != 0 && errno != EEXIST) ||
		    move_mount(visible[i].tree_fd, "", AT_FDCWD, visible[i].path,
			       MOVE_MOUNT_F_EMPTY_PATH) != 0)
			return error_errno(err, -errno, "cannot keep %s in sight",
					   visible[i].path);
		close(visible[i].tree_fd);
	}
	return 0;
}

int init_mounts_others(const char *job, size_t size, struct error *err)
{
	struct visible visible[VISIBLE_MOST];
	size_t count = 0;
	int code = visible_keep(visible, job, size, &count, err);

	if (code == 0)
		code = entries_mount(others, ARRAY_SIZE(others), err);
	if (code == 0)
		code = visible_show(visible, count, err);
	return code;
}

/* Only below the fresh /run and /tmp can a directory of this machine be missing here. */
static void directory_make(const char *path)
{
	char partial[4096];
	char *slash = partial;

	if (strlen(path) >= sizeof partial)
		return;
	strcpy(partial, path);
	while ((slash = strchr(slash + 1, '/')) != NULL) {
		*slash = '\0';
		mkdir(partial, 0755);
		*slash = '/';
	}
	mkdir(partial, 0755);
}

int init_mounts_writables(const char *job, size_t size, struct error *err)
{
	size_t at = 0, number = 0;
	const char *path;
	char tag[32];

	while ((path = box_job_next(job, size, &at, BOX_JOB_WRITABLE)) != NULL) {
		snprintf(tag, sizeof tag, "writable%zu", number++);
		directory_make(path);
		if (mount(tag, path, "virtiofs", MS_NOSUID | MS_NODEV, NULL) != 0)
			return error_errno(err, -errno, "cannot mount %s writable", path);
	}
	return 0;
}
