/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way from the initial RAM file system into a whole distribution on a disk, whose own agent is
 * a service of it.
 */
#ifndef AGENT_BOOT_ROOT_H
#define AGENT_BOOT_ROOT_H

struct error;

/* The device's ext4 becomes the root, with what is mounted already still in its place, and its
 * /sbin/init becomes the first process: returns only where it cannot. Then either nothing has
 * changed, or the new root is there without an init. */
int boot_root_enter(const char *device, struct error *err);

#endif
