/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/guest/image_layer.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "lab/host/ability.h"
#include "lab/host/scratch.h"
#include "lab/host/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define QCOW2_MAGIC "QFI\373"

/* Told by its first bytes and not guessed by QEMU: a guest that writes the magic into its raw disk
 * would else be given another one. */
static int format_find(const char *image, const char **ret_format, struct error *err)
{
	CLEANUP_CLOSE int fd = open(image, O_RDONLY | O_CLOEXEC);
	char magic[4] = "";

	if (fd < 0 || read(fd, magic, sizeof magic) < 0)
		return error_errno(err, -errno, "%s", image);
	*ret_format = memcmp(magic, QCOW2_MAGIC, sizeof magic) == 0 ? "qcow2" : "raw";
	return 0;
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
