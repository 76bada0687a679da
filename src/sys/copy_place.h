/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a path of the host belongs in a copy of it. Directories are made as they are needed;
 * links that the host has on the way (sysfs is full of them) are links in the copy too. A place
 * never leaves the copy. Files are for their owner alone.
 */
#ifndef SYS_COPY_PLACE_H
#define SYS_COPY_PLACE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct root;

struct copy {
	int directory;
	struct root *host; /* asked for links */
};

/* Relative to the copy's directory, free of links up to its last component, whose directory
 * exists. -EINVAL for a path with "..". */
int copy_place(const struct copy *copy, const char *path, char ret[static PATH_MAX]);

int copy_put_directory(const struct copy *copy, const char *path);
/* -EEXIST when something is there, and `replace` is false or it is no file. */
int copy_put_file(const struct copy *copy, const char *path, const void *bytes, size_t size,
		  bool replace);
int copy_put_link(const struct copy *copy, const char *path, const char *target, bool replace);
/* Whether the copy has something of that name, a link included. */
bool copy_has(const struct copy *copy, const char *path);

#endif
