/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opens what a stranger's directory tree holds, and nothing else: `path` is taken as if the
 * directory were "/". Links, absolute ones and ".." included, never lead out of it. FIFOs,
 * sockets and devices are refused with -EPERM before they are opened.
 */
#ifndef SYS_OPEN_INSIDE_H
#define SYS_OPEN_INSIDE_H

/* A readable descriptor of a plain file or a directory, or a negative errno. */
int open_inside(int directory, const char *path);
/* A descriptor (O_PATH) of whatever it is; a link at the end of the path is not followed. */
int open_inside_link(int directory, const char *path);

/* The same without openat2 (Linux 5.6), one component after the other. */
int open_inside_walking(int directory, const char *path, int flags);

#endif
