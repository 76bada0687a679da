/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/image/lab_image.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "base/vec.h"
#include "lab/host/cache_place.h"
#include "lab/image/image_about.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define CACHE_BELOW "images"
#define EXT4_MAGIC_AT 0x438
#define EXT4_MAGIC "\x53\xef"
#define BOOT_MARK_AT 510
#define BOOT_MARK "\x55\xaa"

void lab_image_done(struct lab_image *image)
{
	free(image->name);
	free(image->disk);
	free(image->suite);
	free(image->agent);
	free(image->asked);
	*image = (struct lab_image){ 0 };
}

void lab_images_done(struct lab_images *images)
{
	for (size_t i = 0; i < images->count; i++)
		lab_image_done(&images->items[i]);
	free(images->items);
	*images = (struct lab_images){ 0 };
}

/* -- one of the cache ------------------------------------------------------------------------------ */

static int about_take(const char *path, struct lab_image *image, struct error *err)
{
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[IMAGE_ABOUT_SIZE_MOST];
	ssize_t size = fd >= 0 ? read(fd, text, sizeof text) : -1;
	int code;

	if (size < 0)
		return error_errno(err, -errno, "%s", path);
	code = image_about_read(text, (size_t)size, image, err);
	if (code < 0)
		error_prefix(err, "%s", path);
	return code;
}

static int cached_take(const char *cache, const char *name, struct lab_image *ret,
		       struct error *err)
{
	struct lab_image image = { .name = strdup(name), .is_root = true };
	CLEANUP_FREE char *about = NULL;
	int code = 0;

	if (image.name == NULL || asprintf(&image.disk, "%s/%s/disk", cache, name) < 0) {
		image.disk = NULL;
		code = error_errno(err, -ENOMEM, "%s", name);
	}
	if (code == 0 && asprintf(&about, "%s/%s/about", cache, name) < 0) {
		about = NULL;
		code = error_errno(err, -ENOMEM, "%s", name);
	}
	if (code == 0)
		code = about_take(about, &image, err);
	if (code == 0 && access(image.disk, R_OK) < 0)
		code = error_errno(err, -errno, "%s", image.disk);
	if (code < 0)
		lab_image_done(&image);
	else
		*ret = image;
	return code;
}

static int by_name(const void *a, const void *b)
{
	const struct lab_image *one = a, *other = b;

	return strcmp(one->name, other->name);
}

static int entry_take(const char *cache, const char *name, struct lab_images *images)
{
	if (!VEC_RESERVE(images->items, images->capacity, images->count + 1))
		return -ENOMEM;
	if (name[0] != '.' && cached_take(cache, name, &images->items[images->count], NULL) == 0)
		images->count++;
	return 0;
}

int lab_image_list(struct lab_images *ret, struct error *err)
{
	CLEANUP_FREE char *cache = cache_directory(CACHE_BELOW);
	CLEANUP_CLOSEDIR DIR *dir = cache != NULL ? opendir(cache) : NULL;
	struct lab_images images = { 0 };
	struct dirent *entry;
	int code = 0;

	if (dir == NULL && errno != ENOENT)
		return error_errno(err, -errno, "%s", cache != NULL ? cache : "the cache");
	while (code == 0 && dir != NULL && (entry = readdir(dir)) != NULL)
		code = entry_take(cache, entry->d_name, &images);
	if (code < 0) {
		lab_images_done(&images);
		return error_errno(err, code, "%s", cache);
	}
	if (images.count > 0)
		qsort(images.items, images.count, sizeof *images.items, by_name);
	*ret = images;
	return 0;
}

/* -- one of a user's ------------------------------------------------------------------------------- */

/* An ext4 from its first byte on that no firmware would boot. */
static int is_bare_root(const char *path, bool *ret, struct error *err)
{
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char head[EXT4_MAGIC_AT + 2] = "";
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return error_errno(err, -errno, "%s", path);
	if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode))
		return error_set(err, -EINVAL, "%s: is neither a file nor a disk", path);
	if (pread(fd, head, sizeof head, 0) < 0)
		return error_errno(err, -errno, "%s", path);
	*ret = memcmp(head + EXT4_MAGIC_AT, EXT4_MAGIC, 2) == 0 &&
	       memcmp(head + BOOT_MARK_AT, BOOT_MARK, 2) != 0;
	return 0;
}

static int file_take(const char *path, struct lab_image *ret, struct error *err)
{
	bool is_root;
	int code = is_bare_root(path, &is_root, err);
	char *disk;

	if (code < 0)
		return code;
	disk = strdup(path);
	if (disk == NULL)
		return error_errno(err, -ENOMEM, "%s", path);
	*ret = (struct lab_image){ .disk = disk, .is_root = is_root };
	return 0;
}

int lab_image_find(const char *name, struct lab_image *ret, struct error *err)
{
	CLEANUP_FREE char *cache = NULL;
	int code;

	if (strchr(name, '/') != NULL)
		return file_take(name, ret, err);
	cache = cache_directory(CACHE_BELOW);
	if (cache == NULL)
		return error_errno(err, -ENOMEM, "%s", name);
	code = name[0] == '\0' || name[0] == '.' ? -ENOENT : cached_take(cache, name, ret, err);
	if (code == -ENOENT)
		return error_set(err, code, "there is no image %.64s here: truce lab image build %.64s makes "
				 "one (a file of your own is written with a slash)", name, name);
	return code;
}
