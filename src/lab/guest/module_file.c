/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/guest/module_file.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "base/text.h"
#include "lab/host/ability.h"
#include "lab/host/tool.h"
#include "sys/root.h"

#include <errno.h>
#include <zstd.h>

#define MODULE_MOST_BYTES (64u << 20)

static int file_read(const char *path, char **ret_bytes, size_t *ret_size, struct error *err)
{
	struct root *root = root_live_new();
	ssize_t size = root != NULL ? root_read_all(root, path, MODULE_MOST_BYTES, ret_bytes) :
				      -ENOMEM;

	root_free(root);
	if (size < 0)
		return error_errno(err, (int)size, "%s", path);
	*ret_size = (size_t)size;
	return 0;
}

static int read_plain(const char *path, struct str *bytes, struct error *err)
{
	CLEANUP_FREE char *plain = NULL;
	size_t size = 0;
	int code = file_read(path, &plain, &size, err);

	str_append_bytes(bytes, plain, size);
	return code;
}

static int read_by_tool(const char *tool, const char *path, struct str *bytes, struct error *err)
{
	CLEANUP_FREE char *program = NULL;
	const char *arguments[] = { NULL, "-dc", path, NULL };
	int code = host_program(tool, &program, err);

	if (code < 0)
		return error_prefix(err, "%s cannot be unpacked", path);
	arguments[0] = program;
	return tool_run(arguments, NULL, -1, bytes, err);
}

static int read_zstd(const char *path, struct str *bytes, struct error *err)
{
	CLEANUP_FREE char *packed = NULL;
	size_t size = 0, unpacked, begin = bytes->length;
	unsigned long long wanted;
	int code = file_read(path, &packed, &size, err);

	if (code < 0)
		return code;
	wanted = ZSTD_getFrameContentSize(packed, size);
	if (wanted == ZSTD_CONTENTSIZE_ERROR || wanted == ZSTD_CONTENTSIZE_UNKNOWN ||
	    wanted > MODULE_MOST_BYTES)
		return error_set(err, -EINVAL, "%s is no module packed with zstd", path);
	if (!str_resize(bytes, begin + (size_t)wanted))
		return error_errno(err, -ENOMEM, "%s", path);
	unpacked = ZSTD_decompress(bytes->data + begin, (size_t)wanted, packed, size);
	if (ZSTD_isError(unpacked) || unpacked != wanted)
		return error_set(err, -EINVAL, "%s cannot be unpacked", path);
	return 0;
}

int module_file_read(const char *path, struct str *bytes, struct error *err)
{
	int code;

	if (text_ends_with(path, ".ko.xz"))
		code = read_by_tool("xz", path, bytes, err);
	else if (text_ends_with(path, ".ko.gz"))
		code = read_by_tool("gzip", path, bytes, err);
	else if (text_ends_with(path, ".ko.zst"))
		code = read_zstd(path, bytes, err);
	else
		code = read_plain(path, bytes, err);
	if (code == 0 && bytes->failed)
		code = error_errno(err, -ENOMEM, "%s", path);
	return code;
}
