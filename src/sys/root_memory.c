/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/root_memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct root_memory {
	struct root root;
	const struct root_memory_file *files;
	size_t count;
};

static struct root_memory *memory(struct root *root)
{
	return (struct root_memory *)root;
}

/* Is `path` a directory above or at `file`? Then its length, else 0. */
static size_t is_above(const char *path, const char *file)
{
	size_t size = strlen(path);

	return strncmp(path, file, size) == 0 && (file[size] == '/' || file[size] == '\0') ? size : 0;
}

static int memory_open(struct root *root, const char *path)
{
	struct root_memory *m = memory(root);
	int code = -ENOENT;
	size_t i;

	for (i = 0; i < m->count; i++) {
		if (strcmp(m->files[i].path, path) == 0)
			return m->files[i].error != 0 ? m->files[i].error : (int)i;
		if (is_above(path, m->files[i].path) > 0)
			code = -EISDIR;
		else if (is_above(m->files[i].path, path) > 0)
			code = -ENOTDIR;
	}
	return code;
}

static ssize_t memory_pread(struct root *root, int fd, void *buffer, size_t size)
{
	const struct root_memory_file *file = &memory(root)->files[fd];
	size_t all = file->size > 0 ? file->size : strlen(file->bytes);
	size_t got = all < size ? all : size;

	memcpy(buffer, file->bytes, got);
	return (ssize_t)got;
}

static void memory_close(struct root *root, int fd)
{
}

static ssize_t memory_readlink(struct root *root, const char *path, char *buffer, size_t size)
{
	int fd = memory_open(root, path);

	return fd < 0 ? fd : memory_pread(root, fd, buffer, size);
}

/* The component behind `path` of the file with that index; false when it was told before. */
static bool component(struct root_memory *m, const char *path, size_t index, char *ret,
		      size_t ret_size)
{
	const char *file = m->files[index].path;
	size_t above = is_above(path, file);
	size_t i;

	if (above == 0 || file[above] == '\0')
		return false;
	file += above + 1;
	if (strcspn(file, "/") >= ret_size)
		return false;
	memcpy(ret, file, strcspn(file, "/"));
	ret[strcspn(file, "/")] = '\0';
	for (i = 0; i < index; i++)
		if (is_above(path, m->files[i].path) > 0 && m->files[i].path[above] != '\0' &&
		    is_above(ret, m->files[i].path + above + 1) > 0)
			return false;
	return true;
}

static int memory_list(struct root *root, const char *path, root_list_function *function,
		       void *context)
{
	struct root_memory *m = memory(root);
	int r = memory_open(root, path);
	char name[256];
	size_t i;

	if (r != -EISDIR)
		return r >= 0 ? -ENOTDIR : r;
	for (i = 0; i < m->count; i++) {
		if (!component(m, path, i, name, sizeof name))
			continue;
		r = function(name, context);
		if (r != 0)
			return r;
	}
	return 0;
}

static uint64_t memory_usec(struct root *root)
{
	return 0;
}

static void memory_free(struct root *root)
{
	free(root);
}

static const struct root_ops memory_ops = {
	.name = "memory",
	.open = memory_open,
	.pread = memory_pread,
	.close = memory_close,
	.readlink = memory_readlink,
	.list = memory_list,
	.monotonic_usec = memory_usec,
	.realtime_usec = memory_usec,
	.free = memory_free,
};

struct root *root_memory_new(const struct root_memory_file *files, size_t count)
{
	struct root_memory *m = calloc(1, sizeof *m);

	if (m == NULL)
		abort();
	m->root = (struct root){ .ops = &memory_ops, .ticks_per_second = 100, .page_size = 4096 };
	m->files = files;
	m->count = count;
	return &m->root;
}
