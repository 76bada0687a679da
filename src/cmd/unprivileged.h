/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Giving rights away for good, in a process that is about to talk to strangers. */
#ifndef CMD_UNPRIVILEGED_H
#define CMD_UNPRIVILEGED_H

#include <stddef.h>

struct error;

/*
 * Closes every descriptor but those in `keep` and the standard ones, ends with the parent,
 * becomes user `truce` (else `nobody`) where it was root, can gain no privilege, write no file,
 * start no process; where libseccomp was there at the build, only the system calls that a
 * server of ready-made text needs are left. There is no way back.
 */
int unprivileged_become(const int *keep, size_t keep_count, struct error *err);

#endif
