/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A private bus, with a thread of this test in systemd's place. */
#include "sys/sdbus.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>

#include <cmocka.h>

#define DAEMON "/usr/bin/dbus-daemon"
#define UNIT_PATH "/org/freedesktop/systemd1/unit/vm_2escope"
#define PATIENCE_USEC (20 * USEC_PER_SEC)
#define SOON_USEC (USEC_PER_SEC / 10)

struct world {
	char directory[64];
	char address[128];
	pid_t daemon;
	pthread_t service;
	atomic_bool service_ready;
	atomic_bool over;
};

static struct world world;

/* -- systemd's part, as far as it is asked */

static int append_unit(sd_bus_message *reply, const char *name)
{
	bool alias = strcmp(name, "alias.service") == 0;
	bool known = alias || strcmp(name, "libvirtd.service") == 0 ||
		     strcmp(name, "new.scope") == 0;

	return sd_bus_message_append(reply, "(ssssssouso)", alias ? "real.service" : name, "A unit",
				     known ? "loaded" : "not-found", known ? "active" : "inactive",
				     known ? "running" : "dead", "", UNIT_PATH, (uint32_t)0, "", "/");
}

static int list_units(sd_bus_message *call, void *context, sd_bus_error *error)
{
	sd_bus_message *reply = NULL;
	const char *name;
	int r = sd_bus_message_new_method_return(call, &reply);

	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "(ssssssouso)");
	if (r >= 0)
		r = sd_bus_message_enter_container(call, 'a', "s");
	while (r >= 0 && (r = sd_bus_message_read(call, "s", &name)) > 0)
		if (strchr(name, '.') != NULL) /* others are no names of units */
			r = append_unit(reply, name);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	if (r >= 0)
		r = sd_bus_send(NULL, reply, NULL);
	sd_bus_message_unref(reply);
	return r < 0 ? r : 1;
}

static int get_unit(sd_bus_message *call, void *context, sd_bus_error *error)
{
	const char *name;
	int r = sd_bus_message_read(call, "s", &name);

	if (r < 0)
		return r;
	if (strcmp(name, "silent.scope") == 0)
		return 1; /* and never an answer */
	if (strcmp(name, "vm.scope") != 0)
		return sd_bus_error_setf(error, "org.freedesktop.systemd1.NoSuchUnit",
					 "Unit %s not loaded.\033[2J", name);
	return sd_bus_reply_method_return(call, "o", UNIT_PATH);
}

/* What was last set or started, for the test to see; the bus's answer comes after it. */
static struct {
	char unit[64], name[64], slice[64];
	uint64_t number;
	uint32_t pids[4];
	size_t pid_count;
	int runtime;
} told;

static int set_properties(sd_bus_message *call, void *context, sd_bus_error *error)
{
	const char *unit, *name;
	int r = sd_bus_message_read(call, "sb", &unit, &told.runtime);

	if (r >= 0 && strcmp(unit, "vm.scope") != 0)
		return sd_bus_error_setf(error, "org.freedesktop.systemd1.NoSuchUnit",
					 "Unit %s not loaded.", unit);
	if (r >= 0)
		r = sd_bus_message_read(call, "a(sv)", 1, &name, "t", &told.number);
	if (r < 0)
		return r;
	snprintf(told.unit, sizeof told.unit, "%s", unit);
	snprintf(told.name, sizeof told.name, "%s", name);
	return sd_bus_reply_method_return(call, NULL);
}

static int read_pids(sd_bus_message *call)
{
	const void *pids;
	size_t size;
	int r = sd_bus_message_enter_container(call, 'v', "au");

	if (r >= 0)
		r = sd_bus_message_read_array(call, 'u', &pids, &size);
	if (r < 0 || size > sizeof told.pids)
		return r < 0 ? r : -E2BIG;
	memcpy(told.pids, pids, size);
	told.pid_count = size / sizeof told.pids[0];
	return 0;
}

static int start_unit(sd_bus_message *call, void *context, sd_bus_error *error)
{
	const char *unit, *mode, *name, *text;
	int r = sd_bus_message_read(call, "ss", &unit, &mode);

	snprintf(told.unit, sizeof told.unit, "%s", r >= 0 ? unit : "");
	if (r >= 0)
		r = sd_bus_message_enter_container(call, 'a', "(sv)");
	while (r >= 0 && (r = sd_bus_message_enter_container(call, 'r', "sv")) > 0) {
		r = sd_bus_message_read(call, "s", &name);
		if (r >= 0 && strcmp(name, "PIDs") == 0)
			return read_pids(call) < 0 ? -EINVAL :
			       sd_bus_reply_method_return(call, "o", "/job/1");
		if (r >= 0)
			r = sd_bus_message_read(call, "v", "s", &text);
		if (r >= 0 && strcmp(name, "Slice") == 0)
			snprintf(told.slice, sizeof told.slice, "%s", text);
		if (r >= 0)
			r = sd_bus_message_exit_container(call);
	}
	return r < 0 ? r : -EINVAL;
}

static int get_property(sd_bus *bus, const char *path, const char *interface, const char *property,
			sd_bus_message *reply, void *context, sd_bus_error *error)
{
	if (strcmp(property, "CPUWeight") == 0)
		return sd_bus_message_append(reply, "t", (uint64_t)250);
	if (strcmp(property, "CPUQuotaPerSecUSec") == 0)
		return sd_bus_message_append(reply, "t", UINT64_MAX);
	if (strcmp(property, "Delegate") == 0)
		return sd_bus_message_append(reply, "b", 1);
	return sd_bus_message_append(reply, "s", "machine.slice");
}

static const sd_bus_vtable manager_table[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("ListUnitsByNames", "as", "a(ssssssouso)", list_units,
		      SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("GetUnit", "s", "o", get_unit, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("SetUnitProperties", "sba(sv)", "", set_properties,
		      SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("StartTransientUnit", "ssa(sv)a(sa(sv))", "o", start_unit,
		      SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END,
};

static const sd_bus_vtable scope_table[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("CPUWeight", "t", get_property, 0, 0),
	SD_BUS_PROPERTY("CPUQuotaPerSecUSec", "t", get_property, 0, 0),
	SD_BUS_PROPERTY("Delegate", "b", get_property, 0, 0),
	SD_BUS_PROPERTY("Slice", "s", get_property, 0, 0),
	SD_BUS_VTABLE_END,
};

static int service_start(sd_bus *bus)
{
	int r = sd_bus_set_address(bus, world.address);

	if (r >= 0)
		r = sd_bus_set_bus_client(bus, true);
	if (r >= 0)
		r = sd_bus_start(bus);
	if (r >= 0)
		r = sd_bus_add_object_vtable(bus, NULL, "/org/freedesktop/systemd1",
					     "org.freedesktop.systemd1.Manager", manager_table, NULL);
	if (r >= 0)
		r = sd_bus_add_object_vtable(bus, NULL, UNIT_PATH, "org.freedesktop.systemd1.Scope",
					     scope_table, NULL);
	return r >= 0 ? sd_bus_request_name(bus, "org.freedesktop.systemd1", 0) : r;
}

static void *service_run(void *context)
{
	sd_bus *bus = NULL;
	int r = sd_bus_new(&bus);

	if (r >= 0)
		r = service_start(bus);
	while (r >= 0 && !atomic_load(&world.over)) {
		atomic_store(&world.service_ready, true);
		r = sd_bus_process(bus, NULL);
		if (r == 0)
			r = sd_bus_wait(bus, 20 * USEC_PER_MSEC);
	}
	if (r < 0)
		fprintf(stderr, "the service ended: %s\n", strerror(-r));
	sd_bus_flush_close_unref(bus);
	return NULL;
}

/* -- the bus */

static bool write_configuration(const char *path)
{
	CLEANUP_FCLOSE FILE *file = fopen(path, "w");

	return file != NULL &&
	       fprintf(file, "<busconfig><type>session</type><listen>%s</listen>"
		       "<policy context=\"default\"><allow send_destination=\"*\"/>"
		       "<allow receive_sender=\"*\"/><allow own=\"*\"/></policy></busconfig>\n",
		       world.address) > 0;
}

/* The daemon writes its address once it listens. */
static bool daemon_start(void)
{
	char option[128];
	char byte;
	int fds[2];
	bool up;

	snprintf(option, sizeof option, "--config-file=%s/conf", world.directory);
	if (!write_configuration(option + strlen("--config-file=")) || pipe(fds) < 0)
		return false;
	world.daemon = fork();
	if (world.daemon == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(fds[1], STDOUT_FILENO);
		close(fds[0]);
		close(fds[1]);
		execl(DAEMON, DAEMON, option, "--nofork", "--print-address=1", "--nopidfile", NULL);
		_exit(127);
	}
	close(fds[1]);
	up = read(fds[0], &byte, 1) == 1;
	close(fds[0]);
	return up;
}

static int setup(void **state)
{
	uint64_t end = clock_monotonic_usec() + PATIENCE_USEC;

	strcpy(world.directory, "/tmp/truce-bus-XXXXXX");
	if (mkdtemp(world.directory) == NULL)
		return 1;
	snprintf(world.address, sizeof world.address, "unix:path=%s/bus", world.directory);
	if (!daemon_start() || pthread_create(&world.service, NULL, service_run, NULL) != 0)
		return 1;
	while (!atomic_load(&world.service_ready) && clock_monotonic_usec() < end)
		usleep(1000);
	return !atomic_load(&world.service_ready);
}

static int teardown(void **state)
{
	char path[128];

	atomic_store(&world.over, true);
	pthread_join(world.service, NULL);
	kill(world.daemon, SIGTERM);
	waitpid(world.daemon, NULL, 0);
	snprintf(path, sizeof path, "%s/bus", world.directory);
	unlink(path);
	snprintf(path, sizeof path, "%s/conf", world.directory);
	unlink(path);
	return rmdir(world.directory);
}

static struct sdbus *open_bus(uint64_t timeout_usec)
{
	struct error err = { 0 };
	struct sdbus *bus;

	if (sdbus_open(world.address, timeout_usec, &bus, &err) < 0)
		fail_msg("%s", err.text);
	return bus;
}

/* -- the claims */

static void units_come_in_the_order_asked(void **state)
{
	static const char *const names[] = { "ksmtuned.service", "alias.service",
					     "libvirtd.service" };
	struct sdbus_unit units[ARRAY_SIZE(names)];
	struct sdbus *bus = open_bus(PATIENCE_USEC);

	assert_int_equal(sdbus_unit_states(bus, names, ARRAY_SIZE(names), units, NULL), 0);
	assert_string_equal(units[0].name, "ksmtuned.service");
	assert_string_equal(units[0].load, "not-found");
	assert_string_equal(units[1].name, "alias.service");
	assert_string_equal(units[1].active, "active");
	assert_string_equal(units[2].sub, "running");
	sdbus_close(bus);
}

static void a_name_that_is_none_is_not_found(void **state)
{
	static const char *const names[] = { "nonsense", "libvirtd.service" };
	struct sdbus_unit units[ARRAY_SIZE(names)];
	struct sdbus *bus = open_bus(PATIENCE_USEC);

	assert_int_equal(sdbus_unit_states(bus, names, ARRAY_SIZE(names), units, NULL), 0);
	assert_string_equal(units[0].load, "not-found");
	assert_string_equal(units[1].load, "loaded");
	assert_int_equal(sdbus_unit_states(bus, NULL, 0, units, NULL), 0);
	sdbus_close(bus);
}

static void a_scopes_numbers_are_read(void **state)
{
	struct sdbus *bus = open_bus(PATIENCE_USEC);
	uint64_t number;

	assert_int_equal(sdbus_unit_number(bus, "vm.scope", "Scope", "CPUWeight", &number, NULL), 0);
	assert_int_equal(number, 250);
	assert_int_equal(sdbus_unit_number(bus, "vm.scope", "Scope", "CPUQuotaPerSecUSec", &number,
					   NULL), 0);
	assert_true(number == UINT64_MAX);
	assert_int_equal(sdbus_unit_number(bus, "vm.scope", "Scope", "Delegate", &number, NULL), 0);
	assert_int_equal(number, 1);
	sdbus_close(bus);
}

static void what_is_not_there_is_said(void **state)
{
	struct sdbus *bus = open_bus(PATIENCE_USEC);
	struct error err;
	uint64_t number;

	assert_int_equal(sdbus_unit_number(bus, "none.scope", "Scope", "CPUWeight", &number, &err),
			 -ENOENT);
	assert_string_equal(err.text, "systemd refuses: Unit none.scope not loaded.\\x1b[2J");
	assert_int_equal(sdbus_unit_number(bus, "vm.scope", "Scope", "None", &number, &err), -ENOENT);
	assert_int_equal(sdbus_unit_number(bus, "vm.scope", "Service", "CPUWeight", &number, &err),
			 -ENOENT);
	assert_int_equal(sdbus_unit_number(bus, "vm.scope", "Scope", "Slice", &number, &err),
			 -EBADMSG);
	sdbus_close(bus);
}

static void an_answer_that_does_not_come_is_not_waited_for(void **state)
{
	struct sdbus *bus = open_bus(USEC_PER_SEC);
	struct error err;
	uint64_t number;

	assert_int_equal(sdbus_unit_number(bus, "silent.scope", "Scope", "CPUWeight", &number, &err),
			 -ETIMEDOUT);
	assert_non_null(strstr(err.text, "1000 ms"));
	assert_int_equal(sdbus_unit_number(bus, "vm.scope", "Scope", "CPUWeight", &number, &err), 0);
	sdbus_close(bus);
}

static void a_property_is_set_until_the_unit_ends(void **state)
{
	struct sdbus_property weight = { .name = "CPUWeight", .number = 400 };
	struct sdbus *bus = open_bus(PATIENCE_USEC);
	struct error err;

	assert_int_equal(sdbus_unit_set(bus, "vm.scope", &weight, 1, &err), 0);
	assert_string_equal(told.unit, "vm.scope");
	assert_string_equal(told.name, "CPUWeight");
	assert_int_equal(told.number, 400);
	assert_int_equal(told.runtime, 1);
	assert_int_equal(sdbus_unit_set(bus, "gone.scope", &weight, 1, &err), -ENOENT);
	assert_non_null(strstr(err.text, "Unit gone.scope not loaded."));
	sdbus_close(bus);
}

static void a_scope_is_made_of_processes(void **state)
{
	const pid_t pids[] = { 70, 71 };
	struct sdbus *bus = open_bus(PATIENCE_USEC);
	struct error err;

	assert_int_equal(sdbus_scope_start(bus, "new.scope", "machine.slice", pids, 2, &err), 0);
	assert_string_equal(told.unit, "new.scope");
	assert_string_equal(told.slice, "machine.slice");
	assert_int_equal(told.pid_count, 2);
	assert_int_equal(told.pids[1], 71);
	sdbus_close(bus);
}

static void a_bus_that_does_not_answer_is_left_in_time(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	CLEANUP_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	uint64_t start = clock_monotonic_usec();
	char name[128];
	struct sdbus *bus;

	snprintf(address.sun_path, sizeof address.sun_path, "%s/mute", world.directory);
	snprintf(name, sizeof name, "unix:path=%s", address.sun_path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(sdbus_open(name, SOON_USEC, &bus, NULL), -ETIMEDOUT);
	assert_true(clock_monotonic_usec() - start < PATIENCE_USEC);
	unlink(address.sun_path);
}

static void a_host_without_a_bus_says_so(void **state)
{
	struct error err;
	struct sdbus *bus;

	assert_int_equal(sdbus_open("unix:path=/nowhere/bus", SOON_USEC, &bus, &err), -ENOTCONN);
	assert_non_null(strstr(err.text, "/nowhere/bus"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(units_come_in_the_order_asked),
		cmocka_unit_test(a_name_that_is_none_is_not_found),
		cmocka_unit_test(a_scopes_numbers_are_read),
		cmocka_unit_test(what_is_not_there_is_said),
		cmocka_unit_test(an_answer_that_does_not_come_is_not_waited_for),
		cmocka_unit_test(a_property_is_set_until_the_unit_ends),
		cmocka_unit_test(a_scope_is_made_of_processes),
		cmocka_unit_test(a_bus_that_does_not_answer_is_left_in_time),
		cmocka_unit_test(a_host_without_a_bus_says_so),
	};

	if (access(DAEMON, X_OK) < 0) {
		puts(DAEMON " is not installed");
		return 77;
	}
	return cmocka_run_group_tests(tests, setup, teardown);
}
