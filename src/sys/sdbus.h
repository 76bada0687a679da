/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Questions and requests to systemd over D-Bus. Each call ends within the timeout given at the
 * start, for a bus that never answers too. Built without libsystemd every call is -ENOSYS; on a
 * host without systemd sdbus_open is -ENOTCONN; both with a sentence. May block: not on the
 * sampling thread.
 */
#ifndef SYS_SDBUS_H
#define SYS_SDBUS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct error;
struct sdbus;

/* `address` NULL: the system bus. */
int sdbus_open(const char *address, uint64_t timeout_usec, struct sdbus **ret, struct error *err);
void sdbus_close(struct sdbus *bus);

struct sdbus_unit {
	char name[256];
	char load[16];   /* "loaded", "not-found", ... */
	char active[16]; /* "active", "inactive", "failed", ... */
	char sub[32];    /* "running", "exited", ... */
};

/* The states of these units, in this order; a unit that systemd does not know is "not-found". */
int sdbus_unit_states(struct sdbus *bus, const char *const *names, size_t count,
		      struct sdbus_unit *ret, struct error *err);

/* A property of a unit that is a number, as "Scope" "CPUWeight": systemd's "infinity" and "not
 * set" are UINT64_MAX. -ENOENT: no such unit or property. */
int sdbus_unit_number(struct sdbus *bus, const char *unit, const char *kind, const char *property,
		      uint64_t *ret, struct error *err);

/* A property to set: a number, UINT64_MAX for "infinity" and "not set"; with a device, the number
 * of that device alone ("IOReadBandwidthMax"). */
struct sdbus_property {
	const char *name;
	const char *device; /* NULL: of no device */
	uint64_t number;
};

/* Until the unit ends or the machine boots again, never in its files. */
int sdbus_unit_set(struct sdbus *bus, const char *unit, const struct sdbus_property *properties,
		   size_t count, struct error *err);
/* Makes a scope of running processes in a slice, and waits until it is there. A scope ends by
 * itself when its last process has gone or been moved away. */
int sdbus_scope_start(struct sdbus *bus, const char *scope, const char *slice, const pid_t *pids,
		      size_t count, struct error *err);

#endif
