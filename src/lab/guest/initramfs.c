/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The format: Documentation/driver-api/early-userspace/buffer-format.rst of Linux. */
#include "lab/guest/initramfs.h"

#include "base/cleanup.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define ALIGNMENT 4
#define TRAILER "TRAILER!!!"

void initramfs_init(struct initramfs *image)
{
	str_init(&image->bytes);
	image->inode = 0;
}

static void align(struct initramfs *image)
{
	static const char zeros[ALIGNMENT];

	str_append_bytes(&image->bytes, zeros, -image->bytes.length % ALIGNMENT);
}

struct device {
	unsigned major, minor;
};

static void add(struct initramfs *image, const char *name, mode_t mode, struct device device,
		const void *bytes, size_t size)
{
	/* inode, mode, uid, gid, links, mtime, size, device, its device, name's size, checksum */
	str_appendf(&image->bytes, "070701%08X%08X%08X%08X%08X%08X%08zX%08X%08X%08X%08X%08zX%08X",
		    image->inode++, (unsigned)mode, 0u, 0u, 1u, 0u, size, 0u, 0u, device.major,
		    device.minor, strlen(name) + 1, 0u);
	str_append_bytes(&image->bytes, name, strlen(name) + 1);
	align(image);
	str_append_bytes(&image->bytes, bytes, size);
	align(image);
}

void initramfs_add_directory(struct initramfs *image, const char *name)
{
	add(image, name, S_IFDIR | 0755, (struct device){ 0 }, NULL, 0);
}

void initramfs_add_bytes(struct initramfs *image, const char *name, mode_t permissions,
			 const void *bytes, size_t size)
{
	add(image, name, S_IFREG | permissions, (struct device){ 0 }, bytes, size);
}

void initramfs_add_device(struct initramfs *image, const char *name, unsigned major,
			  unsigned minor)
{
	add(image, name, S_IFCHR | 0600, (struct device){ major, minor }, NULL, 0);
}

int initramfs_add_file(struct initramfs *image, const char *name, mode_t permissions,
		       const char *path, struct error *err)
{
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	void *bytes;

	if (fd < 0 || fstat(fd, &status) != 0)
		return error_errno(err, -errno, "%s", path);
	if (!S_ISREG(status.st_mode) || status.st_size == 0)
		return error_set(err, -EINVAL, "%s is no file with something in it", path);
	bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return error_errno(err, -errno, "%s", path);
	initramfs_add_bytes(image, name, permissions, bytes, (size_t)status.st_size);
	munmap(bytes, (size_t)status.st_size);
	return 0;
}

static int bytes_write(int fd, const struct str *bytes)
{
	size_t done = 0;

	while (done < bytes->length) {
		ssize_t some = write(fd, bytes->data + done, bytes->length - done);

		if (some < 0 && errno != EINTR)
			return -errno;
		done += some > 0 ? (size_t)some : 0;
	}
	return 0;
}

int initramfs_finish(struct initramfs *image, int *ret_fd, struct error *err)
{
	CLEANUP_CLOSE int fd = -1;
	int code;

	add(image, TRAILER, 0, (struct device){ 0 }, NULL, 0);
	if (image->bytes.failed)
		return error_errno(err, -ENOMEM, "no room for a guest's image");
	fd = memfd_create("truce-initramfs", MFD_CLOEXEC);
	if (fd < 0)
		return error_errno(err, -errno, "no file in memory for a guest's image");
	code = bytes_write(fd, &image->bytes);
	if (code < 0)
		return error_errno(err, code, "cannot write a guest's image");
	*ret_fd = fd;
	fd = -1;
	return 0;
}

void initramfs_done(struct initramfs *image)
{
	str_done(&image->bytes);
}
