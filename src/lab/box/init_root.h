/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A root that can be written: an overlay in memory above the shared one, for programs that keep
 * their state in /etc and /var. What is written is gone with the box.
 */
#ifndef LAB_BOX_INIT_ROOT_H
#define LAB_BOX_INIT_ROOT_H

struct error;

/* Enters it. Mounts that were made before are behind it, out of sight. modules: as modprobe's
 * --dirname; the overlay is one of them. */
int init_root_overlay(const char *modules, struct error *err);

#endif
