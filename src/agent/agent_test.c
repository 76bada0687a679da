/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The agent as it is built, in a process of its own, and the host's end of the talk: over each
 * way that this machine has. AGENT is the program. */
#include "base/clock.h"
#include "base/error.h"
#include "lab/link/link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define LIMIT_NSEC (20 * NSEC_PER_SEC)
#define WORK "cpu-integer threads=1"

static pid_t agent;
static struct link *lab_link;
static struct link_event event;

/* --- the agent --- */

/* `kept_fd` becomes its descriptor 3; -1: none. */
static void agent_start(const char *channel, const char *more, int kept_fd)
{
	pid_t parent = getpid();

	agent = fork();
	assert_true(agent >= 0);
	if (agent > 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	if (kept_fd >= 0)
		dup2(kept_fd, 3);
	close_range(kept_fd >= 0 ? 4 : 3, ~0u, 0);
	execl(getenv("AGENT"), "truce-agent", "--channel", channel, more, (char *)NULL);
	_exit(127);
}

/* Its exit status, within the limit. */
static int agent_wait(void)
{
	uint64_t until = clock_monotonic_nsec() + LIMIT_NSEC;
	int status;

	while (waitpid(agent, &status, WNOHANG) == 0) {
		assert_true(clock_monotonic_nsec() < until);
		poll(NULL, 0, 2);
	}
	agent = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int teardown(void **state)
{
	link_free(lab_link);
	lab_link = NULL;
	if (agent > 0) {
		kill(agent, SIGKILL);
		waitpid(agent, NULL, 0);
		agent = 0;
	}
	return 0;
}

/* --- the host --- */

static void turn(void)
{
	struct pollfd watch = { .fd = link_fd(lab_link), .events = link_wants(lab_link) };

	poll(&watch, 1, 20);
	link_turn(lab_link, watch.revents);
}

static enum link_event_kind wait_any(void)
{
	uint64_t until = clock_monotonic_nsec() + LIMIT_NSEC;

	while (!link_next(lab_link, &event)) {
		assert_true(clock_monotonic_nsec() < until);
		turn();
	}
	return event.kind;
}

/* The next event of this kind; there may be reports and counters before it, nothing else. */
static void wait_event(enum link_event_kind kind)
{
	while (wait_any() != kind)
		if (event.kind != LINK_REPORT && event.kind != LINK_COUNTERS)
			fail_msg("event %d instead of %d: %s", event.kind, kind,
				 event.text != NULL ? event.text : "");
}

static void link_over(int fd)
{
	assert_int_equal(link_new(fd, "here", &lab_link, NULL), 0);
	wait_event(LINK_READY);
}

static int setup_pair(void **state)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return -1;
	agent_start("fd:3", NULL, fds[1]);
	close(fds[1]);
	link_over(fds[0]);
	return 0;
}

static void run_a_job(void)
{
	uint64_t operations;
	unsigned grown = 0;

	assert_int_equal(link_prepare(lab_link, 1, WORK, 20), 0);
	wait_event(LINK_PREPARED);
	assert_int_equal(link_start(lab_link, 1, 0), 0);
	wait_event(LINK_STARTED);
	/* On a busy machine a worker may not run at all between two reports. */
	for (operations = 0; grown < 5; operations = event.progress->operations) {
		wait_event(LINK_REPORT);
		assert_true(event.progress->operations >= operations);
		grown += event.progress->operations > operations;
	}
	assert_int_equal(link_stop(lab_link, 1), 0);
	wait_event(LINK_DONE);
	assert_true(event.progress->operations >= operations);
}

/* --- claims --- */

static void a_job_runs_over_a_socketpair(void **state)
{
	run_a_job();
	run_a_job();
	assert_int_equal(link_guest(lab_link)->cpus, sysconf(_SC_NPROCESSORS_ONLN));
	assert_false(link_guest(lab_link)->first_process);
}

/* Here both clocks are the same one: the interval must have 0. */
static void the_clocks_offset_is_bounded(void **state)
{
	const struct link_clock *clock = link_clock(lab_link);

	assert_true(clock->low_nsec <= 0 && clock->high_nsec >= 0);
	assert_true(clock->high_nsec - clock->low_nsec < 100000000);
}

static void jobs_start_at_the_instant_that_the_host_chose(void **state)
{
	uint64_t at, began[2];
	unsigned job;

	for (job = 1; job <= 2; job++) {
		assert_int_equal(link_prepare(lab_link, (uint16_t)job, WORK, 0), 0);
		wait_event(LINK_PREPARED);
	}
	at = clock_monotonic_nsec() + 300 * NSEC_PER_MSEC;
	for (job = 1; job <= 2; job++)
		assert_int_equal(link_start(lab_link, (uint16_t)job, at), 0);
	for (job = 0; job < 2; job++) {
		wait_event(LINK_STARTED);
		began[job] = event.at_nsec + event.uncertainty_nsec;
		assert_true(began[job] >= at);
		assert_true(began[job] < at + 2 * NSEC_PER_SEC);
	}
}

static void reports_come_at_their_times(void **state)
{
	uint64_t began;
	unsigned i;

	assert_int_equal(link_prepare(lab_link, 1, WORK, 50), 0);
	wait_event(LINK_PREPARED);
	assert_int_equal(link_start(lab_link, 1, 0), 0);
	wait_event(LINK_STARTED);
	began = event.at_nsec;
	/* A machine that is busy may delay one, which then has more in it; not most of them. */
	for (i = 0; i < 20; i++)
		wait_event(LINK_REPORT);
	assert_true(event.at_nsec - began >= 990 * NSEC_PER_MSEC);
	assert_true(event.at_nsec - began < 10 * NSEC_PER_SEC);
}

static void counters_come_when_asked(void **state)
{
	uint64_t first;

	assert_int_equal(link_count(lab_link), 0);
	wait_event(LINK_COUNTERS);
	assert_true(event.present >> AGENT_COUNTER_cpu_user_nsec & 1);
	assert_true(event.present >> AGENT_COUNTER_context_switches & 1);
	assert_true(event.present >> AGENT_COUNTER_agent_cpu_nsec & 1);
	assert_true(event.values[AGENT_COUNTER_memory_free_bytes] > 0);
	first = event.values[AGENT_COUNTER_context_switches];
	run_a_job();
	assert_int_equal(link_count(lab_link), 0);
	wait_event(LINK_COUNTERS);
	assert_true(event.values[AGENT_COUNTER_context_switches] > first);
}

static void what_is_no_workload_is_told_with_a_sentence(void **state)
{
	assert_int_equal(link_prepare(lab_link, 4, "cpu-intger", 0), 0);
	wait_event(LINK_FAILURE);
	assert_int_equal(event.job, 4);
	assert_non_null(strstr(event.text, "cpu-integer"));
	/* The job's number is free. */
	assert_int_equal(link_prepare(lab_link, 4, WORK, 0), 0);
	wait_event(LINK_PREPARED);
}

static void a_job_that_was_only_prepared_can_be_stopped(void **state)
{
	assert_int_equal(link_prepare(lab_link, 1, WORK, 0), 0);
	wait_event(LINK_PREPARED);
	assert_int_equal(link_stop(lab_link, 1), 0);
	wait_event(LINK_DONE);
	assert_int_equal(event.progress->operations, 0);
}

static void nobody_powers_off_a_machine_without_being_allowed(void **state)
{
	assert_int_equal(link_power_off(lab_link), 0);
	wait_event(LINK_FAILURE);
	assert_int_equal(event.job, 0);
	assert_non_null(strstr(event.text, "may power off"));
}

static void what_cannot_be_frozen_is_told(void **state)
{
	assert_int_equal(link_freeze(lab_link, "/proc", 1000), 0);
	wait_event(LINK_FAILURE);
	assert_non_null(strstr(event.text, "/proc cannot be frozen"));
	assert_int_equal(link_freeze(lab_link, "/nowhere", 1000), 0);
	wait_event(LINK_FAILURE);
	assert_non_null(strstr(event.text, "/nowhere"));
}

/* The pid of the process whose parent is the agent. */
static pid_t child_of_agent(void)
{
	char path[64], text[64] = "";
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/task/%d/children", agent, agent);
	file = fopen(path, "re");
	if (file != NULL) {
		if (fgets(text, sizeof text, file) == NULL)
			text[0] = '\0';
		fclose(file);
	}
	return (pid_t)atol(text);
}

static void an_agent_ends_with_its_host_and_its_jobs_with_it(void **state)
{
	uint64_t until = clock_monotonic_nsec() + LIMIT_NSEC;
	pid_t worker;

	assert_int_equal(link_prepare(lab_link, 1, WORK, 0), 0);
	wait_event(LINK_PREPARED);
	assert_int_equal(link_start(lab_link, 1, 0), 0);
	wait_event(LINK_STARTED);
	worker = child_of_agent();
	if (worker == 0)
		skip(); /* no CONFIG_PROC_CHILDREN */
	link_free(lab_link);
	lab_link = NULL;
	assert_int_equal(agent_wait(), 0);
	while (kill(worker, 0) == 0) {
		assert_true(clock_monotonic_nsec() < until);
		poll(NULL, 0, 2);
	}
}

static void a_killed_worker_is_a_failed_job_and_the_agent_stays(void **state)
{
	pid_t worker;

	assert_int_equal(link_prepare(lab_link, 1, WORK, 0), 0);
	wait_event(LINK_PREPARED);
	worker = child_of_agent();
	if (worker == 0)
		skip();
	assert_int_equal(kill(worker, SIGKILL), 0);
	wait_event(LINK_FAILURE);
	assert_int_equal(event.job, 1);
	run_a_job();
}

/* --- other ways --- */

static int connect_when_listening(uint16_t port)
{
	uint64_t until = clock_monotonic_nsec() + LIMIT_NSEC;
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port),
				       .sin_addr = { htonl(INADDR_LOOPBACK) } };

	for (;;) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
			return fd;
		close(fd);
		assert_true(clock_monotonic_nsec() < until);
		poll(NULL, 0, 2);
	}
}

/* Bound, and with the port that the kernel chose. */
static int tcp_socket(uint16_t *ret_port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t size = sizeof address;
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	*ret_port = ntohs(address.sin_port);
	return fd;
}

static void over_tcp_one_host_after_the_other_is_served(void **state)
{
	char channel[64];
	uint16_t port;

	close(tcp_socket(&port));
	snprintf(channel, sizeof channel, "tcp:listen:127.0.0.1:%u", port);
	agent_start(channel, NULL, -1);
	link_over(connect_when_listening(port));
	run_a_job();
	assert_int_equal(link_prepare(lab_link, 1, WORK, 0), 0);
	wait_event(LINK_PREPARED);
	/* The first host goes without a word; its job is not the next one's. */
	link_free(lab_link);
	link_over(connect_when_listening(port));
	run_a_job();
	kill(agent, SIGTERM);
	assert_int_equal(agent_wait(), 0);
}

static void the_agent_can_connect_itself(void **state)
{
	char channel[64];
	uint16_t port;
	int server = tcp_socket(&port);

	snprintf(channel, sizeof channel, "tcp:connect:127.0.0.1:%u", port);
	/* It comes before anybody listens, and tries again. */
	agent_start(channel, NULL, -1);
	poll(NULL, 0, 50);
	assert_int_equal(listen(server, 1), 0);
	link_over(accept4(server, NULL, NULL, SOCK_CLOEXEC));
	run_a_job();
	close(server);
}

static void over_a_tty_with_noise_on_it(void **state)
{
	char channel[64];
	int line = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (line < 0 || grantpt(line) < 0 || unlockpt(line) < 0)
		skip();
	snprintf(channel, sizeof channel, "tty:%s", ptsname(line));
	agent_start(channel, NULL, -1);
	assert_int_equal(write(line, "login: ", 7), 7);
	link_over(line);
	run_a_job();
}

static int exit_status_of(const char *channel, const char *more)
{
	agent_start(channel, more, -1);
	return agent_wait();
}

static void wrong_usage_is_told_by_the_status(void **state)
{
	assert_int_equal(exit_status_of("smoke-signals", NULL), 2);
	assert_int_equal(exit_status_of("fd:x", NULL), 2);
	assert_int_equal(exit_status_of("tcp:listen:0.0.0.0.0", NULL), 2);
	assert_int_equal(exit_status_of("fd:999", NULL), 1);
	assert_int_equal(exit_status_of("port", "--nonsense"), 2);
	assert_int_equal(exit_status_of("port", "--version"), 0);
}

int main(void)
{
#define OVER_A_PAIR(test) cmocka_unit_test_setup_teardown(test, setup_pair, teardown)
#define ALONE(test) cmocka_unit_test_setup_teardown(test, NULL, teardown)
	const struct CMUnitTest tests[] = {
		OVER_A_PAIR(a_job_runs_over_a_socketpair),
		OVER_A_PAIR(the_clocks_offset_is_bounded),
		OVER_A_PAIR(jobs_start_at_the_instant_that_the_host_chose),
		OVER_A_PAIR(reports_come_at_their_times),
		OVER_A_PAIR(counters_come_when_asked),
		OVER_A_PAIR(what_is_no_workload_is_told_with_a_sentence),
		OVER_A_PAIR(a_job_that_was_only_prepared_can_be_stopped),
		OVER_A_PAIR(nobody_powers_off_a_machine_without_being_allowed),
		OVER_A_PAIR(what_cannot_be_frozen_is_told),
		OVER_A_PAIR(an_agent_ends_with_its_host_and_its_jobs_with_it),
		OVER_A_PAIR(a_killed_worker_is_a_failed_job_and_the_agent_stays),
		ALONE(over_tcp_one_host_after_the_other_is_served),
		ALONE(the_agent_can_connect_itself),
		ALONE(over_a_tty_with_noise_on_it),
		ALONE(wrong_usage_is_told_by_the_status),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
