/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * boot_kernel_fetch. All of it happens in CACHE/.fetch-XXXXXX, under the lock CACHE/.lock: so a
 * .fetch- directory that is there when the lock is taken belongs to a fetch that died.
 */
#include "lab/host/boot_kernel.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "lab/host/boot_image.h"
#include "lab/host/scratch.h"
#include "lab/host/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define WORK_PREFIX ".fetch-"

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

static void dead_fetches_remove(const char *cache)
{
	CLEANUP_CLOSEDIR DIR *dir = opendir(cache);
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		CLEANUP_FREE char *path = NULL;

		if (strncmp(entry->d_name, WORK_PREFIX, strlen(WORK_PREFIX)) == 0 &&
		    asprintf(&path, "%s/%s", cache, entry->d_name) >= 0)
			tree_remove(path);
	}
}

/* Another fetch may hold it for as long as a download takes; whoever waits can be cancelled. */
static int lock_take(const char *cache, int cancel_fd, int *ret_fd, struct error *err)
{
	struct pollfd cancel = { cancel_fd, POLLIN, 0 };
	CLEANUP_FREE char *path = NULL;
	CLEANUP_CLOSE int fd = -1;

	if (asprintf(&path, "%s/.lock", cache) < 0)
		return error_errno(err, -ENOMEM, "%s", cache);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return error_errno(err, -errno, "%s", path);
	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return error_errno(err, -errno, "%s", path);
		if (poll(&cancel, 1, 100) > 0)
			return error_set(err, -ECANCELED, "interrupted while another fetch runs");
	}
	*ret_fd = fd;
	fd = -1;
	return 0;
}

static int package_download(const char *release, const char *work, int cancel_fd,
			    struct error *err)
{
	CLEANUP_FREE char *package = boot_kernel_package(release);
	/* apt would step down to a user that cannot write here, and say so each time. */
	const char *download[] = { "apt-get", "download", "-q", "-o", "APT::Sandbox::User=root",
				   package, NULL };

	if (package == NULL)
		return error_errno(err, -ENOMEM, "%s", release);
	return tool_run(download, work, cancel_fd, NULL, err);
}

static int package_unpack(const char *work, int cancel_fd, struct error *err)
{
	static const char *const unpack[] = { "sh", "-c", "dpkg-deb -x ./*.deb tree && rm ./*.deb",
					      NULL };

	return tool_run(unpack, work, cancel_fd, NULL, err);
}

/* Debian's package makes modules.dep when it is installed, which this one never is. */
static int modules_index(const char *release, const char *work, int cancel_fd, struct error *err)
{
	const char *index[] = { "depmod", "-b", "tree", release, NULL };

	return tool_run(index, work, cancel_fd, NULL, err);
}

static int tree_put_in_place(const char *work, const char *cache, const char *release,
			     struct error *err)
{
	CLEANUP_FREE char *from = NULL, *to = NULL;
	CLEANUP_CLOSE int fd = -1;

	if (asprintf(&from, "%s/tree", work) < 0 || asprintf(&to, "%s/%s", cache, release) < 0)
		return error_errno(err, -ENOMEM, "%s", release);
	fd = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* A release that is in place must be whole after a power cut too. */
	if (fd < 0 || syncfs(fd) != 0)
		return error_errno(err, -errno, "%s", from);
	tree_remove(to);
	if (rename(from, to) != 0)
		return error_errno(err, -errno, "%s", to);
	return 0;
}

static int fetch_into(const char *work, const char *cache, const char *release, int cancel_fd,
		      struct error *err)
{
	CLEANUP_FREE char *boot = NULL;
	int code = package_download(release, work, cancel_fd, err);

	if (asprintf(&boot, "%s/tree/boot", work) < 0)
		return error_errno(err, -ENOMEM, "%s", work);
	if (code == 0)
		code = package_unpack(work, cancel_fd, err);
	if (code == 0)
		code = boot_image_check(boot, release, err);
	if (code == 0)
		code = modules_index(release, work, cancel_fd, err);
	if (code == 0)
		code = boot_image_unpack(boot, release, err);
	if (code == 0)
		code = tree_put_in_place(work, cache, release, err);
	return code;
}

int boot_kernel_fetch(const char *cache, const char *release, int cancel_fd, struct error *err)
{
	CLEANUP_FREE char *work = NULL;
	CLEANUP_CLOSE int lock_fd = -1;
	int code = directory_make(cache, err);

	if (code == 0)
		code = lock_take(cache, cancel_fd, &lock_fd, err);
	if (code < 0 || boot_kernel_is_cached(cache, release))
		return code;
	dead_fetches_remove(cache);
	if (asprintf(&work, "%s/" WORK_PREFIX "XXXXXX", cache) < 0 || mkdtemp(work) == NULL)
		return error_errno(err, -errno, "cannot make a directory in %s", cache);
	code = fetch_into(work, cache, release, cancel_fd, err);
	tree_remove(work);
	return code < 0 ? error_prefix(err, "cannot fetch the kernel %s", release) : 0;
}
