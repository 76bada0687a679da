/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/host/boot_image.h"

#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/error.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <zstd.h>

/* Fields of the setup header, Documentation/arch/x86/boot.rst of Linux. */
#define SETUP_SECTORS_AT 0x1f1
#define SETUP_MAGIC_AT 0x202
#define SETUP_MAGIC "HdrS"
#define VERSION_AT 0x20e
#define PAYLOAD_OFFSET_AT 0x248
#define PAYLOAD_SIZE_AT 0x24c
#define SETUP_HEADER_END 0x250
#define SECTOR_BYTES 512u
#define BANNER "Linux version "
#define UNPACKED_MOST_BYTES (512u << 20)

struct file_view {
	unsigned char *bytes; /* NULL: not mapped */
	size_t size;
};

static void file_view_done(struct file_view *view)
{
	if (view->bytes != NULL)
		munmap(view->bytes, view->size);
}

static int file_view_open(struct file_view *view, const char *path, struct error *err)
{
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;
	void *bytes;

	if (fd < 0 || fstat(fd, &status) != 0)
		return error_errno(err, -errno, "%s", path);
	if (!S_ISREG(status.st_mode))
		return error_set(err, -EINVAL, "%s is no regular file", path);
	if (status.st_size == 0)
		return error_set(err, -EINVAL, "%s is empty", path);
	bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return error_errno(err, -errno, "%s", path);
	*view = (struct file_view){ bytes, (size_t)status.st_size };
	return 0;
}

static int boot_file_open(struct file_view *view, const char *boot, const char *name,
			  const char *release, struct error *err)
{
	CLEANUP_FREE char *path = NULL;

	if (asprintf(&path, "%s/%s-%s", boot, name, release) < 0)
		return error_errno(err, -ENOMEM, "%s", boot);
	return file_view_open(view, path, err);
}

static bool config_has(const struct file_view *config, const char *option)
{
	struct cursor cursor = cursor_over((const char *)config->bytes, config->size);
	struct cursor line;

	while (cursor_take_line(&cursor, &line))
		if (cursor_take_text(&line, option) && cursor_take_text(&line, "=y") &&
		    cursor_at_end(&line))
			return true;
	return false;
}

int boot_image_check(const char *boot, const char *release, struct error *err)
{
	static const char *const needed[] = { "CONFIG_VIRTIO_PCI", "CONFIG_VIRTIO_FS",
					      "CONFIG_VIRTIO_CONSOLE", "CONFIG_DEVTMPFS",
					      "CONFIG_CGROUPS", "CONFIG_SERIAL_8250_CONSOLE" };
	struct file_view config = { 0 };
	size_t i;
	int code = boot_file_open(&config, boot, "config", release, err);

	for (i = 0; code == 0 && i < ARRAY_SIZE(needed); i++)
		if (!config_has(&config, needed[i]))
			code = error_set(err, -ENOTSUP,
					 "this kernel has no %s built in, which a box needs",
					 needed[i]);
	file_view_done(&config);
	return code;
}

static uint32_t little_at(const unsigned char *bytes)
{
	uint32_t little;

	memcpy(&little, bytes, sizeof little);
	return le32toh(little);
}

int boot_image_payload(const unsigned char *image, size_t size, size_t *ret_at, size_t *ret_size)
{
	uint64_t setup_sectors, at, payload;

	if (size < SETUP_HEADER_END ||
	    memcmp(image + SETUP_MAGIC_AT, SETUP_MAGIC, strlen(SETUP_MAGIC)) != 0)
		return -EINVAL;
	/* 0 means 4, from the days of floppy disks; the boot sector comes on top. */
	setup_sectors = image[SETUP_SECTORS_AT] != 0 ? image[SETUP_SECTORS_AT] : 4;
	at = (setup_sectors + 1) * SECTOR_BYTES + little_at(image + PAYLOAD_OFFSET_AT);
	payload = little_at(image + PAYLOAD_SIZE_AT);
	if (payload < 8 || at > size || payload > size - at)
		return -EINVAL;
	*ret_at = (size_t)at;
	*ret_size = (size_t)payload;
	return 0;
}

static int file_write(const char *path, const unsigned char *bytes, size_t size, struct error *err)
{
	CLEANUP_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	size_t done = 0;

	if (fd < 0)
		return error_errno(err, -errno, "%s", path);
	while (done < size) {
		ssize_t some = write(fd, bytes + done, size - done);

		if (some < 0 && errno != EINTR)
			return error_errno(err, -errno, "%s", path);
		done += some > 0 ? (size_t)some : 0;
	}
	return 0;
}

/* The kernel's build puts the unpacked size behind the packed bytes, as its last four. */
static int payload_unpack(const unsigned char *packed, size_t size, const char *path,
			  struct error *err)
{
	size_t unpacked_size = little_at(packed + size - 4);
	CLEANUP_FREE unsigned char *unpacked = NULL;
	size_t got;

	if (unpacked_size == 0 || unpacked_size > UNPACKED_MOST_BYTES)
		return error_set(err, -EINVAL, "%s would have %zu bytes", path, unpacked_size);
	unpacked = malloc(unpacked_size);
	if (unpacked == NULL)
		return error_errno(err, -ENOMEM, "%s", path);
	got = ZSTD_decompress(unpacked, unpacked_size, packed, size - 4);
	if (ZSTD_isError(got) || got != unpacked_size)
		return error_set(err, -EINVAL, "%s cannot be unpacked: %s", path,
				 ZSTD_isError(got) ? ZSTD_getErrorName(got) : "wrong size");
	return file_write(path, unpacked, unpacked_size, err);
}

static int image_unpack(const struct file_view *image, const char *boot, struct error *err)
{
	CLEANUP_FREE char *path = NULL;
	size_t at, size;

	if (boot_image_payload(image->bytes, image->size, &at, &size) < 0 ||
	    little_at(image->bytes + at) != ZSTD_MAGICNUMBER)
		return 0;
	if (asprintf(&path, "%s/vmlinux", boot) < 0)
		return error_errno(err, -ENOMEM, "%s", boot);
	return payload_unpack(image->bytes + at, size, path, err);
}

int boot_image_unpack(const char *boot, const char *release, struct error *err)
{
	struct file_view config = { 0 }, image = { 0 };
	int code = boot_file_open(&config, boot, "config", release, err);

	if (code == 0 && config_has(&config, "CONFIG_PVH")) {
		code = boot_file_open(&image, boot, "vmlinuz", release, err);
		if (code == 0)
			code = image_unpack(&image, boot, err);
	}
	file_view_done(&image);
	file_view_done(&config);
	return code;
}

/* A bzImage has its version as a text, "RELEASE (who@where) #1 SMP ...", whose place counts from
 * the second sector. */
static bool release_of_packed(const struct file_view *image, struct cursor *ret)
{
	uint64_t at;

	if (image->size < SETUP_HEADER_END ||
	    memcmp(image->bytes + SETUP_MAGIC_AT, SETUP_MAGIC, strlen(SETUP_MAGIC)) != 0)
		return false;
	at = (image->bytes[VERSION_AT] | (uint64_t)image->bytes[VERSION_AT + 1] << 8) +
	     SECTOR_BYTES;
	if (at == SECTOR_BYTES || at >= image->size)
		return false;
	*ret = cursor_over((const char *)image->bytes + at, image->size - at);
	return true;
}

/* An unpacked kernel has its banner somewhere. The same words with a %s are a format of it. */
static bool release_of_unpacked(const struct file_view *image, struct cursor *ret)
{
	struct cursor rest = cursor_over((const char *)image->bytes, image->size);
	const char *found;

	if (image->size < 4 || memcmp(image->bytes, "\177ELF", 4) != 0)
		return false;
	while ((found = memmem(rest.at, cursor_left(&rest), BANNER, strlen(BANNER))) != NULL) {
		rest.at = found + strlen(BANNER);
		if (!cursor_at_end(&rest) && *rest.at >= '0' && *rest.at <= '9') {
			*ret = rest;
			return true;
		}
	}
	return false;
}

static bool release_letter(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       strchr(".-+_~", c) != NULL;
}

int boot_image_release(const char *path, char *ret, size_t ret_size, struct error *err)
{
	struct file_view image = { 0 };
	struct cursor text = { 0 };
	size_t size = 0;
	int code = file_view_open(&image, path, err);

	if (code < 0)
		return code;
	if (release_of_packed(&image, &text) || release_of_unpacked(&image, &text))
		while (size < cursor_left(&text) && text.at[size] != '\0' &&
		       release_letter(text.at[size]))
			size++;
	if (size == 0 || size >= ret_size) {
		code = error_set(err, -EINVAL, "%s is no x86 kernel: it says no release", path);
	} else {
		memcpy(ret, text.at, size);
		ret[size] = '\0';
	}
	file_view_done(&image);
	return code;
}
