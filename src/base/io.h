/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Input and output that is not done by halves: signals and short counts are dealt with. */
#ifndef BASE_IO_H
#define BASE_IO_H

#include <stddef.h>

/* 0, or a negative errno; then some of it may be written. The descriptor waits (it blocks). */
int io_write_all(int fd, const void *bytes, size_t size);

#endif
