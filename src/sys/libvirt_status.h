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
struct str;

/* The metadata element's namespace: <truce:class xmlns:truce="...">gold</truce:class>. */
#define LIBVIRT_STATUS_NAMESPACE "urn:truce:policy"

#define LIBVIRT_STATUS_DIRECTORY "/run/libvirt/qemu/"

struct libvirt_status {
	char state[16]; /* running, paused, migrating, backup, saving; "" not told */
	char class[64]; /* "" none */
	int pid;        /* of the domain's process; 0: not told */
};

/* -EINVAL: not such a file. */
int libvirt_status_parse(const char *bytes, size_t size, struct libvirt_status *ret);
/* The same as such a file says it, and nothing else of what was in it: passwords are. */
void libvirt_status_append(const struct libvirt_status *status, struct str *str);
/* Through the caller's buffer. -ENOENT: libvirt runs no domain of that name here, or the name
 * cannot be a file's; -EFBIG: the buffer is too small. */
int libvirt_status_read(struct root *root, const char *name, char *buffer, size_t size,
			struct libvirt_status *ret);

#endif
