/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "heard_root.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/vec.h"
#include "sys/root.h"

static const struct root_ops *plain;
static struct root_ops stepped, listening;
static uint64_t ahead_usec;
static struct heard *ear;

static uint64_t stepped_monotonic(struct root *root)
{
	return plain->monotonic_usec(root) + ahead_usec;
}

static uint64_t stepped_realtime(struct root *root)
{
	return plain->realtime_usec(root) + ahead_usec;
}

static int listening_open(struct root *root, const char *path)
{
	ear->opens++;
	return plain->open(root, path);
}

static void out_of_memory(void)
{
	fputs("out of memory for what is heard\n", stderr);
	exit(EXIT_FAILURE);
}

static char *path_of(int fd)
{
	char link[64], path[PATH_MAX], *copy;
	ssize_t size;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	size = readlink(link, path, sizeof path);
	copy = strndup(path, size > 0 ? (size_t)size : 0);
	if (copy == NULL)
		out_of_memory();
	return copy;
}

static ssize_t listening_pread(struct root *root, int fd, void *buffer, size_t size)
{
	if (!VEC_RESERVE(ear->reads, ear->capacity, ear->count + 1))
		out_of_memory();
	ear->reads[ear->count++] = (struct heard_read){ path_of(fd), fd, size, false };
	return plain->pread(root, fd, buffer, size);
}

static void listening_close(struct root *root, int fd)
{
	size_t i;

	for (i = ear->count; i-- > 0;) {
		if (ear->reads[i].fd != fd)
			continue;
		ear->reads[i].closed = true;
		break;
	}
	plain->close(root, fd);
}

static ssize_t listening_readlink(struct root *root, const char *path, char *buffer, size_t size)
{
	ear->links++;
	return plain->readlink(root, path, buffer, size);
}

static int listening_list(struct root *root, const char *path, root_list_function *function,
			  void *context)
{
	ear->lists++;
	return plain->list(root, path, function, context);
}

void heard_root_take(struct root *root)
{
	plain = root->ops;
	stepped = *plain;
	stepped.monotonic_usec = stepped_monotonic;
	stepped.realtime_usec = stepped_realtime;
	listening = stepped;
	listening.open = listening_open;
	listening.pread = listening_pread;
	listening.close = listening_close;
	listening.readlink = listening_readlink;
	listening.list = listening_list;
	ahead_usec = 0;
	root->ops = &stepped;
}

void heard_root_advance(uint64_t usec)
{
	ahead_usec += usec;
}

void heard_root_listen(struct root *root, struct heard *heard)
{
	ear = heard;
	root->ops = &listening;
}

void heard_root_ignore(struct root *root)
{
	root->ops = &stepped;
}

static int compare_paths(const void *a, const void *b)
{
	const struct heard_read *x = a, *y = b;

	return strcmp(x->path, y->path);
}

/* The observer leaves the highest free; one of those is given out only when there are no others. */
#define DESCRIPTORS_SPARED 64

static bool descriptors_are_short(const struct heard *heard)
{
	struct rlimit limit;
	size_t i;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return true;
	for (i = 0; i < heard->count; i++)
		if ((rlim_t)heard->reads[i].fd + DESCRIPTORS_SPARED >= limit.rlim_cur)
			return true;
	return false;
}

void heard_keep(struct heard *heard, size_t times)
{
	bool reopened_count = descriptors_are_short(heard);
	size_t from = 0, kept = 0;

	if (heard->count > 0)
		qsort(heard->reads, heard->count, sizeof *heard->reads, compare_paths);
	while (from < heard->count) {
		struct heard_read first = heard->reads[from];
		size_t end = from + 1;

		while (end < heard->count && strcmp(heard->reads[end].path, first.path) == 0)
			free(heard->reads[end++].path);
		if (end - from >= times && (reopened_count || !first.closed))
			heard->reads[kept++] = first;
		else
			free(first.path);
		from = end;
	}
	heard->count = kept;
}

void heard_done(struct heard *heard)
{
	size_t i;

	for (i = 0; i < heard->count; i++)
		free(heard->reads[i].path);
	free(heard->reads);
	memset(heard, 0, sizeof *heard);
}
