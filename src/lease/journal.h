/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The journal's files in their directory: the lock, the journal itself, and its replacement while
 * it is made shorter. A line is in the file, whole, when journal_append returns 0; after a failure
 * nothing of it is there. Room for a "drop" of every lease is kept beforehand, so that giving back
 * can be recorded on a full disk. No symbolic link is followed. Not for two threads at once.
 *
 * /run is memory: what is written is there for the next process, and gone with the boot that it
 * belongs to; nothing is synchronised to a disk.
 */
#ifndef LEASE_JOURNAL_H
#define LEASE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct error;
struct journal;

#define JOURNAL_FILE "journal"

/* Makes the directory where it is missing, refuses one that others could write in, and takes the
 * lock: -EBUSY names who has it. */
int journal_lock(const char *directory, struct journal **ret, struct error *err);
/* To look only; *ret is NULL where there is no directory. */
int journal_look(const char *directory, struct journal **ret, struct error *err);
void journal_close(struct journal *journal);
const char *journal_directory(const struct journal *journal);

/* The whole file, on the heap; -ENOENT: there is none. */
ssize_t journal_read(struct journal *journal, char **ret, struct error *err);
/* Renames the file to `name`, in place of an older one. */
int journal_set_aside(struct journal *journal, const char *name, struct error *err);
/* Goes on behind the first `size` bytes of the file that is there; the rest is cut off. */
int journal_continue(struct journal *journal, size_t size, struct error *err);
/* A new file with these bytes takes the journal's place: at any instant one of both is there. */
int journal_replace(struct journal *journal, const char *bytes, size_t size, size_t reserve,
		    struct error *err);

/* `reserve`: so many bytes must be kept free behind it; with 0 it may use what is kept. -ENOSPC. */
int journal_append(struct journal *journal, const char *line, size_t size, size_t reserve,
		   struct error *err);
/* Whether a line of that size would find room. */
int journal_probe(struct journal *journal, size_t size, size_t reserve, struct error *err);
size_t journal_size(const struct journal *journal);

#endif
