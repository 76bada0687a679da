/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What libvirtd writes of a running domain to /run/libvirt/qemu/NAME.xml: its state, the job
 * that is under way, and the class that its metadata names. Read as bytes that anybody might
 * have written; no monitor is asked, so nobody is delayed.
 */
#ifndef SYS_LIBVIRT_STATUS_H
#define SYS_LIBVIRT_STATUS_H

#include <stddef.h>

struct root;

/* The metadata element's namespace: <truce:class xmlns:truce="...">gold</truce:class>. */
#define LIBVIRT_STATUS_NAMESPACE "urn:truce:policy"

struct libvirt_status {
	char state[16]; /* running, paused, migrating, backup, saving; "" not told */
	char class[64]; /* "" none */
};

/* -EINVAL: not such a file. */
int libvirt_status_parse(const char *bytes, size_t size, struct libvirt_status *ret);
/* -ENOENT: libvirt runs no domain of that name here, or the name cannot be a file's. */
int libvirt_status_read(struct root *root, const char *name, struct libvirt_status *ret);

#endif
