/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/sdbus.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "base/text.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <time.h>

#define SYSTEM_BUS "unix:path=/run/dbus/system_bus_socket"
#define SYSTEMD "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"
#define MANAGER SYSTEMD ".Manager"

struct sdbus {
	sd_bus *bus;
	uint64_t timeout_usec;
};

static void cleanup_message(sd_bus_message **message)
{
	sd_bus_message_unref(*message);
}

static void cleanup_error(sd_bus_error *error)
{
	sd_bus_error_free(error);
}

#define CLEANUP_MESSAGE CLEANUP(cleanup_message)
#define CLEANUP_ERROR CLEANUP(cleanup_error)

static int bus_late(uint64_t timeout_usec, struct error *err)
{
	return error_set(err, -ETIMEDOUT, "D-Bus did not answer within %llu ms",
			 (unsigned long long)(timeout_usec / USEC_PER_MSEC));
}

/* Signing in is several messages; a bus that stops in between must not hold us. */
static int bus_sign_in(sd_bus *bus, uint64_t timeout_usec, struct error *err)
{
	uint64_t end = clock_monotonic_usec() + timeout_usec;

	for (;;) {
		uint64_t now = clock_monotonic_usec();
		int r = sd_bus_is_ready(bus);

		if (r > 0)
			return 0;
		if (r == 0)
			r = sd_bus_process(bus, NULL);
		if (r == 0)
			r = now < end ? sd_bus_wait(bus, end - now) : -ETIMEDOUT;
		if (r == -ETIMEDOUT || now >= end)
			return bus_late(timeout_usec, err);
		if (r < 0 && r != -EINTR)
			return error_set(err, -ENOTCONN, "D-Bus refuses to talk: %s", strerror(-r));
	}
}

static int bus_start(sd_bus *bus, const char *address)
{
	int r = sd_bus_set_address(bus, address);

	if (r >= 0)
		r = sd_bus_set_bus_client(bus, true);
	return r >= 0 ? sd_bus_start(bus) : r;
}

int sdbus_open(const char *address, uint64_t timeout_usec, struct sdbus **ret, struct error *err)
{
	struct sdbus *bus = calloc(1, sizeof *bus);
	int r;

	if (bus == NULL || sd_bus_new(&bus->bus) < 0) {
		sdbus_close(bus);
		return error_errno(err, -ENOMEM, "a D-Bus connection");
	}
	bus->timeout_usec = timeout_usec;
	if (address == NULL)
		address = getenv("DBUS_SYSTEM_BUS_ADDRESS");
	if (address == NULL)
		address = SYSTEM_BUS;
	r = bus_start(bus->bus, address);
	if (r < 0)
		r = error_set(err, -ENOTCONN, "no D-Bus at %s, so systemd cannot be asked: %s", address,
			      strerror(-r));
	else
		r = bus_sign_in(bus->bus, timeout_usec, err);
	if (r < 0) {
		sdbus_close(bus);
		return r;
	}
	*ret = bus;
	return 0;
}

void sdbus_close(struct sdbus *bus)
{
	if (bus == NULL)
		return;
	sd_bus_close(bus->bus);
	sd_bus_unref(bus->bus);
	free(bus);
}

static bool is_one_of(const sd_bus_error *error, const char *const *names, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (sd_bus_error_has_name(error, names[i]))
			return true;
	return false;
}

/* What a failed call means to us, with the bus's sentence made safe. */
static int call_failed(struct sdbus *bus, int code, const sd_bus_error *error, struct error *err)
{
	static const char *const nobody[] = {
		"org.freedesktop.DBus.Error.ServiceUnknown",
		"org.freedesktop.DBus.Error.NameHasNoOwner",
	};
	static const char *const unknown[] = {
		SYSTEMD ".NoSuchUnit",
		SYSTEMD ".NoUnitForPID",
		"org.freedesktop.DBus.Error.UnknownObject",
		"org.freedesktop.DBus.Error.UnknownInterface",
		"org.freedesktop.DBus.Error.UnknownProperty",
		"org.freedesktop.DBus.Error.InvalidArgs",
	};
	struct str text;

	if (code == -ETIMEDOUT)
		return bus_late(bus->timeout_usec, err);
	if (is_one_of(error, nobody, ARRAY_SIZE(nobody)))
		return error_set(err, -ENOTCONN, "systemd is not on D-Bus: it does not run this host");
	if (is_one_of(error, unknown, ARRAY_SIZE(unknown)))
		code = -ENOENT;
	str_init(&text);
	if (error->message != NULL)
		text_append_safe(&text, error->message, strlen(error->message));
	error_set(err, code, "systemd refuses: %s", text.length > 0 ? text.data : strerror(-code));
	str_done(&text);
	return code;
}

static int bus_call(struct sdbus *bus, sd_bus_message *message, sd_bus_message **ret,
		    struct error *err)
{
	CLEANUP_ERROR sd_bus_error error = SD_BUS_ERROR_NULL;
	int r;

	/* Asking must not start anything. */
	r = sd_bus_message_set_auto_start(message, false);
	if (r >= 0)
		r = sd_bus_call(bus->bus, message, bus->timeout_usec, &error, ret);
	return r < 0 ? call_failed(bus, r, &error, err) : 0;
}

static int bus_broken(int code, struct error *err)
{
	return error_errno(err, code, "systemd's answer is not as documented");
}

struct unit_entry {
	const char *name, *load, *active, *sub;
};

/* 1 and the next entry of "a(ssssssouso)", 0 at the end. */
static int unit_next(sd_bus_message *reply, struct unit_entry *ret)
{
	return sd_bus_message_read(reply, "(ssssssouso)", &ret->name, NULL, &ret->load, &ret->active,
				   &ret->sub, NULL, NULL, NULL, NULL, NULL);
}

static void unit_put(struct sdbus_unit *unit, const struct unit_entry *entry)
{
	text_copy(unit->load, sizeof unit->load, entry->load, strlen(entry->load));
	text_copy(unit->active, sizeof unit->active, entry->active, strlen(entry->active));
	text_copy(unit->sub, sizeof unit->sub, entry->sub, strlen(entry->sub));
}

static struct sdbus_unit *unit_find(struct sdbus_unit *units, size_t count, const char *name)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (strcmp(units[i].name, name) == 0)
			return &units[i];
	return NULL;
}

/*
 * systemd answers in the order asked, by the unit's own name where an alias was asked for, and
 * leaves out names that are none. So by place where the numbers agree, else by name.
 */
static int units_take(sd_bus_message *reply, size_t answered, struct sdbus_unit *units,
		      size_t count)
{
	struct unit_entry entry;
	size_t at = 0;
	int r = sd_bus_message_enter_container(reply, 'a', "(ssssssouso)");

	while (r >= 0 && (r = unit_next(reply, &entry)) > 0) {
		struct sdbus_unit *unit = answered == count ?
					  &units[at++] : unit_find(units, count, entry.name);

		if (unit != NULL)
			unit_put(unit, &entry);
	}
	return r;
}

static int units_count(sd_bus_message *reply, size_t *ret)
{
	struct unit_entry entry;
	size_t count = 0;
	int r = sd_bus_message_enter_container(reply, 'a', "(ssssssouso)");

	while (r >= 0 && (r = unit_next(reply, &entry)) > 0)
		count++;
	if (r >= 0)
		r = sd_bus_message_rewind(reply, true);
	*ret = count;
	return r;
}

static int units_ask(struct sdbus *bus, const char *const *names, size_t count,
		     sd_bus_message **ret, struct error *err)
{
	CLEANUP_MESSAGE sd_bus_message *message = NULL;
	size_t i;
	int r = sd_bus_message_new_method_call(bus->bus, &message, SYSTEMD, SYSTEMD_PATH, MANAGER,
					       "ListUnitsByNames");

	if (r >= 0)
		r = sd_bus_message_open_container(message, 'a', "s");
	for (i = 0; r >= 0 && i < count; i++)
		r = sd_bus_message_append(message, "s", names[i]);
	if (r >= 0)
		r = sd_bus_message_close_container(message);
	if (r < 0)
		return error_errno(err, r, "a D-Bus message");
	return bus_call(bus, message, ret, err);
}

int sdbus_unit_states(struct sdbus *bus, const char *const *names, size_t count,
		      struct sdbus_unit *ret, struct error *err)
{
	static const struct unit_entry unknown = { "", "not-found", "inactive", "dead" };
	CLEANUP_MESSAGE sd_bus_message *reply = NULL;
	size_t answered;
	size_t i;
	int r = units_ask(bus, names, count, &reply, err);

	if (r < 0)
		return r;
	r = units_count(reply, &answered);
	if (r < 0)
		return bus_broken(r, err);
	for (i = 0; i < count; i++) {
		text_copy(ret[i].name, sizeof ret[i].name, names[i], strlen(names[i]));
		unit_put(&ret[i], &unknown);
	}
	r = units_take(reply, answered, ret, count);
	return r < 0 ? bus_broken(r, err) : 0;
}

/* The object of a unit; the path lives as long as the reply. */
static int unit_path(struct sdbus *bus, const char *unit, sd_bus_message **ret_reply,
		     const char **ret_path, struct error *err)
{
	CLEANUP_MESSAGE sd_bus_message *message = NULL;
	int r = sd_bus_message_new_method_call(bus->bus, &message, SYSTEMD, SYSTEMD_PATH, MANAGER,
					       "GetUnit");

	if (r >= 0)
		r = sd_bus_message_append(message, "s", unit);
	if (r < 0)
		return error_errno(err, r, "a D-Bus message");
	r = bus_call(bus, message, ret_reply, err);
	if (r < 0)
		return r;
	r = sd_bus_message_read(*ret_reply, "o", ret_path);
	return r <= 0 ? bus_broken(r < 0 ? r : -EBADMSG, err) : 0;
}

/* A variant of any of the types that numbers have. */
static int number_take(sd_bus_message *reply, uint64_t *ret)
{
	union { uint64_t u64; int64_t i64; uint32_t u32; int32_t i32; int truth; } value;
	const char *contents;
	char kind;
	int r = sd_bus_message_peek_type(reply, NULL, &contents);

	if (r <= 0 || contents == NULL || strchr("txuib", contents[0]) == NULL ||
	    contents[1] != '\0')
		return -EBADMSG;
	kind = contents[0];
	r = sd_bus_message_enter_container(reply, 'v', contents);
	if (r >= 0)
		r = sd_bus_message_read_basic(reply, kind, &value);
	if (r < 0)
		return r;
	*ret = kind == 't' ? value.u64 : kind == 'x' ? (uint64_t)value.i64 :
	       kind == 'u' ? value.u32 : kind == 'i' ? (uint64_t)value.i32 :
			     (uint64_t)value.truth;
	return 0;
}

static int property_ask(struct sdbus *bus, const char *path, const char *kind,
			const char *property, sd_bus_message **ret, struct error *err)
{
	CLEANUP_MESSAGE sd_bus_message *message = NULL;
	char interface[64];
	int r;

	if (snprintf(interface, sizeof interface, SYSTEMD ".%s", kind) >= (int)sizeof interface)
		return error_set(err, -EINVAL, "%s is no kind of unit", kind);
	r = sd_bus_message_new_method_call(bus->bus, &message, SYSTEMD, path,
					   "org.freedesktop.DBus.Properties", "Get");
	if (r >= 0)
		r = sd_bus_message_append(message, "ss", interface, property);
	if (r < 0)
		return error_errno(err, r, "a D-Bus message");
	return bus_call(bus, message, ret, err);
}

int sdbus_unit_number(struct sdbus *bus, const char *unit, const char *kind, const char *property,
		      uint64_t *ret, struct error *err)
{
	CLEANUP_MESSAGE sd_bus_message *path_reply = NULL;
	CLEANUP_MESSAGE sd_bus_message *reply = NULL;
	const char *path;
	int r = unit_path(bus, unit, &path_reply, &path, err);

	if (r == 0)
		r = property_ask(bus, path, kind, property, &reply, err);
	if (r < 0)
		return r;
	r = number_take(reply, ret);
	return r < 0 ? bus_broken(r, err) : 0;
}

static int property_append(sd_bus_message *message, const struct sdbus_property *property)
{
	if (property->device == NULL)
		return sd_bus_message_append(message, "(sv)", property->name, "t",
					     property->number);
	return sd_bus_message_append(message, "(sv)", property->name, "a(st)", 1,
				     property->device, property->number);
}

static int properties_append(sd_bus_message *message, const struct sdbus_property *properties,
			     size_t count)
{
	size_t i;
	int r = sd_bus_message_open_container(message, 'a', "(sv)");

	for (i = 0; r >= 0 && i < count; i++)
		r = property_append(message, &properties[i]);
	return r >= 0 ? sd_bus_message_close_container(message) : r;
}

static int manager_call(struct sdbus *bus, const char *method, sd_bus_message **ret,
			struct error *err)
{
	int r = sd_bus_message_new_method_call(bus->bus, ret, SYSTEMD, SYSTEMD_PATH, MANAGER,
					       method);

	return r < 0 ? error_errno(err, r, "a D-Bus message") : 0;
}

/* Sends what was built, unless building it failed. */
static int manager_send(struct sdbus *bus, sd_bus_message *message, int built,
			sd_bus_message **ret_reply, struct error *err)
{
	if (built < 0)
		return error_errno(err, built, "a D-Bus message");
	return bus_call(bus, message, ret_reply, err);
}

int sdbus_unit_set(struct sdbus *bus, const char *unit, const struct sdbus_property *properties,
		   size_t count, struct error *err)
{
	CLEANUP_MESSAGE sd_bus_message *message = NULL;
	CLEANUP_MESSAGE sd_bus_message *reply = NULL;
	int r = manager_call(bus, "SetUnitProperties", &message, err);

	if (r < 0)
		return r;
	r = sd_bus_message_append(message, "sb", unit, 1);
	if (r >= 0)
		r = properties_append(message, properties, count);
	return manager_send(bus, message, r, &reply, err);
}

static int scope_append(sd_bus_message *message, const char *scope, const char *slice,
			const pid_t *pids, size_t count)
{
	size_t i;
	int r = sd_bus_message_append(message, "ss", scope, "fail");

	if (r >= 0)
		r = sd_bus_message_open_container(message, 'a', "(sv)");
	if (r >= 0)
		r = sd_bus_message_append(message, "(sv)(sv)", "Description", "s",
					  "a virtual machine, by Truce", "Slice", "s", slice);
	if (r >= 0)
		r = sd_bus_message_open_container(message, 'r', "sv");
	if (r >= 0)
		r = sd_bus_message_append(message, "s", "PIDs");
	if (r >= 0)
		r = sd_bus_message_open_container(message, 'v', "au");
	if (r >= 0)
		r = sd_bus_message_open_container(message, 'a', "u");
	for (i = 0; r >= 0 && i < count; i++)
		r = sd_bus_message_append(message, "u", (uint32_t)pids[i]);
	for (i = 0; r >= 0 && i < 4; i++)
		r = sd_bus_message_close_container(message);
	return r >= 0 ? sd_bus_message_append(message, "a(sa(sv))", 0) : r;
}

/* The answer to StartTransientUnit comes before its job is done. */
static int scope_wait(struct sdbus *bus, const char *scope, struct error *err)
{
	uint64_t end = clock_monotonic_usec() + bus->timeout_usec;
	struct timespec pause = { .tv_nsec = 2000000 };
	struct sdbus_unit unit;
	int r;

	for (;;) {
		r = sdbus_unit_states(bus, &scope, 1, &unit, err);
		if (r < 0 || strcmp(unit.active, "active") == 0)
			return r;
		if (strcmp(unit.active, "failed") == 0)
			return error_set(err, -EIO, "systemd could not start %s", scope);
		if (clock_monotonic_usec() >= end)
			return error_set(err, -ETIMEDOUT, "systemd did not start %s within %llu ms",
					 scope,
					 (unsigned long long)(bus->timeout_usec / USEC_PER_MSEC));
		nanosleep(&pause, NULL);
	}
}

int sdbus_scope_start(struct sdbus *bus, const char *scope, const char *slice, const pid_t *pids,
		      size_t count, struct error *err)
{
	CLEANUP_MESSAGE sd_bus_message *message = NULL;
	CLEANUP_MESSAGE sd_bus_message *reply = NULL;
	int r = manager_call(bus, "StartTransientUnit", &message, err);

	if (r < 0)
		return r;
	r = scope_append(message, scope, slice, pids, count);
	r = manager_send(bus, message, r, &reply, err);
	return r < 0 ? r : scope_wait(bus, scope, err);
}
