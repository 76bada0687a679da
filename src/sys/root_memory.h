/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests: a host that is a table of paths and bytes. Directories are what the paths imply.
 * What is written stands beside the table and goes before it; a directory that is made takes any
 * file, as a cgroup has its files at once. Threads may share it.
 */
#ifndef SYS_ROOT_MEMORY_H
#define SYS_ROOT_MEMORY_H

#include "sys/root.h"

struct root_memory_file {
	const char *path;
	const char *bytes;
	size_t size; /* 0: up to the NUL */
	int error;   /* not 0: opening fails with it */
};

/* The table must live as long as the root; it may change meanwhile. */
struct root *root_memory_new(const struct root_memory_file *files, size_t count);
/* Both clocks; they stand still in between, and at 0 at first. */
void root_memory_set_usec(struct root *root, uint64_t usec);
/* What the path has for text now, by write or by table; NULL: no such file. The nice, affinity
 * or policy that was set of a thread is the text of "nice:TID", "affinity:TID", "policy:TID"; its
 * slice is "slice:TID", or "slice:default", or this host knows none. */
const char *root_memory_text(struct root *root, const char *path);
/* As if somebody else had written it; a file that is not there comes to be. */
void root_memory_put(struct root *root, const char *path, const char *text);
/* It is gone, with all below it. */
void root_memory_remove(struct root *root, const char *path);

#endif
