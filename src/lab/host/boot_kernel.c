/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/host/boot_kernel.h"

#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/str.h"
#include "base/vec.h"
#include "lab/host/cache_place.h"
#include "lab/host/tool.h"

#include <errno.h>
#include <string.h>

#define PACKAGE_PREFIX "linux-image-"
#define PACKAGE_SUFFIX "-unsigned"
#define CLOUD_SUFFIX "-cloud-amd64"

void boot_kernel_done(struct boot_kernel *kernel)
{
	if (kernel == NULL)
		return;
	free(kernel->release);
	free(kernel->image);
	free(kernel->modules_dir);
	*kernel = (struct boot_kernel){ 0 };
}

char *boot_kernel_cache(void)
{
	return cache_directory("kernels");
}

static bool text_ends_in(const char *text, size_t size, const char *end)
{
	size_t end_size = strlen(end);

	return size > end_size && memcmp(text + size - end_size, end, end_size) == 0;
}

/* 0: no cloud kernel, or too old for a box; else the higher the better. */
static int release_rank(const char *release)
{
	if (release[0] < '0' || release[0] > '9' ||
	    !text_ends_in(release, strlen(release), CLOUD_SUFFIX) ||
	    strverscmp(release, "6.1") < 0)
		return 0;
	return strncmp(release, "6.12.", 5) == 0 ? 2 : 1;
}

const char *boot_kernel_choose(const char *const *releases, size_t count)
{
	const char *best = NULL;
	int best_rank = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		int rank = release_rank(releases[i]);

		if (rank > best_rank ||
		    (rank == best_rank && rank > 0 && strverscmp(releases[i], best) > 0)) {
			best = releases[i];
			best_rank = rank;
		}
	}
	return best;
}

struct releases {
	char **names;
	size_t count, capacity;
};

static void releases_done(struct releases *releases)
{
	size_t i;

	for (i = 0; i < releases->count; i++)
		free(releases->names[i]);
	free(releases->names);
}

static int releases_add(struct releases *releases, const char *name, size_t size)
{
	char *copy = strndup(name, size);

	if (copy == NULL ||
	    !VEC_RESERVE(releases->names, releases->capacity, releases->count + 1)) {
		free(copy);
		return -ENOMEM;
	}
	releases->names[releases->count++] = copy;
	return 0;
}

static char *releases_take_best(struct releases *releases)
{
	const char *best = boot_kernel_choose((const char *const *)releases->names,
					     releases->count);

	return best != NULL ? strdup(best) : NULL;
}

static char *path_of(const char *cache, const char *release, const char *rest)
{
	char *path;

	return asprintf(&path, "%s/%s%s", cache, release, rest) >= 0 ? path : NULL;
}

bool boot_kernel_is_cached(const char *cache, const char *release)
{
	char inside[512];
	int length = snprintf(inside, sizeof inside, "/lib/modules/%s/modules.dep", release);
	CLEANUP_FREE char *path = NULL;

	if (length < 0 || (size_t)length >= sizeof inside)
		return false;
	path = path_of(cache, release, inside);
	return path != NULL && access(path, R_OK) == 0;
}

static int releases_of_cache(const char *cache, struct releases *releases)
{
	CLEANUP_CLOSEDIR DIR *dir = opendir(cache);
	struct dirent *entry;
	int code = 0;

	if (dir == NULL)
		return errno == ENOENT ? 0 : -errno;
	while (code == 0 && (entry = readdir(dir)) != NULL)
		if (boot_kernel_is_cached(cache, entry->d_name))
			code = releases_add(releases, entry->d_name, strlen(entry->d_name));
	return code;
}

/* The unpacked image boots without the guest unpacking it first, which takes an emulated
 * processor 0.7 s. */
static char *image_of(const char *cache, const char *release)
{
	char *plain = path_of(cache, release, "/boot/vmlinux");
	char *image = NULL;

	if (plain != NULL && access(plain, R_OK) == 0)
		return plain;
	free(plain);
	return asprintf(&image, "%s/%s/boot/vmlinuz-%s", cache, release, release) >= 0 ? image :
											 NULL;
}

static int kernel_fill(struct boot_kernel *ret, const char *cache, char *release, struct error *err)
{
	struct boot_kernel kernel = { .release = release };

	kernel.image = image_of(cache, release);
	kernel.modules_dir = path_of(cache, release, "");
	if (kernel.image == NULL || kernel.modules_dir == NULL) {
		boot_kernel_done(&kernel);
		return error_errno(err, -ENOMEM, "cannot name the kernel %s", release);
	}
	*ret = kernel;
	return 0;
}

int boot_kernel_find(const char *cache, struct boot_kernel *ret_kernel, struct error *err)
{
	struct releases releases = { 0 };
	char *best = NULL;
	int code = releases_of_cache(cache, &releases);

	if (code == 0)
		best = releases_take_best(&releases);
	releases_done(&releases);
	if (code < 0)
		return error_errno(err, code, "%s", cache);
	if (best == NULL)
		return error_set(err, -ENOENT, "%s has no kernel for a box", cache);
	return kernel_fill(ret_kernel, cache, best, err);
}

/* A line of apt-cache search: the package's name, then " - " and what it is. */
static int releases_add_package(struct releases *releases, struct cursor line)
{
	const char *name;
	size_t size;

	if (!cursor_take_text(&line, PACKAGE_PREFIX) || !cursor_take_word(&line, &name, &size) ||
	    !text_ends_in(name, size, CLOUD_SUFFIX PACKAGE_SUFFIX))
		return 0;
	return releases_add(releases, name, size - strlen(PACKAGE_SUFFIX));
}

static int releases_of_apt(int cancel_fd, struct releases *releases, struct error *err)
{
	static const char *const search[] = { "apt-cache", "search", "--names-only",
					      "^" PACKAGE_PREFIX "[0-9].*" CLOUD_SUFFIX
					      PACKAGE_SUFFIX "$", NULL };
	struct cursor cursor, line;
	struct str output;
	int code;

	str_init(&output);
	code = tool_run(search, NULL, cancel_fd, &output, err);
	cursor = cursor_over(output.data, output.length);
	while (code == 0 && cursor_take_line(&cursor, &line))
		code = releases_add_package(releases, line);
	str_done(&output);
	return code;
}

int boot_kernel_offered(int cancel_fd, char **ret_release, struct error *err)
{
	struct releases releases = { 0 };
	char *best = NULL;
	int code = releases_of_apt(cancel_fd, &releases, err);

	if (code == 0)
		best = releases_take_best(&releases);
	releases_done(&releases);
	if (code < 0)
		return code;
	if (best == NULL)
		return error_set(err, -ENOENT,
				 "apt knows no " PACKAGE_PREFIX "6.12*" CLOUD_SUFFIX PACKAGE_SUFFIX
				 ": run apt-get update, or give --kernel and --modules");
	*ret_release = best;
	return 0;
}

char *boot_kernel_package(const char *release)
{
	char *package;

	return asprintf(&package, PACKAGE_PREFIX "%s" PACKAGE_SUFFIX, release) >= 0 ? package :
										      NULL;
}
