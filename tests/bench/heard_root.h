/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A root whose clock can be moved ahead by hand and whose calls can be listened to. It is the
 * root that was there, with some of its functions exchanged: while nobody listens, a read costs
 * what it always costs. One at a time in a program.
 */
#ifndef BENCH_HEARD_ROOT_H
#define BENCH_HEARD_ROOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct root;

/* A file that was read, by its path on this machine. */
struct heard_read {
	char *path;
	int fd;
	size_t size; /* that was asked for */
	bool closed; /* since: it is opened anew for each reading */
};

struct heard {
	struct heard_read *reads;
	size_t count, capacity;
	unsigned long opens, links, lists;
};

void heard_root_take(struct root *root);
void heard_root_advance(uint64_t usec);

/* Until heard_root_ignore, calls are added to what was heard. */
void heard_root_listen(struct root *root, struct heard *heard);
void heard_root_ignore(struct root *root);

/* Keeps one entry for each file that was read so many times, and forgets the others. A file that is
 * opened for each reading counts where descriptors are short alone: else it is a cold one that many VMs
 * have in common. */
void heard_keep(struct heard *heard, size_t times);
void heard_done(struct heard *heard);

#endif
