/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last bytes of what a program or a kernel console said, kept for the sentence of a
 * failure. Whatever comes out is safe to print.
 */
#ifndef LAB_BOX_TAIL_H
#define LAB_BOX_TAIL_H

#include <stdbool.h>
#include <stddef.h>

struct str;

struct box_tail {
	char bytes[4096];
	size_t size;
};

void box_tail_init(struct box_tail *tail);
void box_tail_add(struct box_tail *tail, const char *bytes, size_t size);

/* Reads what a non-blocking descriptor has now, and copies all of it to copy_fd (-1: nowhere).
 * False when it has come to its end. */
bool box_tail_read(struct box_tail *tail, int fd, int copy_fd);

/* Appends the last line that has `mark` in it, or any last line that is not empty where mark is
 * NULL. False, and nothing appended, when there is none. */
bool box_tail_last_line(const struct box_tail *tail, const char *mark, struct str *to);

#endif
