/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/host/ability.h"

#include "base/cleanup.h"
#include "base/error.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

/* Where a person gets what is missing, and where it may be though PATH does not say so. */
static const struct known_program {
	const char *name, *package, *place;
} known[] = {
	{ "qemu-system-x86_64", "qemu-system-x86", "/usr/local/bin/qemu-system-x86_64" },
	{ "qemu-img", "qemu-utils", NULL },
	{ "qemu-storage-daemon", "qemu-system-common", NULL },
	{ "mke2fs", "e2fsprogs", "/sbin/mke2fs" },
	{ "depmod", "kmod", "/sbin/depmod" },
	{ "xz", "xz-utils", NULL },
	{ "gzip", "gzip", NULL },
	{ "mmdebstrap", "mmdebstrap", NULL },
	{ "unshare", "util-linux", NULL },
	{ "apt-get", "apt", NULL },
	{ "e2fsck", "e2fsprogs", "/sbin/e2fsck" },
};

static const struct known_program *program_known(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(known[i].name, name) == 0)
			return &known[i];
	return NULL;
}

static char *program_in_path(const char *name)
{
	const char *path = getenv("PATH");
	CLEANUP_FREE char *places = strdup(path != NULL ? path : "/usr/bin:/bin");
	char *place, *rest, *found;

	for (place = places != NULL ? strtok_r(places, ":", &rest) : NULL; place != NULL;
	     place = strtok_r(NULL, ":", &rest)) {
		if (asprintf(&found, "%s/%s", place, name) < 0)
			return NULL;
		if (access(found, X_OK) == 0)
			return found;
		free(found);
	}
	return NULL;
}

int host_program(const char *name, char **ret_path, struct error *err)
{
	const struct known_program *program = program_known(name);
	char *path = program_in_path(name);

	if (path == NULL && program != NULL && program->place != NULL &&
	    access(program->place, X_OK) == 0)
		path = strdup(program->place);
	if (path == NULL)
		return error_set(err, -ENOENT, "%s not found: apt-get install %s", name,
				 program != NULL ? program->package : name);
	*ret_path = path;
	return 0;
}

/* DIRECTORY/PLACE/NAME, where it can be executed. */
static char *helper_at(const char *directory, const char *place, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s%s", directory, place, name) < 0)
		return NULL;
	if (access(path, X_OK) == 0)
		return path;
	free(path);
	return NULL;
}

static char *helper_below(const char *directory, const char *name, const char *built_at)
{
	/* A program of src/ROOM, of src/lab/ROOM, of tests/ROOM. */
	static const char *const places[] = { "../", "../../", "../../src/" };
	char *path = helper_at(directory, "", name);
	size_t i;

	for (i = 0; path == NULL && i < ARRAY_SIZE(places); i++)
		path = helper_at(directory, places[i], built_at);
	return path;
}

/* NULL where memory is out or there is no /proc. What the link says behind the last slash is not
 * looked at: of a program that was replaced while it runs, by a newer one, there is no such file. */
static char *own_directory(void)
{
	char path[PATH_MAX];
	ssize_t size = readlink("/proc/self/exe", path, sizeof path);
	const char *slash = size > 0 ? memrchr(path, '/', (size_t)size) : NULL;

	return slash != NULL ? strndup(path, (size_t)(slash - path)) : NULL;
}

int host_helper(const char *name, const char *built_at, char **ret_path, struct error *err)
{
	CLEANUP_FREE char *directory = own_directory();
	const char *given = getenv("TRUCE_LIBEXEC");
	char *path = NULL;

	if (directory == NULL)
		return error_errno(err, -ENOENT, "/proc/self/exe");
	if (given != NULL && *given != '\0')
		path = helper_below(given, name, built_at);
	if (path == NULL)
		path = helper_below(directory, name, built_at);
	if (path == NULL)
		return error_set(err, -ENOENT, "there is no %s in %s: is it installed?", name,
				 directory);
	*ret_path = path;
	return 0;
}
