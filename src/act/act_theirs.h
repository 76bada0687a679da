/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether what is in force is somebody else's by now: neither what we set nor what was before us.
 * Then it is not given back. The kernel writes values its own way (memory in pages, "max 100000",
 * lists of CPUs) and turns some knobs itself, so what cannot be told apart for certain counts as
 * ours: a knob that we left turned would be worse. So nothing is said of what is counted or
 * rounded another way than it was set (libvirt's weights of disks, limits and pins), of a balloon,
 * which a guest moves, and of what would cost a second visit to QMP's socket, which serves one
 * client at a time.
 */
#ifndef ACT_ACT_THEIRS_H
#define ACT_ACT_THEIRS_H

#include <stddef.h>

struct lease;

/* For `theirs` of struct lease_kind; the context is the struct root. */
int act_file_is_theirs(void *context, const struct lease *lease, char *ret_found, size_t size);
int act_nice_is_theirs(void *context, const struct lease *lease, char *ret_found, size_t size);
int act_policy_is_theirs(void *context, const struct lease *lease, char *ret_found, size_t size);
int act_affinity_is_theirs(void *context, const struct lease *lease, char *ret_found, size_t size);
int act_slice_is_theirs(void *context, const struct lease *lease, char *ret_found, size_t size);
/* Of an owner that tells a value as it was set: what it tells now. */
int act_text_is_theirs(const struct lease *lease, const char *found, char *ret_found, size_t size);

#endif
