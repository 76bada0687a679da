/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The agent as the first process of a real guest. What it takes is printed: the numbers of
 * doc/format/agent-wire.md come from here. */
#include "base/clock.h"
#include "base/error.h"
#include "base/cleanup.h"
#include "lab/guest/guest.h"
#include "lab/guest/guest_kernel.h"
#include "lab/host/scratch.h"
#include "lab/link/link.h"
#include "lab/net/lab_net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define LIMIT_NSEC (120 * NSEC_PER_SEC)
#define MIB (1ull << 20)

static struct guest_kernel kernel;
static struct scratch *scratch;
static struct guest *guest;
static struct link *lab_link;
static struct link_event event;
static bool no_kernel;
static int guest_end; /* what guest_turn said */
static struct error guest_why;

static int everything_make(void **state)
{
	struct error err = { 0 };

	if (guest_kernel_find(NULL, NULL, true, -1, &kernel, &err) < 0) {
		print_message("%s\n", err.text);
		no_kernel = true;
		return 0;
	}
	return scratch_new(NULL, &scratch, &err) < 0 ? -1 : 0;
}

static int everything_remove(void **state)
{
	guest_kernel_done(&kernel);
	scratch_free(scratch);
	return 0;
}

static int teardown(void **state)
{
	link_free(lab_link);
	lab_link = NULL;
	guest_free(guest);
	guest = NULL;
	return 0;
}

static void turn(void)
{
	struct pollfd watches[] = {
		{ .fd = link_fd(lab_link), .events = link_wants(lab_link) },
		{ .fd = guest_fd(guest), .events = POLLIN },
	};

	poll(watches, 2, 20);
	link_turn(lab_link, watches[0].revents);
	guest_end = guest_turn(guest, &guest_why);
}

static enum link_event_kind wait_any(void)
{
	uint64_t until = clock_monotonic_nsec() + LIMIT_NSEC;

	while (!link_next(lab_link, &event)) {
		if (clock_monotonic_nsec() > until)
			fail_msg("nothing came; the console's last: %s", guest_last_words(guest));
		turn();
	}
	return event.kind;
}

static void wait_event(enum link_event_kind kind)
{
	while (wait_any() != kind)
		if (event.kind != LINK_REPORT && event.kind != LINK_COUNTERS)
			fail_msg("event %d instead of %d: %s", event.kind, kind,
				 event.text != NULL ? event.text : "");
}

static void guest_boot(const struct guest_plan *plan)
{
	struct error err = { 0 };

	if (guest_new(plan, &guest, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(link_new(guest_take_channel(guest), plan->name, &lab_link, &err), 0);
	wait_event(LINK_READY);
	print_message("from the start of QEMU to the agent's readiness: %.2f s\n",
		      (double)(clock_monotonic_usec() - guest_started_usec(guest)) / 1e6);
}

static struct guest_plan plan_of(unsigned cpus)
{
	return (struct guest_plan){ .name = "agent-test", .cpus = cpus,
				    .memory_bytes = 256 * MIB, .kernel = &kernel,
				    .scratch = scratch };
}

static void job_begin(const char *workload, uint32_t report_msec)
{
	assert_int_equal(link_prepare(lab_link, 1, workload, report_msec), 0);
	wait_event(LINK_PREPARED);
	assert_int_equal(link_start(lab_link, 1, 0), 0);
	wait_event(LINK_STARTED);
}

static void job_end(void)
{
	assert_int_equal(link_stop(lab_link, 1), 0);
	wait_event(LINK_DONE);
}

static void the_agent_boots_a_guest_works_there_and_switches_it_off(void **state)
{
	struct guest_disk disk = { .bytes = 64 * MIB };
	struct guest_plan plan = plan_of(1);
	const struct link_clock *clock;

	if (no_kernel)
		skip();
	plan.disks = &disk;
	plan.disk_count = 1;
	guest_boot(&plan);
	assert_true(link_guest(lab_link)->first_process);
	assert_int_equal(link_guest(lab_link)->cpus, 1);
	assert_string_equal(link_guest(lab_link)->kernel, kernel.release);
	clock = link_clock(lab_link);
	print_message("its clock is known to +- %.0f us\n",
		      (double)(clock->high_nsec - clock->low_nsec) / 2000);
	/* The disk is a file system at /data. */
	job_begin("disk-write file=/data/f size=4M", 100);
	wait_event(LINK_REPORT);
	assert_true(event.progress->bytes > 0);
	job_end();
	assert_int_equal(link_count(lab_link), 0);
	wait_event(LINK_COUNTERS);
	assert_true(event.present >> AGENT_COUNTER_cpu_steal_nsec & 1);
	assert_true(event.values[AGENT_COUNTER_disk_written_bytes] > 0);
	assert_int_equal(link_power_off(lab_link), 0);
	wait_event(LINK_LOST);
	while (guest_end == 0)
		turn();
	assert_int_equal(guest_end, -ESHUTDOWN);
}

static void a_frozen_file_system_stands_still_until_it_thaws(void **state)
{
	struct guest_disk disk = { .bytes = 64 * MIB };
	struct guest_plan plan = plan_of(1);
	uint64_t frozen, operations;

	if (no_kernel)
		skip();
	plan.disks = &disk;
	plan.disk_count = 1;
	guest_boot(&plan);
	job_begin("disk-write file=/data/f size=4M direct=yes", 50);
	wait_event(LINK_REPORT);
	assert_int_equal(link_freeze(lab_link, "/data", 10000), 0);
	wait_event(LINK_FROZEN);
	/* What was under way at that moment may still be told. */
	wait_event(LINK_REPORT);
	wait_event(LINK_REPORT);
	operations = event.progress->operations;
	wait_event(LINK_REPORT);
	wait_event(LINK_REPORT);
	wait_event(LINK_REPORT);
	assert_true(event.progress->operations <= operations + 1);
	assert_int_equal(link_thaw(lab_link), 0);
	wait_event(LINK_THAWED);
	wait_event(LINK_REPORT);
	wait_event(LINK_REPORT);
	assert_true(event.progress->operations > operations);
	/* A host that forgets to thaw does not stop a guest for ever. */
	assert_int_equal(link_freeze(lab_link, "/data", 300), 0);
	wait_event(LINK_FROZEN);
	frozen = event.at_nsec;
	wait_event(LINK_THAWED);
	assert_true(event.at_nsec - frozen < 5 * NSEC_PER_SEC);
	job_end();
}

static uint64_t agent_cpu_now(uint64_t *ret_at)
{
	assert_int_equal(link_count(lab_link), 0);
	while (wait_any() != LINK_COUNTERS)
		assert_int_equal(event.kind, LINK_REPORT);
	*ret_at = event.at_nsec;
	return event.values[AGENT_COUNTER_agent_cpu_nsec];
}

/* Whether a program in that network can connect to the guest's port. */
static bool connects(int network_fd, const char *address, uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
	pid_t child = fork();
	int status;

	if (child == 0) {
		int fd = -1;

		if (setns(network_fd, CLONE_NEWNET) == 0 &&
		    inet_pton(AF_INET, address, &to.sin_addr) == 1)
			fd = socket(AF_INET, SOCK_STREAM, 0);
		_exit(fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0 ? 0 : 1);
	}
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

/* The interface by its MAC, as the built-in image is told. */
static void a_guest_has_the_address_that_it_was_given(void **state)
{
	const struct lab_net_plan network = { .ports = 1 };
	const struct lab_net_port *port;
	struct guest_plan plan = plan_of(1);
	char address[LAB_NET_TEXT_SIZE];
	struct guest_nic nic = { 0 };
	struct error err = { 0 };
	struct lab_net *net;

	if (no_kernel)
		skip();
	if (lab_net_check(&err) < 0 || lab_net_new(&network, &net, &err) < 0) {
		print_message("%s\n", err.text);
		skip();
	}
	port = lab_net_port(net, 0);
	nic.tap_fd = port->tap_fd;
	nic.address = port->address;
	nic.gateway = lab_net_peer_address(net);
	memcpy(nic.mac, port->mac, sizeof nic.mac);
	plan.nics = &nic;
	plan.nic_count = 1;
	plan.network_fd = lab_net_guests_fd(net);
	guest_boot(&plan);
	job_begin("net-respond port=5201", 100);
	snprintf(address, sizeof address, "%.*s", (int)strcspn(port->address, "/"), port->address);
	assert_true(connects(lab_net_peer_fd(net), address, 5201));
	assert_false(connects(lab_net_peer_fd(net), address, 5202));
	job_end();
	teardown(state);
	lab_net_free(net);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Ten reports and two readings of counters a second, beside a workload that takes the whole vCPU.
 * An emulated vCPU that its host's scheduler keeps waiting does not know of it, and counts the
 * time as the agent's where it was the agent's turn: on a busy machine windows differ tenfold.
 * What the agent itself does is the same in all of them, so the least is what it takes. */
static void the_agent_takes_less_than_a_hundredth_of_a_vcpu(void **state)
{
	enum { WINDOWS = 30, REPORTS = 5 };
	struct guest_plan plan = plan_of(1);
	uint64_t cpu, at, cpu_before, before;
	double shares[WINDOWS];
	unsigned i, j;

	if (no_kernel)
		skip();
	guest_boot(&plan);
	job_begin("cpu-integer threads=1", 100);
	cpu_before = agent_cpu_now(&before);
	for (i = 0; i < WINDOWS; i++) {
		for (j = 0; j < REPORTS; j++)
			wait_event(LINK_REPORT);
		cpu = agent_cpu_now(&at);
		shares[i] = (double)(cpu - cpu_before) / (double)(at - before);
		cpu_before = cpu;
		before = at;
	}
	job_end();
	qsort(shares, WINDOWS, sizeof *shares, by_size);
	print_message("at ten reports a second the agent takes %.2f %% of a vCPU "
		      "(median of %d windows %.2f %%, worst %.2f %%)\n", shares[0] * 100,
		      WINDOWS, shares[WINDOWS / 2] * 100, shares[WINDOWS - 1] * 100);
	assert_true(shares[0] <= 0.01);
}

int main(void)
{
#define IN_A_GUEST(test) cmocka_unit_test_setup_teardown(test, NULL, teardown)
	const struct CMUnitTest tests[] = {
		IN_A_GUEST(the_agent_boots_a_guest_works_there_and_switches_it_off),
		IN_A_GUEST(a_frozen_file_system_stands_still_until_it_thaws),
		IN_A_GUEST(a_guest_has_the_address_that_it_was_given),
		IN_A_GUEST(the_agent_takes_less_than_a_hundredth_of_a_vcpu),
	};
	int failed = cmocka_run_group_tests(tests, everything_make, everything_remove);

	/* A skip of all of them is one of the program. */
	return no_kernel ? 77 : failed;
}
