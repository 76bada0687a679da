/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stands in for sdbus.c where Truce was built without libsystemd. */
#include "sys/sdbus.h"

#include "base/error.h"

#include <errno.h>

static int not_built(struct error *err)
{
	return error_set(err, -ENOSYS, "this Truce was built without libsystemd, so systemd cannot be "
			 "asked");
}

int sdbus_open(const char *address, uint64_t timeout_usec, struct sdbus **ret, struct error *err)
{
	return not_built(err);
}

void sdbus_close(struct sdbus *bus)
{
}

int sdbus_unit_states(struct sdbus *bus, const char *const *names, size_t count,
		      struct sdbus_unit *ret, struct error *err)
{
	return not_built(err);
}

int sdbus_unit_number(struct sdbus *bus, const char *unit, const char *kind, const char *property,
		      uint64_t *ret, struct error *err)
{
	return not_built(err);
}

int sdbus_unit_set(struct sdbus *bus, const char *unit, const struct sdbus_property *properties,
		   size_t count, struct error *err)
{
	return not_built(err);
}

int sdbus_scope_start(struct sdbus *bus, const char *scope, const char *slice, const pid_t *pids,
		      size_t count, struct error *err)
{
	return not_built(err);
}
