/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A policy's file, read whole and once: what runs is these bytes, whatever the file becomes. A
 * file that changes while it is read is refused, so that nothing is ever half of two versions.
 */
#ifndef DECIDE_SOURCE_H
#define DECIDE_SOURCE_H

#include <stddef.h>

struct error;

enum { SOURCE_BYTES_MAX = 8 << 20 };

/* Bytes on the heap, with a NUL behind them. -EFBIG, -EAGAIN where it changes, -EINVAL where it
 * is no regular file, -errno. */
int source_read(const char *path, char **ret_bytes, size_t *ret_size, struct error *err);

#endif
