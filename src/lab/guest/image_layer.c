/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/guest/image_layer.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "lab/host/ability.h"
#include "lab/host/scratch.h"
#include "lab/host/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define QCOW2_MAGIC "QFI\373"
/* In its header, all big-endian. */
#define QCOW2_VERSION_AT 4
#define QCOW2_BACKING_AT 8
#define QCOW2_INCOMPATIBLE_AT 72 /* from version 3 on */
#define QCOW2_EXTERNAL_DATA (1u << 2)
#define QCOW2_HEADER_SIZE 80

static uint64_t number_at(const unsigned char *header, size_t at, size_t size)
{
	uint64_t number = 0;
	size_t i;

	for (i = 0; i < size; i++)
		number = number << 8 | header[at + i];
	return number;
}

/* A file that names other files would have QEMU, which may run as root, give any file of this host to
 * its guest: /etc/shadow, another VM's disk. */
static int qcow2_alone(const char *image, const unsigned char *header, struct error *err)
{
	bool backed = number_at(header, QCOW2_BACKING_AT, 8) != 0;
	bool outside = number_at(header, QCOW2_VERSION_AT, 4) >= 3 &&
		       (number_at(header, QCOW2_INCOMPATIBLE_AT, 8) & QCOW2_EXTERNAL_DATA) != 0;

	if (!backed && !outside)
		return 0;
	return error_set(err, -EPERM, "%s has %s in another file of this host, and whoever made it chose "
			 "which: make one file of it, if you know that one: qemu-img convert -O qcow2 "
			 "OLD NEW", image, backed ? "what lies below it" : "its data");
}

/* Told by its first bytes and not guessed by QEMU: a guest that writes the magic into its raw disk
 * would else be given another one. */
static int format_find(const char *image, const char **ret_format, struct error *err)
{
	CLEANUP_CLOSE int fd = open(image, O_RDONLY | O_CLOEXEC);
	unsigned char header[QCOW2_HEADER_SIZE] = "";

	if (fd < 0 || read(fd, header, sizeof header) < 0)
		return error_errno(err, -errno, "%s", image);
	*ret_format = "raw";
	if (memcmp(header, QCOW2_MAGIC, strlen(QCOW2_MAGIC)) != 0)
		return 0;
	*ret_format = "qcow2";
	return qcow2_alone(image, header, err);
}

static int layer_create(const char *image, int fd, struct error *err)
{
	CLEANUP_FREE char *program = NULL;
	CLEANUP_FREE char *absolute = realpath(image, NULL);
	const char *format;
	char path[48];
	int code;

	if (absolute == NULL)
		return error_errno(err, -errno, "%s", image);
	code = format_find(absolute, &format, err);
	if (code == 0)
		code = host_program("qemu-img", &program, err);
	if (code < 0)
		return code;
	snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)getpid(), fd);
	return tool_run((const char *const[]){ program, "create", "-q", "-f", "qcow2", "-b",
					       absolute, "-F", format, path, NULL },
			NULL, -1, NULL, err);
}

int image_layer_make(const char *image, const char *directory, int *ret_fd, struct error *err)
{
	CLEANUP_CLOSE int fd = -1;
	int code = unnamed_file(directory, &fd, err);

	if (code == 0)
		code = layer_create(image, fd, err);
	if (code < 0)
		return code;
	*ret_fd = fd;
	fd = -1;
	return 0;
}
