/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fleet.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "event_log.h"
#include "settings.h"

#define NICE_BIRTH (-20)

static void seat_set_state(struct fleet *fleet, struct seat *seat, enum seat_state state)
{
	fleet->in_state[seat->state]--;
	seat->state = state;
	fleet->in_state[state]++;
}

static struct seat *fleet_find_state(struct fleet *fleet, enum seat_state state)
{
	for (unsigned i = 0; i < fleet->seat_count; i++)
		if (fleet->seats[i].state == state)
			return &fleet->seats[i];
	return NULL;
}

static struct seat *fleet_find_pid(struct fleet *fleet, pid_t pid)
{
	for (unsigned i = 0; i < fleet->seat_count; i++)
		if (fleet->seats[i].state != SEAT_FREE && fleet->seats[i].pid == pid)
			return &fleet->seats[i];
	return NULL;
}

/* /dev/null and terminals as stdin are the usual case of a program in the background, and tell
 * nothing about who started it. */
static bool stdin_tells_an_end(void)
{
	struct stat status;

	return fstat(STDIN_FILENO, &status) == 0 &&
	       (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode));
}

static int fleet_open_signals(struct fleet *fleet, struct error *err)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	fleet->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fleet->signal_fd < 0)
		return error_errno(err, -errno, "signalfd");
	return 0;
}

static int fleet_open_ready_pipe(struct fleet *fleet, struct error *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, -errno, "pipe");
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	fleet->ready_fd = ends[0];
	fleet->plan.ready_fd = ends[1];
	return 0;
}

/* Who may not raise it stays slow among spinning guests: not a failure. */
static void fleet_raise_priority(void)
{
	setpriority(PRIO_PROCESS, 0, NICE_BIRTH);
}

static void fleet_plan(struct fleet *fleet, const struct settings *settings)
{
	fleet->plan.guest = &settings->guest;
	fleet->plan.prefix = settings->name;
	fleet->plan.numbered = !settings->one_process;
	fleet->plan.spin_permyriad = settings->spin_permyriad;
	fleet->plan.log_fd = fleet->log_fd;
	fleet->plan.close_fds = fleet->close_fds;
	fleet->close_fds[0] = fleet->signal_fd;
	fleet->close_fds[1] = fleet->ready_fd;
	fleet->close_fds[2] = -1;
}

int fleet_init(struct fleet *fleet, const struct settings *settings, unsigned seat_count,
	       struct error *err)
{
	int result;

	*fleet = (struct fleet){ .signal_fd = -1, .ready_fd = -1, .log_fd = -1 };
	fleet->plan.ready_fd = -1;
	fleet->watch_stdin = stdin_tells_an_end();
	fleet->seats = calloc(seat_count, sizeof(*fleet->seats));
	if (fleet->seats == NULL)
		return error_set(err, -ENOMEM, "out of memory");
	fleet->seat_count = seat_count;
	fleet->in_state[SEAT_FREE] = seat_count;
	result = event_log_open(settings->log_path, &fleet->log_fd, err);
	if (result == 0)
		result = fleet_open_signals(fleet, err);
	if (result == 0)
		result = fleet_open_ready_pipe(fleet, err);
	if (result == 0) {
		fleet_plan(fleet, settings);
		fleet_raise_priority();
	}
	return result;
}

int fleet_birth(struct fleet *fleet, unsigned vm_count, uint64_t lifetime_nsec,
		struct error *err)
{
	struct seat *seat = fleet_find_state(fleet, SEAT_FREE);
	int result;

	if (seat == NULL)
		return error_set(err, -ENOSPC, "all %u seats are taken", fleet->seat_count);
	fleet->plan.seat = (unsigned)(seat - fleet->seats);
	fleet->plan.number = fleet->next_number;
	fleet->plan.vm_count = vm_count;
	result = vm_process_fork(&fleet->plan, &seat->pid, err);
	if (result < 0)
		return error_prefix(err, "after %u VMs", fleet->next_number);
	seat->number = fleet->next_number;
	seat->lifetime_nsec = lifetime_nsec;
	seat->due_nsec = 0;
	seat->kill_nsec = 0;
	fleet->next_number += vm_count;
	seat_set_state(fleet, seat, SEAT_BEING_BORN);
	return 0;
}

static void fleet_kill(struct fleet *fleet, struct seat *seat)
{
	/* A VM process is a process group, so this reaches all its threads: a spinning one dies
	 * when it gets the processor, which may take long among others of its kind. */
	setpriority(PRIO_PGRP, (id_t)seat->pid, NICE_BIRTH);
	seat->kill_nsec = monotonic_nsec();
	kill(seat->pid, SIGKILL);
	seat_set_state(fleet, seat, SEAT_DYING);
}

void fleet_kill_oldest(struct fleet *fleet)
{
	struct seat *oldest = NULL;

	for (unsigned i = 0; i < fleet->seat_count; i++) {
		struct seat *seat = &fleet->seats[i];

		if (seat->state == SEAT_ALIVE && (oldest == NULL || seat->number < oldest->number))
			oldest = seat;
	}
	if (oldest != NULL)
		fleet_kill(fleet, oldest);
}

void fleet_end_lifetimes(struct fleet *fleet)
{
	for (unsigned i = 0; i < fleet->seat_count; i++) {
		fleet->seats[i].lifetime_nsec = 0;
		fleet->seats[i].due_nsec = 0;
	}
}

static void fleet_note_ready(struct fleet *fleet)
{
	struct vm_process_ready ready;

	while (read(fleet->ready_fd, &ready, sizeof(ready)) == sizeof(ready)) {
		struct seat *seat = &fleet->seats[ready.seat];

		/* A process that told this and then was killed from outside may be gone. */
		if (seat->state != SEAT_BEING_BORN || seat->pid != ready.pid)
			continue;
		if (seat->lifetime_nsec > 0)
			seat->due_nsec = monotonic_nsec() + seat->lifetime_nsec;
		fleet->births++;
		seat_set_state(fleet, seat, SEAT_ALIVE);
	}
}

static void fleet_log_death(const struct fleet *fleet, const struct seat *seat)
{
	uint64_t now = monotonic_nsec();

	if (seat->kill_nsec == 0)
		event_log_line(fleet->log_fd, "gone %d - %" PRIu64, seat->pid, now);
	else
		event_log_line(fleet->log_fd, "gone %d %" PRIu64 " %" PRIu64, seat->pid,
			       seat->kill_nsec, now);
}

/* Who was killed from outside while alive is only noted: tests do that to see what follows. */
static int fleet_note_death(struct fleet *fleet, pid_t pid, struct error *err)
{
	struct seat *seat = fleet_find_pid(fleet, pid);
	enum seat_state state;

	if (seat == NULL)
		return 0;
	state = seat->state;
	fleet_log_death(fleet, seat);
	fleet->deaths++;
	seat_set_state(fleet, seat, SEAT_FREE);
	if (state == SEAT_BEING_BORN)
		return error_set(err, -ECHILD, "the process of VM %u ended during its birth",
				 seat->number);
	return 0;
}

/* Readiness first: a process that is reaped has written its message before, if ever. */
static int fleet_note_deaths(struct fleet *fleet, struct error *err)
{
	int result = 0;
	pid_t pid;

	while (result == 0 && (pid = waitpid(-1, NULL, WNOHANG)) > 0) {
		fleet_note_ready(fleet);
		result = fleet_note_death(fleet, pid, err);
	}
	return result;
}

static void fleet_note_signals(struct fleet *fleet)
{
	struct signalfd_siginfo info;

	while (read(fleet->signal_fd, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_signo != SIGCHLD)
			fleet->stop_asked = true;
}

static void fleet_note_stdin(struct fleet *fleet)
{
	char bytes[256];
	ssize_t size = read(STDIN_FILENO, bytes, sizeof(bytes));

	if (size == 0 || (size < 0 && errno != EINTR && errno != EAGAIN)) {
		fleet->watch_stdin = false;
		fleet->stop_asked = true;
	}
}

static void fleet_kill_due(struct fleet *fleet)
{
	uint64_t now = monotonic_nsec();

	for (unsigned i = 0; i < fleet->seat_count; i++) {
		struct seat *seat = &fleet->seats[i];

		if (seat->state == SEAT_ALIVE && seat->due_nsec > 0 && seat->due_nsec <= now)
			fleet_kill(fleet, seat);
	}
}

static uint64_t fleet_next_due(const struct fleet *fleet, uint64_t until_nsec)
{
	for (unsigned i = 0; i < fleet->seat_count; i++) {
		const struct seat *seat = &fleet->seats[i];

		if (seat->state == SEAT_ALIVE && seat->due_nsec > 0 && seat->due_nsec < until_nsec)
			until_nsec = seat->due_nsec;
	}
	return until_nsec;
}

static void fleet_poll(struct fleet *fleet, uint64_t until_nsec)
{
	struct pollfd polls[] = {
		{ .fd = fleet->signal_fd, .events = POLLIN },
		{ .fd = fleet->ready_fd, .events = POLLIN },
		{ .fd = fleet->watch_stdin ? STDIN_FILENO : -1, .events = POLLIN },
	};
	uint64_t now = monotonic_nsec();
	uint64_t left = until_nsec > now ? until_nsec - now : 0;
	struct timespec limit = { .tv_sec = (time_t)(left / 1000000000u),
				  .tv_nsec = (long)(left % 1000000000u) };

	ppoll(polls, ARRAY_SIZE(polls), until_nsec == UINT64_MAX ? NULL : &limit, NULL);
	if (polls[2].revents != 0)
		fleet_note_stdin(fleet);
}

int fleet_wait(struct fleet *fleet, uint64_t until_nsec, struct error *err)
{
	int result;

	fleet_poll(fleet, fleet_next_due(fleet, until_nsec));
	fleet_note_signals(fleet);
	fleet_note_ready(fleet);
	result = fleet_note_deaths(fleet, err);
	fleet_kill_due(fleet);
	return result;
}

int fleet_wait_until(struct fleet *fleet, uint64_t until_nsec, struct error *err)
{
	int result = 0;

	while (result == 0 && !fleet->stop_asked && monotonic_nsec() < until_nsec)
		result = fleet_wait(fleet, until_nsec, err);
	return result;
}

int fleet_settle(struct fleet *fleet, struct error *err)
{
	int result = 0;

	while (result == 0 && !fleet->stop_asked &&
	       fleet->in_state[SEAT_BEING_BORN] + fleet->in_state[SEAT_DYING] > 0)
		result = fleet_wait(fleet, UINT64_MAX, err);
	return result;
}

void fleet_log_alive(const struct fleet *fleet, const char *word)
{
	for (unsigned i = 0; i < fleet->seat_count; i++)
		if (fleet->seats[i].state == SEAT_ALIVE)
			event_log_line(fleet->log_fd, "%s %d", word, fleet->seats[i].pid);
}

static void fleet_close(int *fd)
{
	cleanup_close(fd);
	*fd = -1;
}

void fleet_done(struct fleet *fleet)
{
	pid_t pid;

	for (unsigned i = 0; i < fleet->seat_count; i++)
		if (fleet->seats[i].state != SEAT_FREE && fleet->seats[i].state != SEAT_DYING)
			fleet_kill(fleet, &fleet->seats[i]);
	while ((pid = waitpid(-1, NULL, 0)) > 0)
		fleet_note_death(fleet, pid, NULL);
	fleet_close(&fleet->signal_fd);
	fleet_close(&fleet->ready_fd);
	fleet_close(&fleet->plan.ready_fd);
	fleet_close(&fleet->log_fd);
	free(fleet->seats);
	fleet->seats = NULL;
	fleet->seat_count = 0;
}
