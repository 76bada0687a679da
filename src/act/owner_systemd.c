/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "act/owner_systemd.h"

#include "act/act_lease.h"
#include "act/act_theirs.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "sys/root.h"
#include "sys/sdbus.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define RUNS "/run/systemd/system"
/* Undoing has no deadline of its own. */
#define UNDO_USEC (2 * USEC_PER_SEC)
/* A systemd that is mute is to cost undoing not much more than that. */
#define THEIRS_USEC (USEC_PER_SEC / 2)
#define NOT_SET "not set"

bool owner_systemd_runs(struct root *root)
{
	return root_exists(root, RUNS);
}

bool owner_systemd_unit(const char *cgroup, char *ret, size_t ret_size)
{
	const char *slash = strrchr(cgroup, '/');
	const char *name = slash != NULL ? slash + 1 : cgroup;

	/* systemd writes "_" before a name that the kernel uses for a file. */
	if (name[0] == '_')
		name++;
	if (!text_ends_with(name, ".scope") && !text_ends_with(name, ".service"))
		return false;
	return snprintf(ret, ret_size, "%s", name) < (int)ret_size;
}

static const char *interface_of(const char *unit)
{
	return text_ends_with(unit, ".scope") ? "Scope" : text_ends_with(unit, ".slice") ? "Slice" : "Service";
}

/* A systemd that starts, or executes itself again, leaves its name on the bus for a moment. */
static int wait_for_name(struct sdbus *bus, uint64_t end_usec, struct error *err)
{
	static const char *const asked = "-.slice";
	struct timespec pause = { .tv_nsec = 20000000 };
	struct sdbus_unit unit;
	int r;

	while ((r = sdbus_unit_states(bus, &asked, 1, &unit, err)) == -ENOTCONN &&
	       clock_monotonic_usec() < end_usec)
		nanosleep(&pause, NULL);
	return r;
}

static int open_within(uint64_t usec, struct sdbus **ret, struct error *err)
{
	uint64_t end_usec = clock_monotonic_usec() + usec;
	int r = sdbus_open(NULL, usec, ret, err);

	if (r < 0)
		return r;
	r = wait_for_name(*ret, end_usec, err);
	if (r < 0)
		sdbus_close(*ret);
	return r;
}

int owner_systemd_open(struct act_context *context, struct sdbus **ret, struct error *err)
{
	uint64_t now = clock_monotonic_usec();
	uint64_t left = context->deadline_usec > now ? context->deadline_usec - now : 1;

	return open_within(context->deadline_usec != 0 ? left : UNDO_USEC, ret, err);
}

int owner_systemd_read(struct act_context *context, const char *unit, const char *property,
		       uint64_t *ret, struct error *err)
{
	struct sdbus *bus;
	int r = owner_systemd_open(context, &bus, err);

	if (r < 0)
		return r;
	r = sdbus_unit_number(bus, unit, interface_of(unit), property, ret, err);
	sdbus_close(bus);
	return r;
}

static void number_write(uint64_t number, char ret[static 32])
{
	if (number == UINT64_MAX)
		snprintf(ret, 32, NOT_SET);
	else
		snprintf(ret, 32, "%llu", (unsigned long long)number);
}

static int property_set(struct sdbus *bus, const char *unit, const char *property, uint64_t number,
			struct error *err)
{
	return sdbus_unit_set(bus, unit,
			      &(struct sdbus_property){ .name = property, .number = number }, 1, err);
}

static int set_on(struct sdbus *bus, struct act_context *context, const struct act_target *target,
		  const char *unit, const char *property, uint64_t number, struct error *err)
{
	char what[320], was[32], now[32];
	uint64_t before, id;
	bool new;
	int r = sdbus_unit_number(bus, unit, interface_of(unit), property, &before, err);

	if (r < 0)
		return r;
	if (snprintf(what, sizeof what, "%s %s", unit, property) >= (int)sizeof what)
		return error_set(err, -ENAMETOOLONG, "%s is too long a name of a unit", unit);
	number_write(before, was);
	number_write(number, now);
	r = act_lease_take(context, target, &owner_systemd_kind, what, was, now, &id, &new, err);
	if (r < 0)
		return r;
	r = property_set(bus, unit, property, number, err);
	/* After a timeout it may still be done: the lease stands, and undoes it. */
	if (r < 0 && r != -ETIMEDOUT && new)
		leases_drop(context->leases, id, NULL);
	return r;
}

int owner_systemd_set(struct act_context *context, const struct act_target *target,
		      const char *unit, const char *property, uint64_t number, struct error *err)
{
	struct sdbus *bus;
	int r = owner_systemd_open(context, &bus, err);

	if (r < 0)
		return r;
	r = set_on(bus, context, target, unit, property, number, err);
	sdbus_close(bus);
	return r;
}

static bool names_property(const char *target, char ret_unit[static 256], const char **ret_property)
{
	const char *blank = strchr(target, ' ');

	if (blank == NULL || snprintf(ret_unit, 256, "%.*s", (int)(blank - target), target) >= 256)
		return false;
	*ret_property = blank + 1;
	return true;
}

/* systemd tells a number as it was set. */
static int is_theirs(void *context, const struct lease *lease, char *ret_found, size_t size)
{
	const char *property;
	struct sdbus *bus;
	char unit[256], found[32];
	uint64_t number;
	int r;

	if (!names_property(lease->target, unit, &property))
		return 0;
	r = open_within(THEIRS_USEC, &bus, NULL);
	if (r < 0)
		return r;
	r = sdbus_unit_number(bus, unit, interface_of(unit), property, &number, NULL);
	sdbus_close(bus);
	if (r < 0)
		return r;
	number_write(number, found);
	return act_text_is_theirs(lease, found, ret_found, size);
}

static int undo(void *context, const struct vm_identity *vm, const char *target, const char *was,
		const char *now, struct error *err)
{
	const char *property;
	struct sdbus *bus;
	char unit[256];
	int r;

	if (!names_property(target, unit, &property))
		return error_set(err, -EINVAL, "\"%s\" names no property of a unit", target);
	r = open_within(UNDO_USEC, &bus, err);
	if (r < 0)
		return r;
	r = property_set(bus, unit, property, strcmp(was, NOT_SET) == 0 ? UINT64_MAX :
			 strtoull(was, NULL, 10), err);
	sdbus_close(bus);
	return r;
}

const struct lease_kind owner_systemd_kind = {
	.name = "systemd", .slow = true, .undo = undo, .theirs = is_theirs,
};
