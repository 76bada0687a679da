/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A run's own directory, which is gone when the run is. Whoever has one holds a lock on it, which
 * the kernel drops however that process ends; so an unlocked one is of a run that was killed, and
 * the next run sweeps it away. Only names of ours are ever removed.
 */
#ifndef LAB_HOST_SCRATCH_H
#define LAB_HOST_SCRATCH_H

struct error;
struct scratch;

/* Below `place`; NULL: $TRUCE_SCRATCH, else $TMPDIR, else /var/tmp. Sweeps what dead runs of this
 * user left there first. */
int scratch_new(const char *place, struct scratch **ret, struct error *err);

/* Absolute. */
const char *scratch_path(const struct scratch *scratch);

/* The directory as a descriptor; borrowed. */
int scratch_fd(const struct scratch *scratch);

/* Removes it with all that is in it. */
void scratch_free(struct scratch *scratch);

/* Everything below a path, and it; what is another file system's root stays. */
void tree_remove(const char *path);

/* A file without a name in this directory, which is gone with its last descriptor. */
int unnamed_file(const char *directory, int *ret_fd, struct error *err);

#endif
