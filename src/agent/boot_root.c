/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/boot_root.h"

#include "agent_boot.h"
#include "base/cleanup.h"
#include "base/error.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define NEW_ROOT "/root"
#define INIT "/sbin/init"
#define DISKS_MOST 16

static bool is_mount(const char *path)
{
	struct stat above, here;

	return stat("/", &above) == 0 && stat(path, &here) == 0 && above.st_dev != here.st_dev;
}

static int take_along(const char *path, struct error *err)
{
	char to[sizeof NEW_ROOT + 32];

	if (!is_mount(path))
		return 0;
	snprintf(to, sizeof to, NEW_ROOT "%.31s", path);
	if (mkdir(to, 0755) < 0 && errno != EEXIST)
		return error_errno(err, -errno, "%s", to);
	return mount(path, to, NULL, MS_MOVE, NULL) < 0 ?
	       error_errno(err, -errno, "%s cannot be taken along", path) : 0;
}

static int take_all_along(struct error *err)
{
	static const char *const places[] = { "/dev", "/proc", "/sys", "/run" };
	char path[32];
	int code = 0;

	for (size_t i = 0; code == 0 && i < ARRAY_SIZE(places); i++)
		code = take_along(places[i], err);
	for (unsigned i = 0; code == 0 && i < DISKS_MOST; i++) {
		snprintf(path, sizeof path, "/" AGENT_BOOT_DATA "%.0u", i);
		code = take_along(path, err);
	}
	return code;
}

/* Whoever is executed starts as from the kernel. */
static int run_init(struct error *err)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	execl(INIT, INIT, NULL);
	return error_errno(err, -errno, "the disk's " INIT " cannot be executed");
}

int boot_root_enter(const char *device, struct error *err)
{
	struct stat about;
	int code;

	mkdir(NEW_ROOT, 0755);
	if (mount(device, NEW_ROOT, "ext4", MS_NOATIME, NULL) < 0)
		return error_errno(err, -errno, "%s cannot be mounted as the root", device);
	/* It may be a link into that root. */
	if (lstat(NEW_ROOT INIT, &about) < 0) {
		code = -errno;
		umount(NEW_ROOT);
		return error_errno(err, code, "the root disk has no " INIT);
	}
	code = take_all_along(err);
	if (code < 0)
		return code;
	if (chdir(NEW_ROOT) < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 ||
	    chdir("/") < 0)
		return error_errno(err, -errno, "%s cannot become the root", device);
	return run_init(err);
}
