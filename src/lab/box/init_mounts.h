/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mounts of a box: the kernel's file systems, fresh /run and /tmp, the shares. Run by the
 * first process, in the order of these functions.
 */
#ifndef LAB_BOX_INIT_MOUNTS_H
#define LAB_BOX_INIT_MOUNTS_H

#include <stddef.h>

struct error;

/* /proc, /sys and /dev: enough to find the port. Once more where another root is entered. */
int init_mounts_first(struct error *err);

/* The others. What the job names as visible stays in sight below the new /run and /tmp. */
int init_mounts_others(const char *job, size_t size, struct error *err);

/* The job's writable directories, over themselves. */
int init_mounts_writables(const char *job, size_t size, struct error *err);

#endif
