/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last bytes of what a program or a kernel console said, kept for the sentence of a
 * failure. Whatever comes out is safe to print.
 */
#ifndef LAB_HOST_TAIL_H
#define LAB_HOST_TAIL_H

#include <stdbool.h>
#include <stddef.h>

struct str;

struct tail {
	char bytes[4096];
	size_t size;
};

void tail_init(struct tail *tail);
void tail_add(struct tail *tail, const char *bytes, size_t size);

/* Reads what a non-blocking descriptor has now, and copies all of it to copy_fd (-1: nowhere).
 * False when it has come to its end. */
bool tail_read(struct tail *tail, int fd, int copy_fd);

/* Appends the last line that has `mark` in it, or any last line that is not empty where mark is
 * NULL. False, and nothing appended, when there is none. */
bool tail_last_line(const struct tail *tail, const char *mark, struct str *to);

#endif
