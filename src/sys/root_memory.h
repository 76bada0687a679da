/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests: a host that is a table of paths and bytes. Directories are what the paths imply. */
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

#endif
