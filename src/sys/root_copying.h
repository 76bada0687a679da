/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A root that keeps a copy of whatever is read through it, as a captured host: so a capture
 * holds what Truce's readers read, no more and no less. Secrets among arguments are masked on
 * the way. What was there at the start is kept as it was when it was read first; what was born
 * since, as it was when it was read last. It never writes to the host.
 *
 *     root_copying_new -> reads through the root -> root_copying_finish -> root_free
 */
#ifndef SYS_ROOT_COPYING_H
#define SYS_ROOT_COPYING_H

#include "sys/keeper.h"
#include "sys/root.h"

/* Whether the copy may know of a process; others are hidden from the readers too. */
typedef bool copying_sees(pid_t pid, void *context);

/* Owns inner, also when it fails; not the directory, which must be empty. `sees` may be NULL. */
struct root *root_copying_new(struct root *inner, int directory, copying_sees *sees,
			      void *context, struct error *err);
/* Writes the files that are the capture's own; `more` are lines for `about`. Returns the first
 * failure to write anything, with a sentence. */
int root_copying_finish(struct root *root, const char *more, struct error *err);
struct copying_counts root_copying_counts(const struct root *root);

#endif
