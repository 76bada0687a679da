/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small files that are there whole or not at all. */
#ifndef BASE_KEEP_FILE_H
#define BASE_KEEP_FILE_H

#include <stddef.h>
#include <sys/types.h>

struct error;

/* Under another name first; then in the place of `path`. What was there stays on a failure. */
int keep_file_write(const char *path, const void *bytes, size_t size, mode_t mode,
		    struct error *err);
/* A regular file of at most `most` bytes, NUL-terminated. -ENOENT without a sentence's fuss. */
int keep_file_read(const char *path, size_t most, char **ret, size_t *ret_size, struct error *err);
/* The same of one that belongs to us and that nobody else may write (-EACCES), whatever the path
 * leads to a moment later. */
int keep_file_read_own(const char *path, size_t most, char **ret, size_t *ret_size,
		       struct error *err);
/* With its parent, where missing. */
int keep_directory(const char *path, mode_t mode, struct error *err);

#endif
