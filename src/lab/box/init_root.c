/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/box/init_root.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "lab/box/init_modules.h"

#include <errno.h>
#include <sys/mount.h>
#include <sys/stat.h>

/* Any directory that every root has; it is fresh again on the new one. */
#define PLACE "/tmp"

static int directories_make(struct error *err)
{
	static const char *const directories[] = { PLACE "/upper", PLACE "/work", PLACE "/root" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(directories); i++)
		if (mkdir(directories[i], 0755) != 0)
			return error_errno(err, -errno, "cannot make %s", directories[i]);
	return 0;
}

static int root_enter(struct error *err)
{
	if (chdir(PLACE "/root") != 0 || mount(".", "/", NULL, MS_MOVE, NULL) != 0 ||
	    chroot(".") != 0 || chdir("/") != 0)
		return error_errno(err, -errno, "cannot enter the writable root");
	return 0;
}

int init_root_overlay(const char *modules, struct error *err)
{
	int code = init_module_load(modules, "overlay", err);

	if (code < 0)
		return code;
	if (mount("tmpfs", PLACE, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") != 0)
		return error_errno(err, -errno, "no memory for a writable root");
	code = directories_make(err);
	if (code < 0)
		return code;
	if (mount("overlay", PLACE "/root", "overlay", 0,
		  "lowerdir=/,upperdir=" PLACE "/upper,workdir=" PLACE "/work") != 0)
		return error_errno(err, -errno, "no overlay above the root");
	return root_enter(err);
}
