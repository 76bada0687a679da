/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Libvirt, through a plugin that is loaded when it is first asked for, so that nothing else links
 * libvirt. Read-only. Its calls may block as long as a VM's monitor does: they belong on a
 * thread that may wait, one thread at a time for one connection.
 */
#ifndef SYS_LIBVIRT_H
#define SYS_LIBVIRT_H

#include "sys/field.h"

#include <sys/types.h>

struct error;
struct libvirt;

struct libvirt_domain {
	char uuid[40]; /* what ties it to a process: QEMU's -uuid */
	char name[256];
	pid_t pid; /* by libvirt's pid file; 0 where that cannot be read */
};

/* FIELD_ABSENT where it was not told. */
struct libvirt_balloon {
	char uuid[40];
	int64_t actual_bytes, target_bytes, free_bytes, available_bytes, total_bytes;
	int64_t updated_seconds;
};

/* Each returns how many there are, up to capacity are filled in; negative on failure. */
struct libvirt_plugin {
	unsigned version; /* LIBVIRT_PLUGIN_VERSION, else it is not used */
	int (*open)(const char *uri, void **ret, struct error *err);
	void (*close)(void *connection);
	ssize_t (*domains)(void *connection, struct libvirt_domain *ret, size_t capacity,
			   struct error *err);
	ssize_t (*balloons)(void *connection, struct libvirt_balloon *ret, size_t capacity,
			    struct error *err);
};

#define LIBVIRT_PLUGIN_VERSION 1
#define LIBVIRT_PLUGIN_SYMBOL "truce_libvirt_plugin"

/*
 * uri NULL: qemu:///system. -ENOSYS where the plugin is not installed; -ENOTCONN where libvirtd
 * does not answer. TRUCE_PLUGIN_DIR in the environment says where to look first.
 */
int libvirt_open(const char *uri, struct libvirt **ret, struct error *err);
void libvirt_close(struct libvirt *libvirt);
ssize_t libvirt_domains(struct libvirt *libvirt, struct libvirt_domain *ret, size_t capacity,
			struct error *err);
ssize_t libvirt_balloons(struct libvirt *libvirt, struct libvirt_balloon *ret, size_t capacity,
			 struct error *err);

#endif
