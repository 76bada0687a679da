/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Libvirt, through a plugin that is loaded when it is first asked for, so that nothing else links
 * libvirt. Domains are named by uuid, and only what runs is touched, never its configuration.
 * Its calls may block as long as a VM's monitor does: they belong on a thread that may wait, one
 * thread at a time for one connection.
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
	pid_t pid; /* as above */
	int64_t actual_bytes, target_bytes, free_bytes, available_bytes, total_bytes;
	int64_t updated_seconds;
};

/* Libvirt's tables of parameters, whose names are libvirt's own. */
enum libvirt_table {
	LIBVIRT_SCHEDULER, /* cpu_shares, vcpu_period, vcpu_quota, global_period, ... */
	LIBVIRT_MEMORY,    /* hard_limit, soft_limit, ... in KiB */
	LIBVIRT_BLKIO,     /* weight, device_read_bytes_sec (a text), ... */
	LIBVIRT_INTERFACE, /* of one device: inbound.average in KiB a second, ... */
	LIBVIRT_BLOCK,     /* of one disk: total_bytes_sec, ... */
};

struct libvirt_parameter {
	char name[64];
	int64_t number; /* FIELD_ABSENT: it is a text */
	char text[512];
};

/* A disk by the name that the guest has for it: the device of the table of blocks. */
struct libvirt_disk {
	char name[32];
};

/* What of a domain is pinned. */
enum libvirt_part { LIBVIRT_EMULATOR, LIBVIRT_VCPU };

/* Those that list return how many there are, up to capacity are filled in; negative on failure.
 * -ENOENT: no such domain runs. `device` is NULL where the table is not of one. */
struct libvirt_plugin {
	unsigned version; /* LIBVIRT_PLUGIN_VERSION, else it is not used */
	int (*open)(const char *uri, bool to_change, void **ret, struct error *err);
	void (*close)(void *connection);
	ssize_t (*domains)(void *connection, struct libvirt_domain *ret, size_t capacity,
			   struct error *err);
	ssize_t (*balloons)(void *connection, struct libvirt_balloon *ret, size_t capacity,
			    struct error *err);
	ssize_t (*parameters)(void *connection, const char *uuid, enum libvirt_table table,
			      const char *device, struct libvirt_parameter *ret, size_t capacity,
			      struct error *err);
	int (*set_parameters)(void *connection, const char *uuid, enum libvirt_table table,
			      const char *device, const struct libvirt_parameter *parameters,
			      size_t count, struct error *err);
	/* A list of CPUs as the kernel writes it; -ERANGE: there is no such vCPU. */
	int (*pin)(void *connection, const char *uuid, enum libvirt_part part, unsigned vcpu,
		   char *ret, size_t ret_size, struct error *err);
	int (*set_pin)(void *connection, const char *uuid, enum libvirt_part part, unsigned vcpu,
		       const char *list, struct error *err);
	int (*set_balloon)(void *connection, const char *uuid, int64_t bytes, struct error *err);
	ssize_t (*disks)(void *connection, const char *uuid, struct libvirt_disk *ret,
			 size_t capacity, struct error *err);
	/* The process of a domain, by libvirt's own pid file; 0 where that cannot be read. */
	pid_t (*process)(void *connection, const char *uuid, struct error *err);
};

#define LIBVIRT_PLUGIN_VERSION 3
#define LIBVIRT_PLUGIN_SYMBOL "truce_libvirt_plugin"

/*
 * uri NULL: qemu:///system. -ENOSYS where the plugin is not installed; -ENOTCONN where libvirtd
 * does not answer. TRUCE_PLUGIN_DIR in the environment says where to look first.
 */
int libvirt_open(const char *uri, struct libvirt **ret, struct error *err); /* to read only */
int libvirt_open_to_change(const char *uri, struct libvirt **ret, struct error *err);
/* A connection for one domain's sake, whose process it must be: a VM's arguments may name the uuid
 * of another. -EPERM with a sentence where libvirt says that it is another's, or cannot say. */
int libvirt_open_domain(const char *uuid, pid_t pid, bool to_change, struct libvirt **ret,
			struct error *err);
bool libvirt_is_installed(void); /* the plugin; nothing is loaded */
void libvirt_close(struct libvirt *libvirt);
/* The plugin's functions, on this connection. */
ssize_t libvirt_domains(struct libvirt *libvirt, struct libvirt_domain *ret, size_t capacity,
			struct error *err);
ssize_t libvirt_balloons(struct libvirt *libvirt, struct libvirt_balloon *ret, size_t capacity,
			 struct error *err);
ssize_t libvirt_parameters(struct libvirt *libvirt, const char *uuid, enum libvirt_table table,
			   const char *device, struct libvirt_parameter *ret, size_t capacity,
			   struct error *err);
/* One number of a table; -ENOENT where this domain does not have it. */
int libvirt_number(struct libvirt *libvirt, const char *uuid, enum libvirt_table table,
		   const char *device, const char *name, int64_t *ret, struct error *err);
int libvirt_set_parameters(struct libvirt *libvirt, const char *uuid, enum libvirt_table table,
			   const char *device, const struct libvirt_parameter *parameters,
			   size_t count, struct error *err);
int libvirt_set_number(struct libvirt *libvirt, const char *uuid, enum libvirt_table table,
		       const char *device, const char *name, int64_t number, struct error *err);
int libvirt_pin(struct libvirt *libvirt, const char *uuid, enum libvirt_part part, unsigned vcpu,
		char *ret, size_t ret_size, struct error *err);
int libvirt_set_pin(struct libvirt *libvirt, const char *uuid, enum libvirt_part part,
		    unsigned vcpu, const char *list, struct error *err);
int libvirt_set_balloon(struct libvirt *libvirt, const char *uuid, int64_t bytes,
			struct error *err);
ssize_t libvirt_disks(struct libvirt *libvirt, const char *uuid, struct libvirt_disk *ret,
		      size_t capacity, struct error *err);

#endif
